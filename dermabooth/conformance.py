"""`python -m dermabooth.conformance`: writes docs/reference/conformance-statement.md from the program's own tables."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydicom.datadict import tag_for_keyword
from pydicom.sr.coding import Code
from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    KeyObjectSelectionDocumentStorage,
    SegmentationStorage,
    VLPhotographicImageStorage,
)
from pynetdicom.sop_class import ModalityWorklistInformationFind  # type: ignore[attr-defined]

from server.config.dicom import DicomConfig
from server.dicom import codes, key_object
from server.dicom.attributes import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION, PATIENT_AND_STUDY
from server.dicom.dermoscopy import DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE
from server.dicom.segmentation import LABEL_MAP_SEGMENTATION_STORAGE
from server.dicomweb.attributes import MATCHED, MORE, TOLD
from server.dimse import COMMITMENT, PLAIN, VERIFICATION
from server.dimse.negotiation import IMPLEMENTATION_VERSION as VERSION_ON_THE_NETWORK
from server.dimse.status import verdict
from server.export.options import BASIC, CODES
from server.orders.keys import RETURNED, RETURNED_OF_STEP, SEQUENCES

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "conformance-statement.md"
_NAMES = {
    DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE: "Dermoscopic Photography Image Storage",
    LABEL_MAP_SEGMENTATION_STORAGE: "Label Map Segmentation Storage",
}
CREATED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    VLPhotographicImageStorage: ("photo; annotated picture (derived)", (JPEGLSLossless, JPEGBaseline8Bit)),
    DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE: (
        "photo through a dermoscope",
        (JPEGLSLossless, JPEGBaseline8Bit),
    ),
    SegmentationStorage: ("masks (binary), heat maps (fractional)", (ExplicitVRLittleEndian,)),
    LABEL_MAP_SEGMENTATION_STORAGE: ("masks, by option", (ExplicitVRLittleEndian,)),
    Comprehensive3DSRStorage: (
        "measures (TID 1500), UNVERIFIED; VERIFIED copies once a person has signed",
        (ExplicitVRLittleEndian,),
    ),
    KeyObjectSelectionDocumentStorage: ("rejection notes (TID 2010)", (ExplicitVRLittleEndian,)),
    EncapsulatedPDFStorage: (
        "report for people, of a visit that a person has signed",
        (ExplicitVRLittleEndian,),
    ),
}
"""What the server makes of each SOP class, and the transfer syntaxes it writes it in."""
_STATUSES = (
    0x0000,
    0xB000,
    0xB006,
    0xB007,
    0x0107,
    0x0116,
    0x0111,
    0xA700,
    0x0110,
    0x0213,
    0xA900,
    0xC000,
    0x0122,
    0x0124,
)


def statement() -> str:
    """The page."""
    return "\n".join(
        (
            "# DICOM conformance statement",
            "",
            "After the outline of DICOM PS3.2. Made by `python -m dermabooth.conformance` from the tables that the program "
            "itself works with; a test holds the two together. dermabooth is for cosmetic and research use; it is not a medical "
            "device. Its workflow is shaped after IHE profiles (Scheduled Workflow, Import Reconciliation, IOCM); conformance "
            "with none of them is claimed.",
            *_networking(),
            *_query(),
            *_dicomweb(),
            *_objects(),
            *_security(),
            "",
        )
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(statement())


def _networking() -> Iterable[str]:
    config = DicomConfig()
    yield from ("", "## Networking", "", "| | |", "|---|---|")
    yield f"| Implementation Class UID | `{IMPLEMENTATION_CLASS_UID}` |"
    yield f"| Implementation Version Name | `{VERSION_ON_THE_NETWORK}` (network), `{IMPLEMENTATION_VERSION}` (files) |"
    yield f"| AE title | `{config.ae_title}` unless configured |"
    yield f"| Largest PDU taken | {config.max_pdu} bytes unless configured |"
    yield "| Asynchronous operations, user identity, extended negotiation | not offered |"
    yield f"| Caller of our port | storage commitment reports alone; off by default, port {config.listener.port}, AE titles and addresses listed |"
    yield from ("", "| SOP class | UID | role | transfer syntaxes |", "|---|---|---|---|")
    plain = _syntaxes(PLAIN)
    for uid, (_, own) in CREATED.items():
        yield f"| {_name(uid)} | `{uid}` | SCU | {_syntaxes(dict.fromkeys((*own, *PLAIN)))} |"
    yield f"| {_name(ModalityWorklistInformationFind)} | `{ModalityWorklistInformationFind}` | SCU | {plain} |"
    yield f"| {_name(COMMITMENT)} | `{COMMITMENT}` | SCU; reports in the same association or a new one | {plain} |"
    yield f"| {_name(VERIFICATION)} | `{VERIFICATION}` | SCU; SCP at the listener | {plain} |"
    yield from (
        "",
        "A picture is proposed in the syntax of its file; where only the plain ones are accepted it is decoded for that peer.",
    )
    yield from ("", "### Statuses of C-STORE", "", "| status | what follows |", "|---|---|")
    for status in _STATUSES:
        yield f"| 0x{status:04X} | {verdict(status).ruling.value} |"
    yield from (
        "",
        "`again` is retried with a growing pause; `park` waits for a person. [More](dicom-network.md).",
    )


def _query() -> Iterable[str]:
    yield from (
        "",
        "## Modality Worklist",
        "",
        "Matching keys: ScheduledProcedureStepStartDate, Modality, ScheduledStationAETitle; "
        "by hand also PatientName, PatientID, AccessionNumber, AdmissionID. Return keys:",
        "",
        "| level | keys |",
        "|---|---|",
    )
    yield f"| item | {_listed(RETURNED)} |"
    yield f"| ScheduledProcedureStepSequence | {_listed(RETURNED_OF_STEP)} |"
    for sequence, keys in SEQUENCES.items():
        yield f"| {sequence} | {_listed(keys)} |"
    yield from (
        "",
        "How they are carried into the objects: [the worklist](worklist.md#what-an-ordered-visit-carries). MPPS is not supported.",
    )


def _dicomweb() -> Iterable[str]:
    yield from ("", "## DICOMweb", "", "| service | role |", "|---|---|")
    yield "| STOW-RS, QIDO-RS | user agent: delivery, and proof that it is kept |"
    yield "| QIDO-RS, WADO-RS (objects, metadata, frames, bulk data, rendered, thumbnail) | origin server below `/dicom-web` |"
    yield from (
        "",
        f"Matched: {_listed(tuple(MATCHED))}.",
        "",
        "| level | told | by `includefield` |",
        "|---|---|---|",
    )
    for level, told in TOLD.items():
        yield f"| {level.value} | {_listed(told)} | {_listed(MORE[level])} |"
    yield from ("", "[More](dicomweb.md).")


def _objects() -> Iterable[str]:
    yield from ("", "## Objects", "", "| SOP class | what it holds | written as |", "|---|---|---|")
    for uid, (holds, own) in CREATED.items():
        yield f"| {_name(uid)} | {holds} | {_syntaxes(own)} |"
    yield from (
        "",
        "All are Standard Extended or Standard SOP classes; no private attributes are needed to read them. "
        "UIDs are derived under `2.25` (PS3.5 annex B.2). Text is written as `ISO_IR 192`; worklists are read in every "
        "character set of PS3.3 section C.12.1.1.2.",
    )
    yield from _shared_attributes()
    yield from _codes()


def _shared_attributes() -> Iterable[str]:
    yield from (
        "",
        "### Attributes that all objects of a visit share",
        "",
        "| attribute | tag |",
        "|---|---|",
    )
    for keyword in PATIENT_AND_STUDY:
        tag = tag_for_keyword(keyword) or 0
        yield f"| {keyword} | ({tag >> 16:04X},{tag & 0xFFFF:04X}) |"


def _codes() -> Iterable[str]:
    yield from (
        "",
        "### Codes",
        "",
        "Those with names of their own; sites and measures: [DICOM objects](dicom-objects.md). "
        f"Private scheme `{codes.PRIVATE_SCHEME}`, version {codes.PRIVATE_SCHEME_VERSION}, declared in "
        "CodingSchemeIdentificationSequence of every object.",
        "",
        "| code | scheme | meaning |",
        "|---|---|---|",
    )
    for one in _coded():
        yield f"| {one.value} | {one.scheme_designator} | {one.meaning} |"


def _security() -> Iterable[str]:
    yield from ("", "## Security", "")
    yield "TLS 1.2 (ECDHE with AES-GCM or ChaCha20-Poly1305) or 1.3 after BCP 195, with certificates on both sides by configuration, "
    yield "for DIMSE, its listener and HTTPS. Audit messages after PS3.15 section A.5, to a file with a hash chain and to syslog over TLS."
    yield from (
        "",
        "### De-identification",
        "",
        f"`dermabooth export`: {BASIC.meaning} ({BASIC.value}, PS3.15 annex E), with these options:",
        "",
        "| option | code | meaning |",
        "|---|---|---|",
    )
    for option, code in CODES.items():
        yield f"| `{option.value}` | {code.value} | {code.meaning} |"


def _coded() -> list[Code]:
    """Named codes of the objects, by scheme and value."""
    found = [
        one
        for home in (codes, key_object)
        for name, one in vars(home).items()
        if name.isupper() and isinstance(one, Code)
    ]
    named = {(one.scheme_designator, one.value): one for one in found}
    return [named[key] for key in sorted(named)]


def _name(uid: str) -> str:
    return _NAMES.get(UID(uid), UID(uid).name)


def _syntaxes(uids: Iterable[str]) -> str:
    return ", ".join(UID(uid).name.partition(" (")[0] for uid in uids)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


if __name__ == "__main__":
    main()
