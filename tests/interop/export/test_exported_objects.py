"""Exported objects before independent programs: dicom3tools, dcmtk and highdicom read them, and their references resolve."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array

from server.config.destinations import ObjectKind
from server.dicom import (
    REJECTED_FOR_QUALITY,
    Form,
    Making,
    build_derived_photo,
    build_key_object,
    build_segmentation,
    encoded,
    object_kind,
)
from server.export import Exporter, ExportOptions, Faces, Pseudonyms, Selection
from station.protocol import derived_uid
from tests.fixtures.dicom_objects import SERVER, segment
from tests.fixtures.dicom_validators import assert_valid, dump_report
from tests.fixtures.research_visits import ANNA, OPENED_AT, PLANTED, SIDE, Shot, add_visit, open_research

pytestmark = pytest.mark.interop

UNDATED = (
    re.compile(
        r"Warning - Missing attribute or value that would be needed to build DICOMDIR - Study (Date|Time)"
    ),
)
CONTENT = "clean-structured-content"


async def exported(
    tmp_path: Path,
    names: tuple[str, ...],
    faces: Faces,
    more: Callable[[Shot], Sequence[Dataset]] = lambda _: (),
    days: Sequence[int] = (0, 7),
) -> dict[str, Dataset]:
    """The files of a visit per day, by SOP Instance UID; `more` makes further objects of each photograph."""
    store, archive = open_research(tmp_path / "data")
    try:
        for day in days:
            opened_at = OPENED_AT + day * 86_400
            await add_visit(store, archive, ANNA, opened_at=opened_at, again=day == 0, more=more)
        exporter = Exporter(store, archive, Pseudonyms(b"k" * 32), ExportOptions.named(names, faces), "0.1.0")
        await exporter.export(tmp_path / "out", Selection())
    finally:
        await store.close()
    found = {path: pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")}
    assert all(path.stem == dataset.SOPInstanceUID for path, dataset in found.items())
    return {path.stem: dataset for path, dataset in found.items()}


def references(dataset: Dataset) -> set[str]:
    """Every SOP Instance UID that an object refers to."""
    found = {str(dataset.ReferencedSOPInstanceUID)} if "ReferencedSOPInstanceUID" in dataset else set()
    for element in dataset:
        if element.VR == "SQ":
            found = found.union(*(references(item) for item in element.value))
    return found


def further(shot: Shot) -> Sequence[Dataset]:
    """A heat map, a picture with a drawing on it, and a key object that says something of both photograph and masks."""
    photo, uid = shot.photo, str(shot.photo.SOPInstanceUID)
    made_at = datetime.fromtimestamp(OPENED_AT, UTC)

    def making(what: str, number: int) -> Making:
        return Making(
            series_instance_uid=derived_uid(str(photo.SeriesInstanceUID), what),
            sop_instance_uid=derived_uid(uid, what),
            series_number=number + int(photo.SeriesNumber),
            instance_number=int(photo.InstanceNumber),
            equipment=SERVER,
            made_at=made_at,
        )

    warm = np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1))
    heat = build_segmentation(
        photo, [segment("acne_severity", warm)], form=Form.FRACTIONAL, making=making("HEAT", 4000)
    )
    settings = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    drawn = cv2.imencode(".jpg", cv2.cvtColor(shot.srgb, cv2.COLOR_RGB2BGR), settings)[1].tobytes()
    overlay = build_derived_photo(
        photo,
        drawn,
        scale=1.0,
        derivation="Outlines drawn",
        comments="of Ferdinand",
        making=making("OVERLAY", 3000),
    )
    chosen = build_key_object(
        REJECTED_FOR_QUALITY,
        [photo, shot.segmentation],
        description="Annegret moved",
        making=making("KEY", 9000),
    )
    return heat, overlay, chosen


@pytest.mark.parametrize("faces", Faces)
async def test_heat_maps_drawings_and_key_objects_are_valid_as_well(tmp_path: Path, faces: Faces) -> None:
    objects = await exported(tmp_path, (CONTENT,), faces, further, days=(0,))
    kinds = Counter(object_kind(one) for one in objects.values())
    # What was masked is a derived picture as well.
    assert kinds[ObjectKind.OVERLAY] + kinds[ObjectKind.PHOTO] == 2 * kinds[ObjectKind.HEAT_MAP] >= 6
    assert kinds[ObjectKind.KEY_OBJECT] == (0 if faces is Faces.CROPS else 3)
    for study in {str(dataset.StudyInstanceUID) for dataset in objects.values()}:
        files = [Path(str(one.filename)) for one in objects.values() if one.StudyInstanceUID == study]
        assert_valid(files, also=UNDATED)
    for dataset in objects.values():
        assert references(dataset) <= set(objects)
        if dataset.Modality == "KO":
            dump_report(Path(str(dataset.filename)))
        text = bytes(encoded(dataset))
        assert not [word for word in PLANTED if word.encode() in text]


@pytest.mark.parametrize(
    ("names", "faces"),
    [
        ((), Faces.AS_THEY_ARE),
        (("basic",), Faces.AS_THEY_ARE),
        ((CONTENT, "modified-dates", "clean-pixel-data", "patient-characteristics"), Faces.EYE_BAND),
        (
            (CONTENT, "clean-descriptors", "full-dates", "device-identity", "institution", "retain-uids"),
            Faces.CROPS,
        ),
    ],
)
async def test_validators_find_nothing_wrong(tmp_path: Path, names: tuple[str, ...], faces: Faces) -> None:
    objects = await exported(tmp_path, names, faces)
    for study in {str(dataset.StudyInstanceUID) for dataset in objects.values()}:
        files = [Path(str(one.filename)) for one in objects.values() if one.StudyInstanceUID == study]
        assert_valid(files, also=UNDATED)
    for dataset in objects.values():
        assert references(dataset) <= set(objects)
        if dataset.Modality == "SR":
            dump_report(Path(str(dataset.filename)))


async def test_highdicom_reads_what_left(tmp_path: Path) -> None:
    objects = await exported(tmp_path, (), Faces.EYE_BAND)
    masks = [hd.seg.segread(one.filename) for one in objects.values() if one.Modality == "SEG"]
    reports = [hd.sr.srread(one.filename) for one in objects.values() if one.Modality == "SR"]
    assert len(masks) == len(reports) == 5
    tracked = set()
    for seg in masks:
        source = str(seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID)
        planes = seg.get_pixels_by_source_instance([source])
        assert np.array_equal(np.moveaxis(planes[0], -1, 0), pixel_array(objects[str(seg.SOPInstanceUID)]))
        tracked |= {str(item.TrackingUID) for item in seg.SegmentSequence}
    for report in reports:
        content: Any = report.content  # of a measurement report
        groups = content.get_planar_roi_measurement_groups()
        assert {str(group.tracking_uid) for group in groups} <= tracked
        (spot,) = [
            group
            for group in groups
            for one in group.get_measurements()
            if one.name.meaning == "Pigment spot area"
        ]
        assert spot.get_measurements()[0].value == 3.5
