"""The Triton to use, by configuration: one of our own, or one by address."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from server.config import TritonConfig
from server.errors import ConfigError
from server.inference.managed import ManagedTriton


@contextlib.asynccontextmanager
async def triton_address(config: TritonConfig, models: Path, run_dir: Path) -> AsyncIterator[str]:
    """The gRPC address of the Triton to use; a managed one runs as long as the context. Raises `ConfigError`."""
    if config.mode == "external":
        yield config.url
        return
    port = config.url.rpartition(":")[2]
    if not port.isdecimal():
        raise ConfigError(
            f"triton.url is {config.url!r}; a managed Triton needs 127.0.0.1:PORT, 0 takes a free one"
        )
    async with ManagedTriton(
        environment=config.environment,
        repository=models,
        run_dir=run_dir,
        grpc_port=int(port),
        threads=config.threads,
    ) as triton:
        yield triton.url
