"""`dermabooth models train`."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer
from rich.console import Console

from dermabooth import resources
from dermabooth.commands.models.complaints import one_line
from dermabooth.commands.models.training_bar import TrainingBar

if TYPE_CHECKING:
    from training.recipe import Normaliser

RUNS = Path(".cache/dermabooth/training")
STOPPED = 130

Shown = ParamSpec("Shown")


def train(
    name: Annotated[str, typer.Argument(help="Model to train.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of labelled pictures; without it, the phantom's.")
    ] = None,
    width: Annotated[float | None, typer.Option(help="1 is the paper's; the shipped one without it.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the data.")] = None,
    images: Annotated[int | None, typer.Option(help="Images to train on, all stages together.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Most minutes to train, after pictures are drawn or normalised.")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(help="State dict (ImageNet weights of torchvision) or checkpoint to start from."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the weights and of the order of the images.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that make images beside the training.")] = 0,
    threads: Annotated[int, typer.Option(help="Threads of the arithmetic on a CPU.")] = 1,
    out: Annotated[Path | None, typer.Option(help=f"Folder of the run; {RUNS}/NAME without it.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew where the folder holds a run.")] = False,
) -> None:
    """Train a model; stopped by Ctrl-C or SIGTERM, the same command goes on where it was.

    The folder holds checkpoint.pt (weights, optimiser, seed and data) and log.jsonl (losses, figures).

    Example: dermabooth models train skin_items --minutes 45 --workers 1
    """
    folder = out or RUNS / name
    with (
        one_line("training"),
        TrainingBar(name, Console()) as bar,
        _told_to_stop() as heed,
        _ended_well(bar, folder),
    ):
        from training.fit import fit
        from training.recipes import recipe

        made = recipe(name)
        made.prepare(data, _normaliser(), _both(bar.prepare, heed))
        path = fit(
            made,
            folder=folder,
            width=width,
            data=data,
            seed=seed,
            init=init,
            images=images,
            epochs=epochs,
            minutes=minutes,
            workers=workers,
            threads=threads,
            resume=not fresh,
            progress=_both(bar.show, heed),
        )
        bar.end(f"{path}\nnext: dermabooth models export {name} --checkpoint {path}")


def _both(show: Callable[Shown, None], heed: Callable[[], None]) -> Callable[Shown, None]:
    """Show how far it is, then end the run if a signal has come."""

    def listen(*args: Shown.args, **kwargs: Shown.kwargs) -> None:
        show(*args, **kwargs)
        heed()

    return listen


@contextlib.contextmanager
def _ended_well(bar: TrainingBar, folder: Path) -> Iterator[None]:
    """A run that is stopped says how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        bar.end(f"stopped; the same command goes on from {folder}")
        raise typer.Exit(STOPPED) from None


def _normaliser() -> Normaliser:
    from dermabooth.commands.models.face_normaliser import FaceNormaliser

    return FaceNormaliser(resources.triton_models())


@contextlib.contextmanager
def _told_to_stop() -> Iterator[Callable[[], None]]:
    """A function that ends the run, where it is called between two steps, once a signal has come."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    def heed() -> None:
        if stopped:
            raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, stop) for each in signals]
    try:
        yield heed
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
