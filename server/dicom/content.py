"""Content items of structured reports (PS3.3 section C.17.3) as plain datasets.

Elements are added by tag and VR: a report holds thousands, and looking each up by keyword would take most of its time.
"""

from collections.abc import Iterable
from enum import StrEnum

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.valuerep import DSfloat


class Relation(StrEnum):
    """Relationship of an item to the one that holds it."""

    CONTAINS = "CONTAINS"
    CONCEPT_MODIFIER = "HAS CONCEPT MOD"
    OBSERVATION_CONTEXT = "HAS OBS CONTEXT"
    ACQUISITION_CONTEXT = "HAS ACQ CONTEXT"


def concept(code: Code) -> Dataset:
    """The item of a code sequence."""
    item = Dataset()
    item.add_new(0x00080100, "SH", code.value)
    item.add_new(0x00080102, "SH", code.scheme_designator)
    item.add_new(0x00080104, "LO", code.meaning)
    return item


def container(
    name: Code,
    children: Iterable[Dataset],
    *,
    template: str = "",
    relation: Relation | None = Relation.CONTAINS,
) -> Dataset:
    """A CONTAINER; `template` is an identifier of PS3.16."""
    item = _item("CONTAINER", name, relation)
    item.add_new(0x0040A050, "CS", "SEPARATE")
    if template:
        resource = Dataset()
        resource.add_new(0x00080105, "CS", "DCMR")
        resource.add_new(0x0040DB00, "CS", template)
        item.add_new(0x0040A504, "SQ", Sequence([resource]))
    return with_children(item, children)


def code(name: Code, value: Code, relation: Relation = Relation.CONTAINS) -> Dataset:
    """A CODE."""
    item = _item("CODE", name, relation)
    item.add_new(0x0040A168, "SQ", Sequence([concept(value)]))
    return item


def text(name: Code, value: str, relation: Relation = Relation.CONTAINS) -> Dataset:
    """A TEXT; an empty one is written as a dash."""
    item = _item("TEXT", name, relation)
    item.add_new(0x0040A160, "UT", value or "-")
    return item


def uid(name: Code, value: str, relation: Relation = Relation.CONTAINS) -> Dataset:
    """A UIDREF."""
    item = _item("UIDREF", name, relation)
    item.add_new(0x0040A124, "UI", value)
    return item


def number(name: Code, value: float, unit: Code, relation: Relation = Relation.CONTAINS) -> Dataset:
    """A NUM: the decimal string, and the value in full precision beside it."""
    measured = Dataset()
    measured.add_new(0x004008EA, "SQ", Sequence([concept(unit)]))
    measured.add_new(0x0040A161, "FD", float(value))
    measured.add_new(0x0040A30A, "DS", DSfloat(float(value), auto_format=True))
    item = _item("NUM", name, relation)
    item.add_new(0x0040A300, "SQ", Sequence([measured]))
    return item


def image(name: Code, instance: Dataset, *, segment: int | None = None) -> Dataset:
    """An IMAGE: an instance, or one segment of it."""
    reference = Dataset()
    reference.add_new(0x00081150, "UI", instance.SOPClassUID)
    reference.add_new(0x00081155, "UI", instance.SOPInstanceUID)
    if segment is not None:
        reference.add_new(0x0062000B, "US", segment)
    item = _item("IMAGE", name, Relation.CONTAINS)
    item.add_new(0x00081199, "SQ", Sequence([reference]))
    return item


def with_children(item: Dataset, children: Iterable[Dataset]) -> Dataset:
    """The item, holding these items."""
    held = list(children)
    if held:
        item.add_new(0x0040A730, "SQ", Sequence(held))
    return item


def _item(value_type: str, name: Code, relation: Relation | None) -> Dataset:
    item = Dataset()
    if relation is not None:
        item.add_new(0x0040A010, "CS", str(relation))
    item.add_new(0x0040A040, "CS", value_type)
    item.add_new(0x0040A043, "SQ", Sequence([concept(name)]))
    return item
