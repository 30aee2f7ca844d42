"""The server's settings as the command line gives them."""

from pathlib import Path
from typing import Any

from dermabooth import resources
from server.config import ServerConfig


def load_settings(
    config: Path | None = None,
    *,
    data: Path | None = None,
    http: str = "",
    capture: str = "",
    triton: str = "",
) -> ServerConfig:
    """The settings of a file with the command line's options above it; raises `ConfigError`."""
    overrides: dict[str, Any] = {}
    if data is not None:
        overrides["data"] = data
    if http:
        host, _, port = http.rpartition(":")
        overrides["http"] = {"host": host or "127.0.0.1", "port": port}
    if capture:
        overrides["capture"] = {"endpoint": capture}
    if triton:
        overrides["triton"] = {"mode": "external", "url": triton}
    return with_triton_environment(ServerConfig.load(config, **overrides))


def with_triton_environment(settings: ServerConfig) -> ServerConfig:
    """The settings with the environment that `make setup` makes, unless they name another."""
    if "environment" in settings.triton.model_fields_set:
        return settings
    triton = settings.triton.model_copy(update={"environment": resources.triton_environment()})
    return settings.model_copy(update={"triton": triton})
