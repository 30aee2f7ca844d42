"""`dermabooth models build-tensorrt`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dermabooth import resources
from dermabooth.commands.models.complaints import one_line

GPU_REPOSITORY = Path("triton_models_gpu")


class Profile(StrEnum):
    """How TensorRT comes in."""

    PLAN = "plan"
    ACCELERATED = "accelerated"


def build_tensorrt(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to build engines of; by default all of fixed size.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Model repository to write.")] = GPU_REPOSITORY,
    repository: Annotated[Path | None, typer.Option(help="Model repository to build from.")] = None,
    profile: Annotated[
        Profile,
        typer.Option(
            help="plan: engines built here, for this GPU. accelerated: configurations only; Triton's ONNX backend "
            "builds the engines and keeps them."
        ),
    ] = Profile.PLAN,
) -> None:
    """Make a model repository for the GPU of this machine: FP16 TensorRT engines of the same files.

    Needs trtexec of TensorRT 10 and an NVIDIA GPU; compose.gpu.yaml brings the first in a container.

    Example: dermabooth models build-tensorrt --out triton_models_gpu
    """
    with one_line("models build-tensorrt"):
        _build(names or [], repository or resources.triton_models(), out, profile)
    typer.echo(f"wrote {out}")


def _build(names: list[str], source: Path, out: Path, profile: Profile) -> None:
    from training.export.engines import EngineFailed, TensorRtMissing
    from training.export.tensorrt import make_gpu_repository

    try:
        placed = make_gpu_repository(source, out, names, profile.value, typer.echo)
    except (TensorRtMissing, EngineFailed) as error:
        typer.echo(f"dermabooth: {error}", err=True)
        raise typer.Exit(1) from error
    for each in placed:
        typer.echo(f"{each.name}: {each.runs_as}")
