"""`dermabooth models`: what Triton serves and how its files are made."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dermabooth import resources
from server.inference import model_infos

app = typer.Typer(help="What Triton serves and how its files are made.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """Print the models of the repository with version and weight hash."""
    table = Table("model", "version", "SHA-256")
    for info in model_infos(resources.triton_models()):
        table.add_row(info.name, str(info.version), info.sha256)
    Console().print(table)


@app.command()
def export(
    names: Annotated[list[str] | None, typer.Argument(help="Models to make; all by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Model repository to write to.")] = None,
) -> None:
    """Make the model files again; the same code gives the same bytes.

    Example: dermabooth models export chromophores
    """
    from training.graphs import GRAPHS, write

    for name in names or GRAPHS:
        typer.echo(f"wrote {write(name, out or resources.triton_models())}")
