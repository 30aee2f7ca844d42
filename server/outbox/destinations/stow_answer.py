"""What STOW-RS and QIDO-RS answer (PS3.18 sections 10.5.3 and 10.6.3), in DICOM's JSON or XML (PS3.18 annex F, PS3.19 annex A)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from station.protocol import is_uid

SOP_INSTANCE, STUDY_INSTANCE = "00080018", "0020000D"
_REFERENCED, _FAILED = "00081199", "00081198"
_REFERENCED_INSTANCE, _FAILURE_REASON = "00081155", "00081197"

Attributes = dict[str, Any]
"""A data set: the values of each attribute by its tag, items of sequences being data sets."""


class Unreadable(ValueError):
    """The answer is not what the standard says."""


@dataclass(frozen=True)
class StowAnswer:
    """What became of the instances that the answer names."""

    stored: frozenset[str]
    failed: dict[str, int]
    """Failure Reason (0008,1197) by SOP Instance UID."""


def read_stored(body: bytes, content_type: str) -> StowAnswer:
    """The answer to STOW-RS; raises `Unreadable`."""
    stored: set[str] = set()
    failed: dict[str, int] = {}
    for dataset in _datasets(body, content_type):
        stored.update(_uid(item, _REFERENCED_INSTANCE) for item in _items(dataset, _REFERENCED))
        for item in _items(dataset, _FAILED):
            failed[_uid(item, _REFERENCED_INSTANCE)] = _number(item, _FAILURE_REASON)
    return StowAnswer(frozenset(stored - failed.keys()), failed)


def read_found(body: bytes, content_type: str) -> list[tuple[str, str | None]]:
    """The SOP and Study Instance UIDs of the instances that QIDO-RS found; raises `Unreadable`."""
    found = []
    for dataset in _datasets(body, content_type):
        study = _uid(dataset, STUDY_INSTANCE) if dataset.get(STUDY_INSTANCE) else None
        found.append((_uid(dataset, SOP_INSTANCE), study))
    return found


def _datasets(body: bytes, content_type: str) -> list[Attributes]:
    try:
        if "xml" in content_type:
            return [_from_xml(_xml(body))]
        told = json.loads(body)
        return [_from_json(one) for one in (told if isinstance(told, list) else [told])]
    except Unreadable:
        raise
    except (ValueError, RecursionError, ElementTree.ParseError) as error:
        raise Unreadable(f"the answer cannot be read as {content_type or 'JSON'}") from error


def _from_json(told: Any) -> Attributes:
    if not isinstance(told, dict):
        raise Unreadable("the answer is not a data set")
    attributes: Attributes = {}
    for tag, element in told.items():
        values = element.get("Value") if isinstance(element, dict) else None
        if not isinstance(values, list):
            continue
        sequence = element.get("vr") == "SQ" or tag in (_REFERENCED, _FAILED)
        attributes[tag.upper()] = [_from_json(one) for one in values] if sequence else values
    return attributes


def _xml(body: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Unreadable("the answer declares XML entities")
    return ElementTree.fromstring(body)  # noqa: S314  without entities there is nothing to expand


def _from_xml(parent: ElementTree.Element) -> Attributes:
    attributes: Attributes = {}
    for element in parent:
        if _name(element) == "DicomAttribute":
            items = [_from_xml(one) for one in element if _name(one) == "Item"]
            values = [one.text or "" for one in element if _name(one) == "Value"]
            attributes[element.get("tag", "").upper()] = items or values
    return attributes


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _items(dataset: Attributes, tag: str) -> Iterator[Attributes]:
    for item in dataset.get(tag, []):
        if not isinstance(item, dict):
            raise Unreadable(f"the answer's ({tag}) is not a sequence")
        yield item


def _uid(item: Attributes, tag: str) -> str:
    values = item.get(tag) or [""]
    if not isinstance(values[0], str) or not is_uid(values[0].strip("\0 ")):
        raise Unreadable(f"the answer's ({tag}) is not a UID")
    return values[0].strip("\0 ")


def _number(item: Attributes, tag: str) -> int:
    values = item.get(tag) or [0]
    try:
        return int(values[0])
    except (TypeError, ValueError, OverflowError) as error:
        raise Unreadable(f"the answer's ({tag}) is not a number") from error
