"""What the OpenAPI document tells of a route beyond its path: what it takes, what it sends, and with which status."""

from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"


@dataclass(frozen=True)
class Parameter:
    """A parameter in the query or a header."""

    name: str
    schema: dict[str, Any]
    place: str = "query"
    meaning: str = ""


@dataclass(frozen=True)
class About:
    """What a route takes and answers."""

    takes: object = None
    """Type of the JSON in the body; as text: another media type."""
    parameters: tuple[Parameter, ...] = ()
    sends: tuple[str, ...] = ()
    """Media types of an answer that is not JSON."""
    success: tuple[int, ...] = (200,)
    """Statuses of an answer; 204 and 304 have no body."""
    problems: tuple[int, ...] = ()
    """Statuses of problems beside those that follow from scope, path, body and parameters."""
    paths: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Schemas of parameters in the path that are not of `PATH_SCHEMAS`."""


UID_SCHEMA: dict[str, Any] = {
    "type": "string",
    "maxLength": 64,
    "pattern": r"^[0-2](\.(0|[1-9][0-9]*))+$",
    "description": "a DICOM UID",
}
_BOOTH: dict[str, Any] = {"type": "string", "maxLength": 32}
PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("study", "series", "instance", "sop", "earlier", "signature"), UID_SCHEMA),
    "booth": _BOOTH,
    "delivery": {"type": "integer", "minimum": 0, "maximum": 2**53},
    "frame": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    "frames": {"type": "string", "maxLength": 2048, "pattern": r"^[1-9][0-9]{0,5}(,[1-9][0-9]{0,5})*$"},
    "tag": {"type": "string", "pattern": "^[0-9a-fA-F]{8}$"},
}
"""What a parameter in the path is, by its name."""


def number(name: str, low: float, high: float, default: float | None = None, meaning: str = "") -> Parameter:
    """A number within bounds."""
    return Parameter(name, _bounded("number", low, high, default), meaning=meaning)


def whole(name: str, low: int, high: int, default: int | None = None, meaning: str = "") -> Parameter:
    """A whole number within bounds."""
    return Parameter(name, _bounded("integer", low, high, default), meaning=meaning)


def flag(name: str, meaning: str) -> Parameter:
    """1 for yes, 0 for no."""
    return Parameter(name, {"type": "integer", "enum": [0, 1], "default": 0}, meaning=meaning)


def text(name: str, longest: int, meaning: str = "") -> Parameter:
    """A text without control characters."""
    schema = {"type": "string", "maxLength": longest, "pattern": r"^[^\x00-\x1f\x7f]*$"}
    return Parameter(name, schema, meaning=meaning)


def uid(name: str, meaning: str = "") -> Parameter:
    """A DICOM UID."""
    return Parameter(name, UID_SCHEMA, meaning=meaning)


def choice(name: str, values: tuple[str, ...]) -> Parameter:
    """One of a few words."""
    return Parameter(name, {"type": "string", "enum": list(values)})


def header(name: str, meaning: str = "") -> Parameter:
    """A request header."""
    return Parameter(str(name), {"type": "string"}, "header", meaning)


def _bounded(kind: str, low: float, high: float, default: float | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": kind, "minimum": low, "maximum": high}
    return schema if default is None else {**schema, "default": default}
