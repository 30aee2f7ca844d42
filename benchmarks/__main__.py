"""`python -m benchmarks [NAME…]`: measure, print, and write `benchmarks/results.json` and the tables of README and figures page."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import (
    alone,
    analyze,
    interference,
    live,
    models,
    preview,
    quality,
    report,
    triton_throughput,
    uplink,
    visit,
)
from dermabooth import resources
from server.config import ServerConfig
from server.inference import triton_address

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


async def measure(names: list[str], console: Console) -> list[Row]:
    """The rows of these benchmarks, one after the other, so that none disturbs another."""
    rows: list[Row] = []
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=name)
            rows += await BENCHMARKS[name]()
            progress.advance(task)
    return rows


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
    "live": lambda: _with_triton(live.measure),
    "preview": preview.measure,
    "uplink": _uplink,
    "alone": _alone,
    "interference": interference.measure,
    "visit": visit.measure,
    "analyze": lambda: _with_triton(analyze.measure),
}


def main() -> None:
    """Measure what is named, or everything; only a whole run is written down."""
    names = sys.argv[1:]
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    console = Console()
    found = report.results(asyncio.run(measure(names or list(BENCHMARKS), console)))
    report.show(found, console)
    if not names:
        page = ROOT / "docs" / "reference" / "figures.md"
        report.write(found, ROOT / "benchmarks" / "results.json", page, ROOT / "README.md")


if __name__ == "__main__":
    main()
