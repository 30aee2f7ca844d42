"""How far the demo is: a moving bar on a terminal, a line a step anywhere else."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

STARTING = "starting server and Triton"
"""The demo's first step."""
_WIDTH = 44


class Steps:
    """The demo's steps, one after the other; a step may have several bars."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: dict[str, TaskID] = {}
        columns = (
            SpinnerColumn(),
            TextColumn(f"{{task.description:<{_WIDTH}}}"),
            BarColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, *what: str) -> None:
        """End the step before and show a bar for each of these; it swings until it is told a total."""
        self.end()
        for name in what:
            self._bars[name] = self._progress.add_task(name, total=None)
            if not self._console.is_terminal:
                self._console.print(name, highlight=False)
        self._progress.start()

    def show(self, what: str, done: float, total: float = 1.0) -> None:
        """Move a bar of this step."""
        self._progress.update(self._bars[what], completed=done, total=total)

    def end(self) -> None:
        """Take the bars off the screen; safe to call twice."""
        self._progress.stop()
        for task in self._bars.values():
            self._progress.remove_task(task)
        self._bars.clear()
