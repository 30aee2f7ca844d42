"""Settings and quality profiles as files hold them, and what is wrong with them in words."""

import tomllib
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from server.errors import ConfigError
from station.quality import QualityProfile, load_profile


def read_profile(path: Path) -> QualityProfile:
    """The quality profile in a TOML file; raises `ConfigError`."""
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.toml")))
        raise ConfigError(f"there is no quality profile {path.stem!r}; there are: {known}")
    try:
        return load_profile(read_toml(path))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises `ConfigError`."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; configs/server/ holds examples") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def explain(error: ValidationError, path: Path | None, model: Any) -> str:
    """What is wrong with settings of the class `model`, key by key, in one line."""
    source = "the settings" if path is None else str(path)
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key; known here: {', '.join(_known(model, item['loc'][:-1]))}")
        else:
            lines.append(f"{key}: {item['msg']}")
    return f"{source}: " + "; ".join(lines)


def _known(model: Any, location: tuple[str | int, ...]) -> list[str]:
    for part in location:
        if isinstance(part, int):
            model = get_args(model)[0]
        elif get_origin(model) in (Union, UnionType):
            model = next(
                one for one in get_args(model) if part in get_args(one.model_fields["type"].annotation)
            )
        else:
            model = model.model_fields[part].annotation
        if get_origin(model) is Annotated:
            model = get_args(model)[0]
        if NoneType in get_args(model):  # a table that may be left out
            model = next(one for one in get_args(model) if one is not NoneType)
    return sorted(model.model_fields)
