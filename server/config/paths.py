"""Paths in the server's file: relative to the folder that the file is in, wherever the server is started."""

from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def rooted(value: Any, kind: Any, folder: Path) -> Any:
    """A value as the file holds it, with every path put into the folder; `kind` is the type it will be read as.

    What does not fit its type stays as it is, for the settings to refuse it in words.
    """
    if kind is Path:
        return folder / value if isinstance(value, str) else value
    if get_origin(kind) is Annotated:
        return rooted(value, get_args(kind)[0], folder)
    if get_origin(kind) in (Union, UnionType):
        return rooted(value, _member(kind, value), folder)
    if get_origin(kind) is tuple and isinstance(value, list):
        return [rooted(one, get_args(kind)[0], folder) for one in value]
    if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, dict):
        known = {key: field.annotation for key, field in kind.model_fields.items()}
        return {key: rooted(one, known.get(key), folder) for key, one in value.items()}
    return value


def _member(union: Any, value: Any) -> Any:
    """What of a union a value is: the one whose `type` it names, or the only one beside None."""
    members = [one for one in get_args(union) if one is not NoneType]
    if len(members) == 1:
        return members[0]
    told = value.get("type") if isinstance(value, dict) else None
    tables = (one for one in members if isinstance(one, type) and issubclass(one, BaseModel))
    return next((one for one in tables if told in get_args(one.model_fields["type"].annotation)), None)
