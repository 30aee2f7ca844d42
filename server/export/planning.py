"""What of a visit would leave, and why the rest stays: told before any pixel is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EnhancedSRStorage,
    KeyObjectSelectionDocumentStorage,
    SegmentationStorage,
    VLPhotographicImageStorage,
)

from server.dicom import (
    DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE,
    LABEL_MAP_SEGMENTATION_STORAGE,
    read_header,
)
from server.errors import BadImage
from server.export.deidentify import Scope
from server.export.masking import Part, Refused, parts_of
from server.export.options import ExportOptions, Faces, Option
from server.store import Archive, Instance, Still, Visit

PHOTO, OVERLAY, MASKS, REPORT, KEY_OBJECT = "photo", "overlay", "masks", "report", "key object"
_KINDS: Mapping[str, str] = {
    VLPhotographicImageStorage: PHOTO,
    DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE: PHOTO,
    SegmentationStorage: MASKS,
    LABEL_MAP_SEGMENTATION_STORAGE: MASKS,
    ComprehensiveSRStorage: REPORT,
    Comprehensive3DSRStorage: REPORT,
    EnhancedSRStorage: REPORT,
    KeyObjectSelectionDocumentStorage: KEY_OBJECT,
}

NOT_THERE = "its file is not in the archive"
NO_KIND = "objects of its kind are not exported"
NO_PHOTO = "its photograph does not leave"
NEEDS_CONTENT = "it is text throughout; add --option clean-structured-content"
OF_WHOLE_PICTURE = "it tells of the whole picture, and only crops leave"
OTHER_SIZE = "it is of another size than the picture that the face was found in"
SIGNED = "it names who signed it; the report that was signed says the same"
BURNED_IN = "it does not say that no text is burned into the picture"


@dataclass(frozen=True, eq=False)
class Planned:
    """One object that leaves, whole or in parts."""

    kind: str
    instance: Instance
    path: Path
    parts: tuple[Part, ...] = ()

    @property
    def files(self) -> int:
        """How many it becomes."""
        return max(len(self.parts), 1)


@dataclass(frozen=True, eq=False)
class VisitPlan:
    """What of one visit leaves, and why each other object stays."""

    visit: Visit
    planned: tuple[Planned, ...]
    stays: Mapping[str, str]
    """Reason by SOP Instance UID."""

    @property
    def photos(self) -> dict[str, str]:
        """SOP Instance UID of the photograph of each still, as its objects name it."""
        return {
            one.instance.still_uid: one.instance.sop_instance_uid for one in self.planned if one.kind == PHOTO
        }

    @property
    def exported(self) -> frozenset[str]:
        """SOP Instance UIDs of what leaves."""
        return frozenset(one.instance.sop_instance_uid for one in self.planned)

    def with_part(self, name: str) -> frozenset[str]:
        """SOP Instance UIDs of what leaves in parts, one of them of this name."""
        return frozenset(one.instance.sop_instance_uid for one in self._parted(name))

    def scope(self, name: str) -> Scope:
        """The objects and series that this part has UIDs of its own for."""
        series = {one.instance.series_instance_uid for one in self._parted(name)}
        return Scope(self.with_part(name) | series, name)

    def _parted(self, name: str) -> list[Planned]:
        return [one for one in self.planned if any(part.name == name for part in one.parts)]


def plan_visit(
    visit: Visit,
    stills: Sequence[Still],
    instances: Sequence[Instance],
    archive: Archive,
    options: ExportOptions,
) -> VisitPlan:
    """Judge every object of a visit; reads headers. Raises `BadImage` for a damaged file."""
    judging = _Judging(stills, options)
    headers = {one.sop_instance_uid: _header(archive, one) for one in instances}
    stays: dict[str, str] = {}
    planned: list[Planned] = []
    for instance in sorted(instances, key=lambda one: _rank(headers[one.sop_instance_uid])):
        try:
            kind, parts = judging.judge(instance, headers[instance.sop_instance_uid])
        except Refused as refusal:
            stays[instance.sop_instance_uid] = str(refusal)
        else:
            planned.append(Planned(kind, instance, archive.resolve(instance.path), parts))
    return VisitPlan(visit, tuple(planned), stays)


class _Judging:
    """Judges objects, photographs first: they say in which parts the others of their still leave."""

    def __init__(self, stills: Sequence[Still], options: ExportOptions) -> None:
        self._stills = {still.sop_instance_uid: still for still in stills}
        self._options = options
        self._parts: dict[str, tuple[Part, ...]] = {}

    def judge(self, instance: Instance, header: Dataset | None) -> tuple[str, tuple[Part, ...]]:
        """The kind of an object and the parts in which it leaves, none for a whole one; raises `Refused`."""
        if header is None:
            raise Refused(NOT_THERE)
        kind, still = _kind(header), self._stills.get(instance.still_uid)
        _refuse_signed(header)
        if kind in {PHOTO, OVERLAY}:
            _check_picture(header, still, self._options)
        if kind == PHOTO:
            face = None if still is None else still.face
            self._parts[instance.still_uid] = parts_of(face, header.Columns, header.Rows, self._options.faces)
        if kind in {REPORT, KEY_OBJECT}:
            _check_text(self._options)
        if instance.still_uid not in self._parts:
            raise Refused(NO_PHOTO)
        return kind, () if kind in {REPORT, KEY_OBJECT} else self._parts[instance.still_uid]


def _check_picture(header: Dataset, still: Still | None, options: ExportOptions) -> None:
    if Option.CLEAN_PIXEL_DATA in options.options and header.get("BurnedInAnnotation") != "NO":
        raise Refused(BURNED_IN)
    size = (header.Columns, header.Rows)
    if options.masked and still is not None and (still.header.width, still.header.height) != size:
        raise Refused(OTHER_SIZE)


def _refuse_signed(header: Dataset) -> None:
    if header.get("VerificationFlag") == "VERIFIED":
        raise Refused(SIGNED)


def _check_text(options: ExportOptions) -> None:
    if Option.CLEAN_STRUCTURED_CONTENT not in options.options:
        raise Refused(NEEDS_CONTENT)
    if options.faces is Faces.CROPS:
        raise Refused(OF_WHOLE_PICTURE)


def _kind(header: Dataset) -> str:
    kind = _KINDS.get(str(header.get("SOPClassUID", "")))
    if kind is None:
        raise Refused(NO_KIND)
    return OVERLAY if kind == PHOTO and header.get("ImageType", ["ORIGINAL"])[0] == "DERIVED" else kind


def _rank(header: Dataset | None) -> bool:
    """Photographs first: they say what becomes of the others."""
    photo = header is not None and _KINDS.get(str(header.get("SOPClassUID", ""))) == PHOTO
    return not photo or header is None or header.get("ImageType", ["ORIGINAL"])[0] == "DERIVED"


def _header(archive: Archive, instance: Instance) -> Dataset | None:
    path = archive.resolve(instance.path)
    try:
        return read_header(path)
    except FileNotFoundError:
        return None
    except BadImage as error:
        raise BadImage(f"{path}: {error}; move it away, or choose other visits") from error
