"""Exported objects before independent programs: dicom3tools, dcmtk and highdicom read them, and their references resolve."""

import re
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array

from server.export import Exporter, ExportOptions, Faces, Pseudonyms, Selection
from tests.fixtures.dicom_validators import assert_valid, dump_report
from tests.fixtures.research_visits import ANNA, OPENED_AT, add_visit, open_research

pytestmark = pytest.mark.interop

UNDATED = (
    re.compile(
        r"Warning - Missing attribute or value that would be needed to build DICOMDIR - Study (Date|Time)"
    ),
)
CONTENT = "clean-structured-content"


async def exported(tmp_path: Path, names: tuple[str, ...], faces: Faces) -> dict[str, Dataset]:
    """The files of two visits, by SOP Instance UID."""
    store, archive = open_research(tmp_path / "data")
    try:
        for day in (0, 7):
            await add_visit(store, archive, ANNA, opened_at=OPENED_AT + day * 86_400, again=day == 0)
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
