"""`python -m benchmarks [--write | --short] [NAME…]`: measure, print, and write `benchmarks/results.json` and the pages' tables.

A whole run is written down; one of some benchmarks with `--write`, beside the rows that the same machine measured of the
others. `--short` makes the live benchmarks take seconds: to see that they run, not to measure.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from benchmarks import (
    alone,
    analyze,
    interference,
    models,
    objects,
    outbox,
    preview,
    quality,
    report,
    triton_throughput,
    uplink,
    visit,
    worklist,
)
from benchmarks.live import exact, glass, one_core, overload, peers, trouble, viewers
from benchmarks.live import model as live_model
from benchmarks.live.rows import missing
from benchmarks.progress import listen
from dermabooth import resources
from server.config import ServerConfig
from server.inference import triton_address

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


async def measure(names: list[str], console: Console) -> list[Row]:
    """The rows of these benchmarks, one after the other, so that none disturbs another."""
    rows: list[Row] = []
    columns = (TextColumn("{task.description:<48}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(names))
        for number, name in enumerate(names):
            progress.update(task, description=name, completed=number)
            listen(partial(_tell, progress, task, name, number))
            try:
                rows += [{**row, "benchmark": name} for row in await BENCHMARKS[name]()]
            except RuntimeError as error:  # one that cannot be measured does not cost the others
                console.print(f"{name}: {error}", markup=False)
                rows.append({**missing(name, str(error).splitlines()[0]), "benchmark": name})
        progress.update(task, completed=len(names))
    return rows


def _tell(progress: Progress, task: TaskID, name: str, number: int, what: str, share: float) -> None:
    progress.update(task, description=f"{name}: {what}", completed=number + share)


async def _with_triton(work: Callable[[str], Awaitable[list[Row]]]) -> list[Row]:
    settings = {"url": "127.0.0.1:0", "environment": resources.triton_environment()}
    config = ServerConfig.load(triton=settings).triton
    with tempfile.TemporaryDirectory() as folder:
        async with triton_address(config, resources.triton_models(), Path(folder)) as address:
            return await work(address)


async def _throughput() -> list[Row]:
    return await _with_triton(lambda url: triton_throughput.measure(url, resources.triton_models()))


async def _models() -> list[Row]:
    return await _with_triton(lambda url: models.measure(url, resources.triton_models()))


async def _uplink() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return await uplink.measure(Path(folder) / "uplink")


async def _alone() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return await alone.measure(Path(folder) / "alone")


BENCHMARKS: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "quality": quality.measure,
    "triton": _throughput,
    "models": _models,
    "live": lambda: _with_triton(live_model.measure),
    "live_glass": glass.measure,
    "live_trouble": trouble.measure,
    "live_exact": exact.measure,
    "live_overload": overload.measure,
    "live_viewers": viewers.measure,
    "live_one_core": one_core.measure,
    "live_peers": peers.measure,
    "preview": preview.measure,
    "uplink": _uplink,
    "alone": _alone,
    "interference": interference.measure,
    "visit": visit.measure,
    "objects": objects.measure,
    "outbox": outbox.measure,
    "worklist": worklist.measure,
    "analyze": lambda: _with_triton(analyze.measure),
}


SHORT: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "live_glass": partial(glass.measure, rounds=1, seconds=2.0),
    "live_trouble": partial(trouble.measure, rounds=1, seconds=2.0),
    "live": lambda: _with_triton(partial(live_model.measure, seconds=4.0)),
    "live_exact": partial(exact.measure, rounds=1, seconds=4.0),
    "live_overload": partial(overload.measure, rounds=1, seconds=5.0),
    "live_viewers": partial(viewers.measure, rounds=1, seconds=2.0),
    "live_peers": partial(peers.measure, rounds=1, seconds=2.0, overload_s=5.0),
    "outbox": partial(outbox.measure, rounds=1),
    "live_one_core": partial(one_core.measure, rounds=1, seconds=2.0, steps=(1, 2)),
}
"""Some of them in seconds."""


def main() -> None:
    """Measure what is named, or everything."""
    options = {one for one in sys.argv[1:] if one.startswith("--")}
    names = [name for name in sys.argv[1:] if name not in options]
    if options - {"--write", "--short"} or len(options) > 1:
        sys.exit("the options are --write and --short, one at a time")
    if "--short" in options:
        BENCHMARKS.update(SHORT)
        names = names or list(SHORT)
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    console = Console()
    found = report.results(asyncio.run(measure(names or list(BENCHMARKS), console)))
    report.show(found, console)
    if not names or "--write" in options:
        path = ROOT / "benchmarks" / "results.json"
        page = ROOT / "docs" / "reference" / "figures.md"
        report.write(report.merged(found, path, list(BENCHMARKS)), path, page, ROOT / "README.md")


if __name__ == "__main__":
    main()
