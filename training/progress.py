"""What a training run tells while it runs, and the file it tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `losses` are running means, `figures` those of the last look at the check split.

    `images` are those of the run so far, `images_of_stage` all that the stage gets. `seconds_left` is the time so far
    in proportion to what is left.
    """

    stage: str
    images_of_stage: int
    images: int
    fraction: float
    seconds: float
    images_per_second: float
    seconds_left: float
    learning_rate: float
    losses: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)


Listener = Callable[[Progress], None]


def unheard(progress: Progress) -> None:
    """Listen to nothing."""


class Journal:
    """Appends JSON lines to a file; a line is whole or, after a power cut, the last one is not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, event: str, values: Mapping[str, object]) -> None:
        """Add one line: `{"event": …, …}`."""
        line = json.dumps({"event": event, **values}, default=str)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def progress(self, event: str, progress: Progress) -> None:
        """Add where the run stands."""
        self.write(event, asdict(progress))
