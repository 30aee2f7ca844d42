"""The files of a correction: corrected copies of what it withdraws, and the key object that withdraws it.

Their UIDs follow from those of the objects and of the correction, so that who begins anew makes the same files.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from server.config.destinations import ObjectKind
from server.dicom import (
    DATA_RETENTION_EXPIRED,
    INCORRECT_WORKLIST_ENTRY,
    QUALITY_REASONS,
    REJECTED_FOR_PATIENT_SAFETY,
    REJECTED_FOR_QUALITY,
    Equipment,
    Making,
    Restatement,
    build_key_object,
    object_kind,
    read_header,
    restated,
    restated_photo,
    write,
)
from server.errors import BadImage
from server.store import WHOLE_RECORD, Archive, Cause, Correction, CorrectionKind, Instance
from station.protocol import Patient, View, derived_uid

_TITLES = {
    Cause.WORKLIST_ENTRY: INCORRECT_WORKLIST_ENTRY,
    Cause.PATIENT_SAFETY: REJECTED_FOR_PATIENT_SAFETY,
    Cause.RETENTION: DATA_RETENTION_EXPIRED,
}
_SERIES_NUMBER = 9000
"""Of the key objects: behind everything else of a study."""


def title_of(cause: Cause) -> tuple[Code, tuple[Code, ...]]:
    """The title of the key object, and what may stand beside it."""
    if cause in _TITLES:
        return _TITLES[cause], ()
    return REJECTED_FOR_QUALITY, (QUALITY_REASONS[cause.value],)


TrackingUid = Callable[[Patient, str, View, str], str]
"""The tracking UID of a region or finding: of whom, in which study, in which view, by which tracking ID."""


class CopyMaker:
    """Makes the files of corrections below an archive; calls block.

    `software` names this program and its version; `tracking` gives regions and findings the identifiers that they have in the
    other visits of the patient.
    """

    def __init__(self, archive: Archive, software: str, tracking: TrackingUid) -> None:
        self._archive = archive
        self._tracking = tracking
        self._equipment = Equipment(
            manufacturer="dermabooth", model="dermabooth server", serial="0", software_versions=(software,)
        )

    def copies(
        self, correction: Correction, objects: Sequence[Instance], views: Mapping[str, View]
    ) -> Iterator[Instance]:
        """Copies of all objects of a visit that can be said anew, one after the other. Raises `BadImage`, `StorageFull`.

        Of what a person has signed there is none: it says what was true then. `views` are those of the stills.
        """
        kept = [one for one in objects if not self._is_signed(one)]
        said = _restatement(correction, kept, self._tracked(correction, kept, views))
        photos = dict[str, Dataset]()
        for one in sorted(kept, key=lambda one: one.kind != ObjectKind.PHOTO):
            path = self._place(correction, one.still_uid, said.uids[one.sop_instance_uid])
            photo = photos.get(one.still_uid)
            if not path.is_file():
                write(self._restated(one, photo, said), path)
            made = read_header(path)
            if one.kind == ObjectKind.PHOTO:
                photos.setdefault(one.still_uid, made)
            yield self._entry(one.still_uid, path, made)

    def notice(self, correction: Correction, objects: Sequence[Instance]) -> Instance:
        """The key object that withdraws objects, at least one."""
        uid, first = derived_uid(correction.id, "withdrawn"), objects[0].still_uid
        path = self._place(correction, first, uid)
        if not path.is_file():
            title, modifiers = title_of(correction.cause)
            document = build_key_object(
                title,
                [self._header(one) for one in objects],
                making=Making(
                    series_instance_uid=derived_uid(correction.id, "series"),
                    sop_instance_uid=uid,
                    series_number=_SERIES_NUMBER,
                    equipment=self._equipment,
                    made_at=_at(correction),
                ),
                modifiers=modifiers,
                description=correction.reason,
            )
            write(document, path)
        entry = self._entry(first, path, read_header(path))
        return Instance(**{**vars(entry), "hidden_by": correction.id})

    def _is_signed(self, one: Instance) -> bool:
        if one.kind == ObjectKind.REPORT:
            return bool(self._header(one).VerificationFlag == "VERIFIED")
        return one.kind == ObjectKind.DOCUMENT

    def _restated(self, one: Instance, photo: Dataset | None, said: Restatement) -> Dataset:
        source = self._header(one, stop_before_pixels=False)
        if one.kind == ObjectKind.PHOTO:
            return restated_photo(source, said)
        if photo is None:
            raise BadImage(
                "there is an object of a picture whose photograph is missing: nothing was corrected"
            )
        return restated(source, photo, said)

    def _tracked(
        self, correction: Correction, objects: Sequence[Instance], views: Mapping[str, View]
    ) -> dict[str, str]:
        """The new tracking UID of every region and finding, by the old one."""
        patient, study, found = correction.after.patient, correction.study_after, dict[str, str]()
        for one in objects:
            if one.kind in (ObjectKind.SEGMENTATION, ObjectKind.HEAT_MAP):
                for segment in self._header(one).get("SegmentSequence", ()):
                    if "TrackingUID" in segment:
                        uid = self._tracking(patient, study, views[one.still_uid], segment.TrackingID)
                        found[str(segment.TrackingUID)] = uid
        return found

    def _header(self, one: Instance, *, stop_before_pixels: bool = True) -> Dataset:
        path = self._archive.resolve(one.path)
        try:
            return read_header(path, stop_before_pixels=stop_before_pixels)
        except FileNotFoundError as error:
            step = "restore it from a backup of the archive, then ask for the correction again"
            raise BadImage(f"the file {one.path} is missing: {step}") from error

    def _place(self, correction: Correction, still_uid: str, uid: str) -> Path:
        return self._archive.corrected(correction.study_instance_uid, still_uid, uid)

    def _entry(self, still_uid: str, path: Path, made: Dataset) -> Instance:
        return Instance(
            sop_instance_uid=str(made.SOPInstanceUID),
            still_uid=still_uid,
            study_instance_uid=str(made.StudyInstanceUID),
            series_instance_uid=str(made.SeriesInstanceUID),
            sop_class_uid=str(made.SOPClassUID),
            modality=str(made.Modality),
            path=self._archive.relative(path),
            sha256=_digest(path),
            created_at=time.time(),
            kind=object_kind(made),
        )


def _restatement(
    correction: Correction, objects: Sequence[Instance], tracked: Mapping[str, str]
) -> Restatement:
    old, new = correction.study_before, correction.study_after
    uids = {**tracked, old: new}
    for one in objects:
        for uid in (one.series_instance_uid, one.sop_instance_uid):
            uids[uid] = derived_uid(uid, new)
    return Restatement(
        patient=correction.after.patient,
        order=correction.after.order,
        keep_order=correction.kind in WHOLE_RECORD,
        uids=uids,
        at=_at(correction),
        same_person=correction.kind is not CorrectionKind.MOVE,
    )


def _at(correction: Correction) -> datetime:
    return datetime.fromtimestamp(correction.requested_at, UTC)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
