"""Are faults of known size found, in every skin tone alike, and how long does that take?

`python -m benchmarks.quality [--people 20] [--trials 400] [--jobs 2] [--kept FILE] [--write]` tries it and writes the tables
of docs/reference/quality-exam.md; `python -m benchmarks quality` gives the rows of `make bench`.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks import quality_tables, report
from benchmarks.quality_phantom import Head, Shot
from benchmarks.quality_run import GROUPS, PICTURES, normal_profile, run
from benchmarks.quality_tables import Outcome, Row
from benchmarks.quality_trials import RECIPE
from station.protocol import Box, Frame, NeutralTab
from station.quality import examine, hint

PEOPLE: Final = 20
TRIALS: Final = 400
FRAME_S, HINT_S, STILL_S = 0.012, 0.025, 1.0
"""Processor time on one core: the pixels of a 1280x720 frame, everything about it, everything about a 24 MP still."""
REPEATS: Final = 5
PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "quality-exam.md"
BEGIN, END = "<!-- quality exam -->", "<!-- /quality exam -->"


async def measure() -> list[Row]:
    """The rows of timing and of detection; some ten minutes."""
    return await asyncio.to_thread(lambda: timing() + quality_tables.rows(run(PEOPLE, TRIALS)))


def timing() -> list[Row]:
    """Processor time against its limit, on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        profile, head = normal_profile(), Head.trace(1, "tan")
        small, face = _enlarged(head, 1280, 720)
        large, large_face = _enlarged(head, 6000, 4000)
        return [
            _timed("quality hint of a 1280x720 frame, given the face", HINT_S, lambda: hint(
                small, recipe=RECIPE, profile=profile, face=face, previous=small)),
            _timed("pixel measures of a 1280x720 frame, given the face", FRAME_S, lambda: hint(
                small, recipe=RECIPE, profile=profile, face=face)),
            _timed("quality of a 24 MP still at full scale", STILL_S, lambda: examine(
                large, recipe=RECIPE, profile=profile, face=large_face), repeats=3),
        ]  # fmt: skip
    finally:
        cv2.setNumThreads(threads)


def _enlarged(head: Head, width: int, height: int) -> tuple[Frame, Box]:
    """The head in the middle of a frame of this size, 12 bits, with noise of its own."""
    frame = Shot().take(head, head.white.linear, 1)
    scale = height / frame.header.height
    across = round(frame.header.width * scale)
    pixels = np.full((height, width, 3), 400, np.uint16)
    left = (width - across) // 2
    enlarged = cv2.resize(frame.pixels, (across, height), interpolation=cv2.INTER_LINEAR)
    pixels[:, left : left + across] = enlarged
    grain = np.random.default_rng(0).integers(-3, 4, (height, width, 1), np.int16)
    pixels = np.clip(pixels.astype(np.int16) + grain, 0, 4095).astype(np.uint16)
    tab = frame.header.neutral_tab
    assert tab is not None
    header = msgspec.structs.replace(
        frame.header,
        width=width,
        height=height,
        neutral_tab=NeutralTab(_moved(tab.box, scale, left), tab.reflectance),
    )
    return Frame(header, pixels), _moved(head.face.box, scale, left)


def _moved(box: Box, scale: float, left: int) -> Box:
    larger = box.scaled(scale, scale)
    return Box(larger.x + left, larger.y, larger.width, larger.height)


def _timed(name: str, limit_s: float, action: Callable[[], object], repeats: int = REPEATS) -> Row:
    action()
    taken = []
    for _ in range(repeats):
        begun = time.thread_time()
        action()
        taken.append(time.thread_time() - begun)
    median = sorted(taken)[repeats // 2]
    return {
        "name": f"{name} / {1000 * limit_s:g} ms",
        "value": round(median / limit_s, 2),
        "unit": "ratio",
        "goal": "<= 1",
        "met": median <= limit_s,
        "context": f"{1000 * median:.1f} ms of one core, median of {repeats}",
    }


def write(outcome: Outcome, page: Path = PAGE) -> None:
    """Put the tables between the marks of the page."""
    text = page.read_text()
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    tables = quality_tables.page(outcome, datetime.now(UTC).date().isoformat())
    page.write_text(f"{before}{BEGIN}\n{tables}\n{after}")


def main() -> None:
    """Exit status 1 if a goal is missed."""
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
    options = parser.parse_args()
    console = Console()
    os.nice(5)
    columns = (
        TextColumn("people"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("people", total=1.0)
        outcome = run(
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
    found = report.results(quality_tables.rows(outcome))
    report.show(found, console)
    if options.write:
        write(outcome)
    raise SystemExit(not all(row["met"] for row in found["rows"]))


if __name__ == "__main__":
    main()
