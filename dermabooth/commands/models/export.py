"""`dermabooth models export`."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dermabooth import resources


def export(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to make; by default all that need no training.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Of the trained model: what `models train` wrote.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Model repository to write to.")] = None,
) -> None:
    """Make model files: the same code and weights give the same bytes.

    A trained model is tried against PyTorch first, with how far it is from it printed.

    Examples: dermabooth models export chromophores;
    dermabooth models export skin_items --checkpoint run/checkpoint.pt
    """
    from training.graphs import GRAPHS, write

    repository = out or resources.triton_models()
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
    from training.checkpoint import restore
    from training.export import ExportMismatch
    from training.export import export as write
    from training.recipes import recipe

    try:
        made = recipe(name)
        if checkpoint is None:
            _fail(f"{name} is trained: say --checkpoint FILE, made by `dermabooth models train {name}`")
        written = write(made, restore(made, checkpoint), repository)
    except (ValueError, ExportMismatch) as error:
        _fail(str(error))
    for each in written:
        typer.echo(f"wrote {each.path}, {each.size / 1e6:.2f} MB")
        for output, away in each.stored.items():
            typer.echo(
                f"  {output}: {each.graph[output].largest:.2g} from PyTorch, {away.largest:.2g} with weights of FP16"
            )
        for reason in each.obstacles:
            typer.echo(f"  not for TensorRT: {reason}")


def _fail(text: str) -> NoReturn:
    typer.echo(f"dermabooth: {text}", err=True)
    raise typer.Exit(1)
