"""`dermabooth analyze`: the pipeline on the user's own photographs."""

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from dermabooth import __version__, resources
from dermabooth.counted import counted
from dermabooth.photographs import PhotographExaminer
from dermabooth.settings import with_triton_environment
from server.config import ServerConfig, read_profile
from server.dicom import warm_up
from server.errors import BadImage, InferenceError
from server.inference import TritonClient, model_infos, triton_address
from server.pipeline import Examiner, ObjectMaker


def analyze(
    images: Annotated[list[Path], typer.Argument(help="Photographs: JPEG, PNG, TIFF or DICOM.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; one folder per photograph.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Collect all results here.")] = None,
    triton: Annotated[str, typer.Option(help="Use the Triton at this gRPC address.")] = "",
    profile: Annotated[str, typer.Option(help="Quality profile: off, normal or strict.")] = "normal",
) -> None:
    """Examine photographs: masks, maps, measures, quality and DICOM objects.

    Example: dermabooth analyze portrait.jpg --out results
    """
    console = Console(stderr=True)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
    results, bad = asyncio.run(_analyze(images, out, triton, profile, console))
    if json_file is not None:
        json_file.write_text(json.dumps(results, indent=2, ensure_ascii=False))
    for path, reason in bad:
        line = Text.assemble(("not analysed", "red"), f" {path}: {reason}")
        console.print(line, highlight=False, soft_wrap=True)
    summary = f"{len(results)} of {counted(len(images), 'photograph')} analysed, results in {out}"
    console.print(summary, highlight=False, markup=False, soft_wrap=True)
    if bad:
        sys.exit(1)


async def _analyze(
    images: list[Path], out: Path, triton: str, profile: str, console: Console
) -> tuple[list[dict[str, Any]], list[tuple[Path, str]]]:
    results: list[dict[str, Any]] = []
    bad: list[tuple[Path, str]] = []
    with _progress(console) as progress:
        task = progress.add_task("starting Triton", total=None)
        async with open_examiner(triton, profile) as examiner:
            progress.update(task, total=len(images), description="analysing")
            for path, folder in zip(images, _folders(images, out), strict=True):
                progress.update(task, description=escape(path.name[:40]))
                try:
                    results.append(await examiner.examine(path, folder))
                except (BadImage, InferenceError) as error:
                    bad.append((path, str(error)))
                progress.advance(task)
    return results, bad


@contextlib.asynccontextmanager
async def open_examiner(triton: str = "", profile: str = "normal") -> AsyncIterator[PhotographExaminer]:
    """An examiner of photographs on the Triton at `triton`, or on one that runs as long as the context."""
    models = resources.triton_models()
    infos = model_infos(models)
    quality = read_profile(resources.configs() / "quality" / f"{profile}.toml")
    with tempfile.TemporaryDirectory(prefix="dermabooth-") as run_folder:
        async with (
            triton_address(_settings(triton).triton, models, Path(run_folder)) as address,
            TritonClient(address) as client,
        ):
            examiner = Examiner(client, quality, models=infos, threads=2)
            try:
                await examiner.run(warm_up)
                yield PhotographExaminer(examiner, ObjectMaker(infos, f"dermabooth {__version__}"), infos)
            finally:
                examiner.close()


def _settings(triton: str) -> ServerConfig:
    if triton:
        return ServerConfig.load(triton={"mode": "external", "url": triton})
    return with_triton_environment(ServerConfig.load(triton={"url": "127.0.0.1:0"}))


def _folders(images: list[Path], out: Path) -> Iterator[Path]:
    """One folder per picture, named for it; a name that comes again gets a number."""
    seen: dict[str, int] = {}
    for path in images:
        count = seen[path.stem] = seen.get(path.stem, 0) + 1
        yield out / (path.stem if count == 1 else f"{path.stem}-{count}")


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description:<40}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console)
