"""Key Object Selection documents (PS3.3 section A.35.4; PS3.16 TID 2010): which objects, and what of them.

With a title of `REJECTIONS` the document withdraws the objects that it names (IHE Imaging Object Change Management).
"""

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage

from server.dicom import content
from server.dicom.attributes import Equipment, Making, add_making, file_meta
from server.dicom.content import Item, Relation
from server.dicom.evidence import evidence
from server.dicom.observer import device_observer, person_observer
from server.dicom.order import add_request

REJECTED_FOR_QUALITY = Code("113001", "DCM", "Rejected for Quality Reasons")
REJECTED_FOR_PATIENT_SAFETY = Code("113037", "DCM", "Rejected for Patient Safety Reasons")
INCORRECT_WORKLIST_ENTRY = Code("113038", "DCM", "Incorrect Modality Worklist Entry")
DATA_RETENTION_EXPIRED = Code("113039", "DCM", "Data Retention Policy Expired")
REJECTIONS = (
    REJECTED_FOR_QUALITY,
    REJECTED_FOR_PATIENT_SAFETY,
    INCORRECT_WORKLIST_ENTRY,
    DATA_RETENTION_EXPIRED,
)
"""Titles that withdraw what the document names (PS3.16 CID 7031)."""

QUALITY_REASONS = {
    "motion_blur": Code("111210", "DCM", "Motion blur"),
    "under_exposed": Code("111211", "DCM", "Under exposed"),
    "over_exposed": Code("111212", "DCM", "Over exposed"),
    "positioning": Code("111209", "DCM", "Positioning"),
    "artifact": Code("111207", "DCM", "Image artifact(s)"),
    "other": Code("111220", "DCM", "Other failure"),
}
"""What may stand beside `REJECTED_FOR_QUALITY` (PS3.16 CID 7011)."""

_MODIFIER = Code("113011", "DCM", "Document Title Modifier")
_SOURCE = Code("260753009", "SCT", "Source")
_DESCRIPTION = Code("113012", "DCM", "Key Object Description")


def build_key_object(
    title: Code,
    references: Sequence[Dataset],
    *,
    making: Making,
    modifiers: Sequence[Code] = (),
    description: str = "",
    person: str = "",
) -> Dataset:
    """The document that says `title` of `references`, the headers of objects of one study, in their order.

    `modifiers` say more of the title, `description` is free text, `person` the DICOM name of who decided; without one the
    program that made the document is its observer. The same arguments give the same bytes. Raises `ValueError` for no
    references or those of several studies.
    """
    if len({one.StudyInstanceUID for one in references}) != 1:
        raise ValueError("a key object document names at least one object, all of one study")
    items = _items(references, modifiers, description, person, making.equipment)
    document = content.document(title, items, template="2010")
    add_making(
        document,
        references[0],
        making,
        sop_class_uid=KeyObjectSelectionDocumentStorage,
        modality="KO",
        title=title.meaning,
    )
    document.ReferencedPerformedProcedureStepSequence = []
    document.CurrentRequestedProcedureEvidenceSequence = evidence(references)
    add_request(document, references[0])
    document.file_meta = file_meta(document, ExplicitVRLittleEndian)
    return document


def _items(
    references: Sequence[Dataset],
    modifiers: Sequence[Code],
    description: str,
    person: str,
    equipment: Equipment,
) -> Iterator[Item]:
    for modifier in modifiers:
        yield content.code(_MODIFIER, modifier, Relation.CONCEPT_MODIFIER)
    yield from person_observer(person) if person else device_observer(equipment)
    for one in references:
        yield content.image(_SOURCE, one) if "Rows" in one else content.composite(_SOURCE, one)
    if description:
        yield content.text(_DESCRIPTION, description)
