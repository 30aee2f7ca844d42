"""A program that lights a lamp of each rig, says so, and waits to be told to stop: `lit_booth SECTIONS-AS-JSON`."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from dermabooth.running import run
from station.devices import Bench
from station.devices.registry import LIGHT_RIGS, light_options
from station.protocol import Light


async def main() -> None:
    async with contextlib.AsyncExitStack() as opened:
        for section in json.loads(sys.argv[1]):
            rig = LIGHT_RIGS[section["type"]].make(light_options(section), Bench(Path()))
            await opened.enter_async_context(rig)
            await rig.set(Light.WHITE, 0.5)
        print("lit", flush=True)
        await asyncio.sleep(60)


if __name__ == "__main__":
    run(main())
