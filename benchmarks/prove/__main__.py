"""`python -m benchmarks.prove [--kills 200] [--minutes 40] [--json FILE]`: try to refute what must hold."""

import argparse
import asyncio
import logging
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.prove import claims
from benchmarks.prove.claims import Advance, Claim
from benchmarks.prove.files import TRIALS, prove_files
from benchmarks.prove.kills import prove_kills
from benchmarks.prove.outbox import WAYS, prove_outbox
from benchmarks.prove.wire import prove_wire
from dermabooth import resources
from server.inference import ManagedTriton

FUZZING = 0.25
"""Share of the time that goes into fuzzing."""
LONGEST_FUZZING_S = 120.0
"""Of one kind."""


def main() -> None:
    """Exit status 1 if anything that must hold does not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prove", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kills at random points")
    parser.add_argument("--minutes", type=float, default=40.0, help="time for everything")
    parser.add_argument("--json", type=Path, help="write what was found here")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 30), help="of everything random")
    options = parser.parse_args()
    logging.getLogger().setLevel(logging.CRITICAL)
    console = Console()
    console.print(f"seed {options.seed}", highlight=False)
    found = asyncio.run(_prove(options.kills, options.minutes * 60, options.seed, console))
    claims.show(found, console)
    if options.json is not None:
        claims.write(found, options.json, options.seed)
    sys.exit(any(claim.violations for claim in found))


async def _prove(kills: int, seconds: float, seed: int, console: Console) -> list[Claim]:
    deadline = time.monotonic() + seconds
    each = min(LONGEST_FUZZING_S, FUZZING * seconds / (1 + len(TRIALS)))
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    with (
        Progress(*columns, TimeElapsedColumn(), console=console) as progress,
        tempfile.TemporaryDirectory(prefix="prove-") as name,
    ):
        folder, found = Path(name), []

        async def prove(what: str, work: Callable[[Advance], Awaitable[Claim]]) -> None:
            task = progress.add_task(what, total=1.0)
            found.append(await work(lambda done: progress.update(task, completed=min(done, 1.0))))
            progress.update(task, completed=1.0)

        for kind in TRIALS:
            await prove(f"damaged {kind}", partial(prove_files, kind, each, seed))
        await prove("damaged messages", partial(prove_wire, folder / "wire", each, seed))
        for number, way in enumerate(WAYS):
            await prove(f"outbox, {way.name}", partial(prove_outbox, way, folder / f"outbox-{number}", seed))
        async with _triton(folder / "triton") as triton:
            await prove(
                f"{kills} kills",
                partial(prove_kills, folder / "kills", triton, kills, deadline, seed),
            )
        return found


def _triton(run_folder: Path) -> ManagedTriton:
    return ManagedTriton(
        resources.triton_environment(), resources.triton_models(), run_folder, grpc_port=0, threads=1
    )


if __name__ == "__main__":
    main()
