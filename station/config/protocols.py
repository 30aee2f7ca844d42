"""The files that a configuration names: visit protocol, lighting recipe, quality thresholds."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from station.config.sources import read_toml
from station.errors import ConfigError
from station.protocol import LightingRecipe, VisitProtocol
from station.quality import QualityProfile, load_profile

S = TypeVar("S", bound=msgspec.Struct)


def load_recipe(path: Path) -> LightingRecipe:
    """The lighting recipe in a file; raises `ConfigError`."""
    return _struct(path, read_toml(path), LightingRecipe)


def load_protocol(path: Path) -> VisitProtocol:
    """The visit protocol in a file; its `recipe` names the recipe's file. Raises `ConfigError`."""
    content = read_toml(path)
    recipe = content.get("recipe")
    if not isinstance(recipe, str):
        raise ConfigError(f"{path.name}: recipe must name the file of a lighting recipe, got {recipe!r}")
    content["recipe"] = msgspec.to_builtins(load_recipe(path.parent / recipe))
    return _struct(path, content, VisitProtocol)


def load_quality(path: Path) -> QualityProfile:
    """The thresholds in a file; raises `ConfigError`."""
    try:
        return load_profile(read_toml(path))
    except ValueError as error:
        raise ConfigError(f"{path.name}: {error}") from error


def _struct(path: Path, content: Mapping[str, Any], kind: type[S]) -> S:
    try:
        value = msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path.name}: {error}") from error
    if unknown := list(_unknown(content, msgspec.to_builtins(value), "")):
        raise ConfigError(f"{path.name}: unknown key {', '.join(unknown)}")
    return value


def _unknown(given: object, known: object, at: str) -> Iterator[str]:
    if isinstance(given, Mapping) and isinstance(known, Mapping):
        for key, value in given.items():
            if key not in known:
                yield f"{at}{key}"
            else:
                yield from _unknown(value, known[key], f"{at}{key}.")
    elif isinstance(given, list) and isinstance(known, Sequence):
        for index, (one, other) in enumerate(zip(given, known, strict=True)):
            yield from _unknown(one, other, f"{at}{index}.")
