"""`dermabooth models`: what Triton serves and how its files are made."""

import typer

from dermabooth.commands.models.evaluate import evaluate
from dermabooth.commands.models.export import export
from dermabooth.commands.models.listing import list_models
from dermabooth.commands.models.serve import serve
from dermabooth.commands.models.tensorrt import build_tensorrt
from dermabooth.commands.models.train import train

__all__ = ["app"]

# A command loads PyTorch when it runs, so that the command line is there without it.
app = typer.Typer(help="What Triton serves and how its files are made.", no_args_is_help=True)
app.command("list")(list_models)
app.command()(train)
app.command()(export)
app.command("build-tensorrt")(build_tensorrt)
app.command()(evaluate)
app.command()(serve)
