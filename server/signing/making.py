"""Makes a report: its pages and, to be signed, the verified copies of the structured reports and the document around the pages.

Every UID follows from that of the signature: who begins anew writes the same files.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset

from server.dicom import (
    Equipment,
    Making,
    Observer,
    build_encapsulated_pdf,
    object_kind,
    read_header,
    verified,
    write,
)
from server.dicom.attributes import zone_of
from server.dicom.codes import COMMENT
from server.errors import BadImage
from server.signing.job import Answer, File, Job, document_uid
from server.signing.paper import TITLE, render_pdf
from server.signing.pictures import small_pictures
from server.signing.sheet import Signed
from server.store import Archive, Covered
from station.protocol import derived_uid

_REPORT_SERIES, _DOCUMENT_SERIES = 9100, 9200
"""Series numbers: behind what they are about."""


def make(job: Job) -> tuple[Answer, bytes]:
    """What a job asks for, with the PDF. Raises `BadImage`, `StorageFull`."""
    archive = Archive(Path(job.archive))
    paths = job.reports or tuple(one.report for one in job.sheet.photographs if one.report)
    reports = [_read(archive, path) for path in paths]
    zone = zone_of(reports[0]) if reports else UTC
    pictures = small_pictures(archive, job.sheet.photographs)
    pdf = render_pdf(job.sheet, pictures, _statements(reports), zone)
    if job.sheet.signed is None:
        return Answer(), pdf
    return _signed(archive, job, job.sheet.signed, reports, pdf), pdf


def _signed(archive: Archive, job: Job, signed: Signed, reports: Sequence[Dataset], pdf: bytes) -> Answer:
    observer = Observer(
        name=signed.name, organization=signed.organization, at=datetime.fromtimestamp(signed.at, UTC)
    )
    copies = [
        _verified(report, observer, signed.id, covered, number)
        for number, (covered, report) in enumerate(zip(job.covers, reports, strict=True), 1)
    ]
    made = [(covered.still_uid, copy) for covered, copy in zip(job.covers, copies, strict=True)]
    made.append((job.covers[0].still_uid, _document(pdf, copies, job, signed.id, observer.at)))
    covers = [
        Covered(one.still_uid, one.report_uid, one.sha256, str(copy.SOPInstanceUID))
        for one, copy in zip(job.covers, copies, strict=True)
    ]
    return Answer(
        files=tuple(_filed(archive, job.study, still, one) for still, one in made), covers=tuple(covers)
    )


def _verified(report: Dataset, observer: Observer, signature: str, covered: Covered, number: int) -> Dataset:
    """The copy of the report of one still that says who signed it."""
    return verified(
        report,
        observer,
        series_instance_uid=derived_uid(signature, "reports"),
        sop_instance_uid=derived_uid(signature, covered.report_uid),
        series_number=_REPORT_SERIES,
        instance_number=number,
    )


def _document(
    pdf: bytes, copies: Sequence[Dataset], job: Job, signature: str, signed_at: datetime
) -> Dataset:
    """The document around the pages, made of the verified copies."""
    return build_encapsulated_pdf(
        pdf,
        copies,
        title=TITLE,
        making=Making(
            series_instance_uid=derived_uid(signature, "document series"),
            sop_instance_uid=document_uid(signature),
            series_number=_DOCUMENT_SERIES,
            equipment=Equipment(
                manufacturer="dermabooth",
                model="dermabooth server",
                serial="0",
                software_versions=(job.sheet.software,),
            ),
            made_at=signed_at,
        ),
        verified=True,
    )


def _statements(reports: Sequence[Dataset]) -> list[str]:
    """The comments of structured reports, each once: notices, models with their hashes, calibration."""
    lines = dict.fromkeys(
        str(item.TextValue)
        for report in reports
        for item in report.get("ContentSequence", ())
        if item.get("ValueType") == "TEXT" and item.ConceptNameCodeSequence[0].CodeValue == COMMENT.value
    )
    return list(lines)


def _read(archive: Archive, path: str) -> Dataset:
    try:
        return read_header(archive.resolve(path), stop_before_pixels=False)
    except FileNotFoundError as error:
        raise BadImage(f"the file {path} is missing: restore it from a backup of the archive") from error


def _filed(archive: Archive, study: str, still: str, made: Dataset) -> File:
    path = archive.signed(study, still, str(made.SOPInstanceUID))
    digest = write(made, path)
    return File(
        sop_instance_uid=str(made.SOPInstanceUID),
        still_uid=still,
        study_instance_uid=str(made.StudyInstanceUID),
        series_instance_uid=str(made.SeriesInstanceUID),
        sop_class_uid=str(made.SOPClassUID),
        modality=str(made.Modality),
        path=archive.relative(path),
        sha256=digest,
        kind=object_kind(made),
        created_at=time.time(),
    )
