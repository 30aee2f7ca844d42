"""`dermabooth models export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dermabooth import resources
from dermabooth.commands.models.complaints import one_line
from dermabooth.commands.models.train import RUNS

if TYPE_CHECKING:
    from training.export import Exported


def export(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to make; by default all that need no training.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Of the trained model; without it, that of `models train` in this folder."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Model repository to write to.")] = None,
) -> None:
    """Make model files: the same code and weights give the same bytes.

    A trained model is tried against PyTorch first, with how far it is from it printed.

    Example: dermabooth models export chromophores

    Example: dermabooth models export skin_items --checkpoint run/checkpoint.pt --out my_models
    """
    with one_line("models export"):
        _export(names, checkpoint, out or resources.triton_models())


def _export(names: list[str] | None, checkpoint: Path | None, repository: Path) -> None:
    from training.graphs import GRAPHS, write

    asked = names or list(GRAPHS)
    trained = [name for name in asked if name not in GRAPHS]
    if len(trained) > 1 or (checkpoint and not trained):
        _fail("one trained model at a time, with its checkpoint")
    for name in asked:
        if name in GRAPHS:
            typer.echo(f"wrote {write(name, repository)}")
    for name in trained:
        _trained(name, checkpoint, repository)


def _trained(name: str, checkpoint: Path | None, repository: Path) -> None:
    """Also the further models of the same weights."""
    from training.checkpoint import restore
    from training.export import export as write
    from training.recipes import recipe

    made = recipe(name)
    path = checkpoint or RUNS / name / "checkpoint.pt"
    if not path.exists():
        _fail(f"{path}: no such checkpoint; `dermabooth models train {name}` makes it, --checkpoint names it")
    for each in write(made, restore(made, path), repository):
        _tell(each)


def _tell(written: Exported) -> None:
    typer.echo(f"wrote {written.path}, {written.size / 1e6:.2f} MB")
    for output, stored in written.stored.items():
        whole = written.graph[output].largest
        typer.echo(f"  {output}: {whole:.2g} from PyTorch, {stored.largest:.2g} with weights of FP16")
    for reason in written.obstacles:
        typer.echo(f"  not for TensorRT: {reason}")


def _fail(text: str) -> NoReturn:
    typer.echo(f"dermabooth: {text}", err=True)
    raise typer.Exit(1)
