"""Content items of structured reports (PS3.3 section C.17.3).

An item is its encoded elements: a report holds a thousand codes, most of them the same few.
"""

import struct
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DSfloat

from server.dicom import explicit

Item = bytes
"""The elements of one content item in Explicit VR Little Endian."""


class Relation(StrEnum):
    """Relationship of an item to the one that holds it."""

    CONTAINS = "CONTAINS"
    CONCEPT_MODIFIER = "HAS CONCEPT MOD"
    OBSERVATION_CONTEXT = "HAS OBS CONTEXT"
    ACQUISITION_CONTEXT = "HAS ACQ CONTEXT"


def document(name: Code, children: Iterable[Item], *, template: str) -> Dataset:
    """The root CONTAINER as the beginning of a document; its items are decoded when they are asked for."""
    root = explicit.text(0x00080005, "CS", "ISO_IR 192") + _container(name, children, template, None)
    return read_dataset(BytesIO(root), is_implicit_VR=False, is_little_endian=True)


def container(name: Code, children: Iterable[Item], *, template: str = "") -> Item:
    """A CONTAINER; `template` is an identifier of PS3.16."""
    return _container(name, children, template, Relation.CONTAINS)


def code(
    name: Code, value: Code, relation: Relation = Relation.CONTAINS, children: Iterable[Item] = ()
) -> Item:
    """A CODE."""
    return _item("CODE", name, relation, explicit.sequence(0x0040A168, [_concept(*value[:3])]), children)


def text(name: Code, value: str, relation: Relation = Relation.CONTAINS) -> Item:
    """A TEXT; an empty one is written as a dash."""
    return _item("TEXT", name, relation, explicit.text(0x0040A160, "UT", value or "-"))


def uid(name: Code, value: str, relation: Relation = Relation.CONTAINS) -> Item:
    """A UIDREF."""
    return _item("UIDREF", name, relation, explicit.text(0x0040A124, "UI", value))


def person(name: Code, value: str, relation: Relation = Relation.CONTAINS) -> Item:
    """A PNAME."""
    return _item("PNAME", name, relation, explicit.text(0x0040A123, "PN", value))


def number(
    name: Code,
    value: float,
    unit: Code,
    relation: Relation = Relation.CONTAINS,
    children: Iterable[Item] = (),
) -> Item:
    """A NUM: the decimal string, and the value in full precision beside it."""
    measured = (
        explicit.sequence(0x004008EA, [_concept(*unit[:3])])
        + explicit.element(0x0040A161, "FD", struct.pack("<d", value))
        + explicit.text(0x0040A30A, "DS", str(DSfloat(float(value), auto_format=True)))
    )
    return _item("NUM", name, relation, explicit.sequence(0x0040A300, [measured]), children)


def image(
    name: Code, instance: Dataset, *, segment: int | None = None, children: Iterable[Item] = ()
) -> Item:
    """An IMAGE: an instance, or one segment of it."""
    reference = _reference(instance)
    if segment is not None:
        reference += explicit.element(0x0062000B, "US", struct.pack("<H", segment))
    return explicit.sequence(0x00081199, [reference]) + _item("IMAGE", name, Relation.CONTAINS, b"", children)


def composite(name: Code, instance: Dataset) -> Item:
    """A COMPOSITE: an instance that is no image."""
    return explicit.sequence(0x00081199, [_reference(instance)]) + _item(
        "COMPOSITE", name, Relation.CONTAINS, b""
    )


def _reference(instance: Dataset) -> bytes:
    return explicit.text(0x00081150, "UI", instance.SOPClassUID) + explicit.text(
        0x00081155, "UI", instance.SOPInstanceUID
    )


def _container(name: Code, children: Iterable[Item], template: str, relation: Relation | None) -> Item:
    value = explicit.text(0x0040A050, "CS", "SEPARATE")
    if template:
        named = explicit.text(0x00080105, "CS", "DCMR") + explicit.text(0x0040DB00, "CS", template)
        value += explicit.sequence(0x0040A504, [named])
    return _item("CONTAINER", name, relation, value, children)


def _item(
    value_type: str, name: Code, relation: Relation | None, value: bytes, children: Iterable[Item] = ()
) -> Item:
    """Its elements in order of their tags: all values lie between concept name and content."""
    head = b"" if relation is None else explicit.text(0x0040A010, "CS", relation)
    head += explicit.text(0x0040A040, "CS", value_type) + explicit.sequence(0x0040A043, [_concept(*name[:3])])
    held = list(children)
    return head + value + (explicit.sequence(0x0040A730, held) if held else b"")


@lru_cache(maxsize=1024)
def _concept(value: str, scheme: str, meaning: str) -> bytes:
    """The item of a code sequence (PS3.3 section 8.8)."""
    return (
        explicit.text(0x00080100, "SH", value)
        + explicit.text(0x00080102, "SH", scheme)
        + explicit.text(0x00080104, "LO", meaning)
    )
