"""Key object and encapsulated documents before dicom3tools and dcmtk, and back through highdicom."""

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from server.dicom import (
    QUALITY_REASONS,
    REJECTED_FOR_QUALITY,
    REJECTIONS,
    Making,
    build_encapsulated_pdf,
    build_key_object,
    build_photo,
    build_report,
    build_segmentation,
    write,
)
from station.protocol import Light, Patient, derived_uid
from tests.fixtures.dicom_objects import MADE_AT, SERVER, description, header, overlapping_segments, picture
from tests.fixtures.dicom_validators import assert_valid, dump_report
from tests.fixtures.orders import ORDER

pytestmark = pytest.mark.interop


def visit(patient: Patient | None = None, ordered: bool = True) -> list[Dataset]:
    """Two photos, masks and a report."""
    more = {} if patient is None else {"patient": patient}
    photos = [
        build_photo(replace(description(header(light), **more), order=ORDER if ordered else None), picture())  # type: ignore[arg-type]
        for light in (Light.WHITE, Light.UV)
    ]
    masks = build_segmentation(
        photos[0],
        overlapping_segments(),
        making=Making(
            series_instance_uid=derived_uid("masks"),
            sop_instance_uid=derived_uid("mask"),
            series_number=100,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    report = build_report(
        photos[0],
        masks,
        (),
        making=Making(
            series_instance_uid=derived_uid("reports"),
            sop_instance_uid=derived_uid("report"),
            series_number=200,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    return [*photos, masks, report]


def key_object(title: Code, objects: list[Dataset], **more: object) -> Dataset:
    return build_key_object(
        title,
        objects,
        making=Making(
            series_instance_uid=derived_uid("keys", title.value),
            sop_instance_uid=derived_uid("key", title.value),
            series_number=300,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
        **more,  # type: ignore[arg-type]
    )


def written(folder: Path, *objects: Dataset) -> list[Path]:
    paths = [folder / f"{number}.dcm" for number in range(len(objects))]
    for path, made in zip(paths, objects, strict=True):
        write(made, path)
    return paths


@pytest.mark.parametrize("title", REJECTIONS, ids=lambda title: str(title.value))
def test_a_rejection_is_valid_and_names_everything(title: Code, tmp_path: Path) -> None:
    objects = visit()
    note = key_object(title, objects, person="Yamada^Tarou=山田^太郎", description="shot of another person")
    assert_valid(written(tmp_path, *objects, note))
    text = dump_report(tmp_path / "4.dcm")
    assert f'"{title.meaning}"' in text
    assert "Yamada^Tarou" in text
    assert "shot of another person" in text
    read = hd.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(tmp_path / "4.dcm"))
    references = [read.resolve_reference(one.SOPInstanceUID) for one in objects]
    assert references == [
        (one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID) for one in objects
    ]
    kinds = [item.value_type.value for item in read.content.get_references()]
    assert kinds == ["IMAGE", "IMAGE", "IMAGE", "COMPOSITE"]


def test_a_rejection_for_quality_says_why(tmp_path: Path) -> None:
    objects = visit(Patient(), ordered=False)[:1]
    note = key_object(REJECTED_FOR_QUALITY, objects, modifiers=(QUALITY_REASONS["motion_blur"],))
    assert_valid(written(tmp_path, *objects, note))
    assert "Motion blur" in dump_report(tmp_path / "1.dcm")


def test_the_same_rejection_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(key_object(REJECTED_FOR_QUALITY, visit()), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_nothing_and_several_studies_are_refused() -> None:
    objects = visit()
    other = Dataset()
    other.StudyInstanceUID = "2.25.1"
    for wrong in ([], [*objects, other]):
        with pytest.raises(ValueError, match="one study"):
            key_object(REJECTED_FOR_QUALITY, wrong)


def pdf() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(buffer, "PDF")
    return buffer.getvalue()


def encapsulated(data: bytes, sources: list[Dataset]) -> Dataset:
    return build_encapsulated_pdf(
        data,
        sources,
        title="Skin report",
        making=Making(
            series_instance_uid=derived_uid("documents"),
            sop_instance_uid=derived_uid("document"),
            series_number=400,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )


@pytest.mark.parametrize("odd", [False, True])
def test_a_pdf_is_valid_and_comes_back_byte_for_byte(odd: bool, tmp_path: Path) -> None:
    objects, data = visit(), pdf()
    data += b"\n" * ((len(data) % 2 == 0) == odd)
    assert_valid(written(tmp_path, *objects, encapsulated(data, objects)))
    subprocess.run(["/usr/bin/dcm2pdf", tmp_path / "4.dcm", tmp_path / "back.pdf"], check=True, timeout=60)
    assert (tmp_path / "back.pdf").read_bytes() == data
    made = pydicom.dcmread(tmp_path / "4.dcm")
    assert made.VerificationFlag == "UNVERIFIED"
    assert [one.ReferencedSOPInstanceUID for one in made.SourceInstanceSequence] == [
        one.SOPInstanceUID for one in objects
    ]


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(ValueError, match="not a PDF"):
        encapsulated(b"<html>", visit())
