"""What a configuration is put together from: a file, the environment over it, and what the caller lays over both."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource

from station.errors import ConfigError

MAX_FILE_BYTES = 1 << 20


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file in UTF-8, with a byte order mark or without; raises `ConfigError` naming the file."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path} is over {MAX_FILE_BYTES} bytes: not a configuration")
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}") from error
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is no path: {error}") from error


def rooted(content: dict[str, Any], folder: Path, paths: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The content with the paths at these (section, key) pairs put into the folder; an empty section is the top."""
    for section, key in paths:
        table = content.get(section) if section else content
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = folder / table[key]
    return content


def environment(settings: type[BaseSettings]) -> dict[str, Any]:
    """What the environment says of these settings; raises `ConfigError` naming a variable of their prefix that is none."""
    prefix = settings.model_config.get("env_prefix", "")
    for name in os.environ:
        field = name.upper().removeprefix(prefix).split("__")[0].lower()
        if name.upper().startswith(prefix) and field not in settings.model_fields:
            raise ConfigError(f"unknown key {field} in the environment variable {name}")
    return EnvSettingsSource(settings)()


def overlaid(under: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, table by table; where both have a value that of `over`."""
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        both[key] = (
            overlaid(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
        )
    return both
