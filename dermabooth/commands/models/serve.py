"""`dermabooth models serve`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dermabooth import resources, running
from server.inference import ManagedTriton, TritonClient, model_infos


def serve(
    port: Annotated[int, typer.Option(help="Loopback gRPC port; 0 takes a free one.")] = 8001,
    repository: Annotated[
        Path | None, typer.Option(help="Model repository; the shipped one without it.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of one model's run.")] = 1,
) -> None:
    """Serve the models with Triton until Ctrl-C or SIGTERM.

    Example: dermabooth models serve --port 8001
    """
    running.set_up_logging("info")
    running.run(_served(repository or resources.triton_models(), port, threads))


async def _served(repository: Path, port: int, threads: int) -> None:
    with tempfile.TemporaryDirectory(prefix="dermabooth-triton-") as run_dir:
        environment = resources.triton_environment()
        async with ManagedTriton(environment, repository, Path(run_dir), port, threads) as triton:
            await _tell(triton, repository)
            await asyncio.Event().wait()


async def _tell(triton: ManagedTriton, repository: Path) -> None:
    """Print which models answer; a broken one does not keep the others away."""
    async with TritonClient(triton.url, shared_memory=False) as client:
        for info in model_infos(repository):
            ready = await client.model_ready(info.name)
            typer.echo(f"{info.name} {info.version}{'' if ready else f': NOT READY, see {triton.log_path}'}")
    typer.echo(f"serving on {triton.url} (gRPC)")
