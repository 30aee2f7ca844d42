"""Are faults of known size found, in every skin tone alike, and how long does that take?

`python -m benchmarks.quality [--people 20] [--trials 400] [--jobs 2] [--kept FILE] [--write]` tries it and writes the tables
of docs/reference/quality-exam.md; `python -m benchmarks quality` gives the rows of `make bench`.
"""

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks import quality_tables, quality_timing, report
from benchmarks.quality_run import GROUPS, PICTURES, run
from benchmarks.quality_tables import Outcome, Row

PEOPLE: Final = 20
TRIALS: Final = 400
PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "quality-exam.md"
BEGIN, END = "<!-- quality exam -->", "<!-- /quality exam -->"


async def measure() -> list[Row]:
    """The rows of timing and of detection; some ten minutes on two cores."""
    rows = await asyncio.to_thread(quality_timing.timing) + [await quality_timing.following()]
    return rows + await asyncio.to_thread(lambda: quality_tables.rows(run(PEOPLE, TRIALS, jobs=_cores())))


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def write(outcome: Outcome, page: Path = PAGE) -> None:
    """Put the tables between the marks of the page."""
    text = page.read_text()
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    tables = quality_tables.page(outcome, datetime.now(UTC).date().isoformat())
    page.write_text(f"{before}{BEGIN}\n{tables}\n{after}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="phantom people, each in six tones")
    parser.add_argument("--trials", type=int, default=TRIALS, help="pictures of each fault")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="pictures of each person and tone")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--kept", type=Path, help="file of the answers so far, to go on from")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no person after these")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.name}")
    parser.add_argument(
        "--again",
        nargs="*",
        default=(),
        choices=tuple(GROUPS),
        help="groups to try again; takes the rest as kept",
    )
    return parser.parse_args()


def _tried(options: argparse.Namespace, console: Console) -> Outcome:
    """The exam, with a progress bar."""
    columns = (
        TextColumn("people"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("people", total=1.0)
        return run(
            options.people,
            options.trials,
            pictures=options.pictures,
            portraits=True,
            advance=lambda share: progress.update(task, completed=share),
            jobs=options.jobs,
            kept=options.kept,
            minutes=options.minutes,
            again=options.again,
        )


def main() -> None:
    """Exit status 1 if a goal is missed."""
    options, console = _options(), Console()
    os.nice(5)
    outcome = _tried(options, console)
    found = report.results(quality_tables.rows(outcome))
    report.show(found, console)
    if options.write:
        write(outcome)
    raise SystemExit(not all(row["met"] for row in found["rows"]))


if __name__ == "__main__":
    main()
