"""Encapsulated PDF objects (PS3.3 section A.45.1): a report as people read it."""

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from server.dicom.attributes import Making, add_making, date, file_meta, offset, time, zone_of
from server.dicom.codes import code_item
from server.dicom.evidence import reference

_CONCEPT = Code("18748-4", "LN", "Diagnostic imaging study")
MAX_PDF_BYTES = 64 * 1024 * 1024
"""Largest document that is taken."""


def build_encapsulated_pdf(
    pdf: bytes,
    sources: Sequence[Dataset],
    *,
    title: str,
    making: Making,
    verified: bool = False,
) -> Dataset:
    """The object around `pdf`, a report on `sources`: headers of the visit's objects, at least one.

    `verified` only if a person has signed what the document says. Its pages name the patient: BurnedInAnnotation is YES.
    The same arguments give the same bytes. Raises `ValueError` for what is no PDF.
    """
    if not pdf.startswith(b"%PDF-") or len(pdf) > MAX_PDF_BYTES:
        raise ValueError(f"not a PDF of at most {MAX_PDF_BYTES} bytes")
    document = Dataset()
    add_making(
        document, sources[0], making, sop_class_uid=EncapsulatedPDFStorage, modality="DOC", title=title
    )
    document.ConversionType = "WSD"
    at = making.made_at.astimezone(zone_of(sources[0]))
    document.AcquisitionDateTime = date(at) + time(at) + offset(at)
    document.BurnedInAnnotation = "YES"
    document.RecognizableVisualFeatures = "YES"
    document.VerificationFlag = "VERIFIED" if verified else "UNVERIFIED"
    document.SourceInstanceSequence = [reference(source) for source in sources]
    document.DocumentTitle = title
    document.ConceptNameCodeSequence = [code_item(_CONCEPT)]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocument = pdf + b"\x00" * (len(pdf) % 2)
    document.EncapsulatedDocumentLength = len(pdf)
    document.file_meta = file_meta(document, ExplicitVRLittleEndian)
    return document
