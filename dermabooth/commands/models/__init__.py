"""`dermabooth models`: what Triton serves and how its files are made."""

import typer

from dermabooth.commands.models.export import export
from dermabooth.commands.models.listing import list_models
from dermabooth.commands.models.tensorrt import build_tensorrt

__all__ = ["app"]

app = typer.Typer(help="What Triton serves and how its files are made.", no_args_is_help=True)
app.command("list")(list_models)
app.command()(export)
app.command("build-tensorrt")(build_tensorrt)
