"""`dermabooth quality`: the capture quality of pictures in files, each number beside its threshold."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dermabooth import resources
from dermabooth.commands.quality_faces import FaceFinder, open_finder
from dermabooth.commands.quality_records import Asked, record
from dermabooth.photographs import read_photograph
from server.config import read_profile
from server.errors import BadImage, ConfigError
from station.protocol import Light, View
from station.quality import UNCONTROLLED, QualityProfile

_MARKS = {
    "pass": "[green]pass[/]",
    "warn": "[yellow]warn[/]",
    "fail": "[red]fail[/]",
    "unknown": "[dim]cannot tell[/]",
}
_INFORMATION = "iso_"


def quality(
    images: Annotated[list[Path], typer.Argument(help="Pictures: JPEG, PNG, TIFF or DICOM.")],
    recipe: Annotated[
        str, typer.Option(help="Lighting recipe they were taken with; uncontrolled: from elsewhere.")
    ],
    profile: Annotated[str, typer.Option(help="Quality profile: off, normal or strict.")] = "normal",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the records here.")] = None,
    light: Annotated[Light, typer.Option(help="Light of the recipe that was on.")] = Light.WHITE,
    view: Annotated[View, typer.Option(help="View that was asked for.")] = View.FRONT,
    tab: Annotated[
        str, typer.Option(help="Neutral tab: X,Y,WIDTH,HEIGHT,REFLECTANCE, e.g. 20,30,64,64,0.2.")
    ] = "",
    triton: Annotated[
        str, typer.Option(help="Triton at this gRPC address for the landmarks; none: box of the face only.")
    ] = "",
) -> None:
    """Measure the capture quality of pictures and say what to do about it.

    Example: dermabooth quality portrait.jpg --recipe uncontrolled --json quality.json
    """
    held_to = read_profile(resources.configs() / "quality" / f"{profile}.toml")
    _check_recipe(recipe, held_to)
    asked = Asked.read(recipe, light=light, view=view, tab=tab)
    console, errors = Console(), Console(stderr=True)
    records, bad = asyncio.run(_measure(images, asked, held_to, triton, errors))
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n")
    for found in records:
        _show(found, console)
    for path, reason in bad:
        errors.print(f"[red]not measured[/] {escape(str(path))}: {escape(reason)}", soft_wrap=True)
    if bad:
        sys.exit(1)


async def _measure(
    images: list[Path], asked: Asked, profile: QualityProfile, triton: str, errors: Console
) -> tuple[list[dict[str, Any]], list[tuple[Path, str]]]:
    records, bad = [], list[tuple[Path, str]]()
    async with _finder(triton, errors) as finder:
        for path in images:
            try:
                srgb = read_photograph(path).srgb
            except BadImage as error:
                bad.append((path, str(error)))
                continue
            records.append(record(path, srgb, asked, profile, await finder.look(srgb)))
    return records, bad


@contextlib.asynccontextmanager
async def _finder(triton: str, errors: Console) -> AsyncIterator[FaceFinder]:
    with errors.status("starting"):
        stack = contextlib.AsyncExitStack()
        finder = await stack.enter_async_context(open_finder(triton))
    async with stack:
        if finder.lacks:
            errors.print(f"[yellow]pose and cover are not told[/]: {escape(finder.lacks)}", soft_wrap=True)
        yield finder


def _check_recipe(recipe: str, profile: QualityProfile) -> None:
    known = {path.stem for path in (resources.configs() / "lighting").glob("*.toml")} | {UNCONTROLLED}
    named = {scope.partition("/")[0] for scope in profile.limits}
    if recipe not in known | named:
        raise ConfigError(f"there is no lighting recipe {recipe!r}; there are: {', '.join(sorted(known))}")


def _show(found: dict[str, Any], console: Console) -> None:
    title = f"{escape(found['image'])}: {_MARKS[found['verdict']]} ({found['threshold_version']})"
    columns = "measure", Column("value", justify="right"), Column("limit", justify="right"), ""
    table = Table(
        *columns, "region", Column("what to do", overflow="fold"), title=title, title_justify="left"
    )
    for row in _rows(found["measures"]):
        table.add_row(*row)
    console.print(table)


def _rows(measures: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for measure in measures:
        if measure["name"].startswith(_INFORMATION):
            continue
        value, threshold = measure["value"], measure["threshold"]
        judged = threshold is not None or value is None
        yield (
            measure["name"].replace("_", " "),
            "" if value is None else f"{value:.3g} {measure['unit']}",
            "" if threshold is None else f"{threshold:g}",
            _MARKS[measure["verdict"]] if judged else "",
            escape(measure["region"].replace("_", " ")),
            escape(measure["advice"]),
        )
