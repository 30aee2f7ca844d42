"""The demo from start to end."""

import asyncio
import importlib
import time

from rich.console import Console

from dermabooth.demo.options import DemoOptions
from dermabooth.demo.progress import STARTING, Steps
from dermabooth.demo.server import starting_server


async def run_demo(options: DemoOptions, console: Console) -> bool:
    """Show a visit; with `once` return afterwards, else stay until cancelled. True: every still came through."""
    started = time.monotonic()
    with Steps(console) as steps:
        steps.begin(STARTING)
        # What the booth and the visit need takes seconds to load; the server starts meanwhile.
        loading = asyncio.create_task(
            asyncio.to_thread(importlib.import_module, "dermabooth.demo.show"), name="load-demo"
        )
        try:
            async with starting_server(options) as server:
                show = await loading
                return bool(await show.show_visit(server, options, console, steps, started))
        finally:
            await asyncio.wait({loading})
