"""`dermabooth models evaluate`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import track as bar
from rich.table import Table

from dermabooth import resources
from dermabooth.commands.models.complaints import one_line

if TYPE_CHECKING:
    from training.exam import Report
    from training.exam.tables import TextTable

Item = TypeVar("Item")


class Size(StrEnum):
    """How many pictures are shown."""

    SMALL = "small"
    FULL = "full"


def evaluate(
    names: Annotated[list[str] | None, typer.Argument(help="Models to examine; all by default.")] = None,
    json: Annotated[
        Path | None, typer.Option(help="File for the results; those of other models in it stay.")
    ] = None,
    size: Annotated[Size, typer.Option(help="small: seconds a model; full: some five minutes.")] = Size.FULL,
    portraits: Annotated[
        Path | None,
        typer.Option(help="Folder with portraits/ and masks/ of real people, to examine as well."),
    ] = None,
    cards: Annotated[bool, typer.Option("--cards", help="Rewrite the tables of the models' cards.")] = False,
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            help="Further model repository with acne_severity at another number of augmented copies."
        ),
    ] = None,
    repository: Annotated[
        Path | None, typer.Option(help="Model repository; the shipped one by default.")
    ] = None,
) -> None:
    """Examine the trained models as they are shipped, on one thread: in-range, shifted, faint, by skin tone, real.

    Example: dermabooth models evaluate skin_items --json exam.json
    """
    with one_line("the exam"):
        _evaluate(
            names, repository or resources.triton_models(), json, size, portraits, compare or [], cards=cards
        )


def _evaluate(
    names: list[str] | None,
    folder: Path,
    json: Path | None,
    size: Size,
    portraits: Path | None,
    compare: list[Path],
    *,
    cards: bool,
) -> None:
    from training.exam import NAMES
    from training.exam.results import as_json, merge, write_cards
    from training.exam.tables import closing

    console = Console()
    asked = _known(names, NAMES) if names else _present(folder, NAMES, console)
    _check(asked, folder, json, portraits, cards=cards)
    reports = {name: _examined(name, folder, size, compare, console) for name in asked}
    real = None if portraits is None else _real(folder, portraits, console)
    if json is not None:
        merge(json, {name: as_json(name, each, folder, size.value) for name, each in reports.items()}, real)
    if cards:
        for path in write_cards(folder, reports, real):
            console.print(f"wrote {path}")
    for name, report in reports.items():
        console.print(closing(name, report), highlight=False, markup=False, soft_wrap=True)


def _check(names: list[str], folder: Path, json: Path | None, portraits: Path | None, *, cards: bool) -> None:
    """Raise FileNotFoundError or ValueError for what would otherwise fail after an hour's exam."""
    from dermabooth.exam import real_portraits
    from training.exam.results import card, earlier

    if json is not None:
        earlier(json)
    if portraits is not None:
        real_portraits(portraits)
    if cards:
        for name in names:
            card(folder, name)


def _known(asked: list[str], names: Iterable[str]) -> list[str]:
    for name in asked:
        if name not in names:
            _fail(f"{name}: there is no exam of it; one of {', '.join(names)}")
    return asked


def _present(folder: Path, names: Iterable[str], console: Console) -> list[str]:
    """Those that the repository has; the others are told."""
    found = [name for name in names if (folder / name / "1" / "model.onnx").is_file()]
    for name in set(names).difference(found):
        console.print(f"{name}: skipped, {folder} has no file of it")
    return found


def _examined(name: str, folder: Path, size: Size, compare: list[Path], console: Console) -> Report:
    from training.exam import examine
    from training.exam.tables import tables

    def track(items: Iterable[Item], what: str, total: int) -> Iterable[Item]:
        return bar(items, f"{name}: {what}", total, console=console, transient=True)

    report = examine(name, folder, size.value, track, compare)
    console.rule(name)
    _show(console, tables(name, report))
    for note in report.notes:
        console.print(f"[bold red]{note}")
    return report


def _real(repository: Path, folder: Path, console: Console) -> dict[str, float]:
    """Aggregates of real pictures."""
    from dermabooth.exam import on_real_pictures
    from training.exam.results import real_table

    told, skipped = asyncio.run(on_real_pictures(repository, folder))
    for reason in skipped:
        console.print(f"real pictures: {reason}")
    _show(console, [real_table(told)])
    return told


def _show(console: Console, found: Iterable[TextTable]) -> None:
    for each in found:
        table = Table(*each.header, title=each.title)
        for row in each.rows:
            table.add_row(*(cell.replace("**", "") for cell in row))
        console.print(table)


def _fail(text: str) -> NoReturn:
    typer.echo(f"dermabooth: {text}", err=True)
    raise typer.Exit(1)
