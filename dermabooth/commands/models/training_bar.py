"""The progress of a training run on a terminal; elsewhere a line for each part, stage and look at the check split."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from training.progress import Progress


class TrainingBar:
    """Shows stage, share, images a second, loss and time left."""

    def __init__(self, name: str, console: Console) -> None:
        self._console = console
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._name = name
        self._task = self._bar.add_task(name, total=1.0, state="")
        self._figures: Mapping[str, float] = {}
        self._preparing = self._stage = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def prepare(self, what: str, share: float) -> None:
        """Show how much of what the training needs is made."""
        self._bar.update(self._task, completed=share, description=f"{self._name} · {what}", state="")
        if what != self._preparing and not self._console.is_terminal:
            self._console.print(what, highlight=False)
        self._preparing = what

    def show(self, progress: Progress) -> None:
        """Show where the run stands."""
        if progress.stage != self._stage and not self._console.is_terminal:
            told = f"stage {progress.stage}, {progress.images_of_stage} images; pictures to check it are made first"
            self._console.print(told, highlight=False, soft_wrap=True)
        self._stage = progress.stage
        self._bar.update(
            self._task,
            completed=progress.fraction,
            description=f"{self._name} · {progress.stage}",
            state=self._state(progress),
        )
        if progress.figures and progress.figures != self._figures:
            self._figures = progress.figures
            told = "  ".join(f"{name} {value:.3f}" for name, value in progress.figures.items())
            self._console.print(f"{progress.images} images: {told}", highlight=False, soft_wrap=True)

    def end(self, text: str) -> None:
        """Take the bar away and print what came of it."""
        self._bar.stop()
        self._console.print(text, highlight=False, soft_wrap=True)

    @staticmethod
    def _state(progress: Progress) -> str:
        if not progress.losses:
            return "first pictures"
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        loss = progress.losses["loss"]
        return f"{progress.images_per_second:.1f} images/s · loss {loss:.3f} · {minutes}:{seconds:02d} left"
