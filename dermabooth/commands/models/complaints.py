"""The errors of the trainers that the reader of a command line can mend."""

import contextlib
from collections.abc import Iterator

import typer

_EXTRA = (
    "needs PyTorch: `make train-setup` in a checkout, elsewhere PyTorch's CPU build and dermabooth[train]"
)


@contextlib.contextmanager
def one_line(command: str) -> Iterator[None]:
    """Turn a wrong value, a missing file and a missing PyTorch into one line and exit status 1."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in {"torch", "onnx"}:
            raise
        _end(f"{command} {_EXTRA}")
    except FileNotFoundError as error:
        _end(f"{error.filename}: {error.strerror}")
    except (ValueError, FloatingPointError) as error:
        _end(str(error))


def _end(text: str) -> None:
    typer.echo(f"dermabooth: {text}", err=True)
    raise typer.Exit(1) from None
