import hashlib
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from server.dicom import (
    Making,
    Segment,
    build_photo,
    build_report,
    build_segmentation,
    content,
    encoded,
    explicit,
    warm_up,
)
from station.protocol import Measure, derived_uid
from tests.fixtures.dicom_objects import (
    HEIGHT,
    MADE_AT,
    SERVER,
    WIDTH,
    description,
    measures,
    overlapping_segments,
    picture,
    segment,
    spot,
)

pytestmark = pytest.mark.unit


class Unreadable(Dataset):
    """A photo whose pixels must not be touched."""

    def __getattr__(self, name: str) -> object:
        assert name not in ("PixelData", "pixel_array")
        return super().__getattr__(name)


def photo() -> Dataset:
    return build_photo(description(), picture())


def segmentation_of(source: Dataset, segments: list[Segment]) -> Dataset:
    return build_segmentation(
        source,
        segments,
        making=Making(
            series_instance_uid=derived_uid("series of masks"),
            sop_instance_uid=derived_uid("masks"),
            series_number=100,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )


def report_of(source: Dataset, segmentation: Dataset | None, found: tuple[Measure, ...]) -> Dataset:
    return build_report(
        source,
        segmentation,
        found,
        (spot(),),
        making=Making(
            series_instance_uid=derived_uid("series of reports"),
            sop_instance_uid=derived_uid("report"),
            series_number=200,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )


def texts(item: Dataset) -> Iterator[str]:
    if "TextValue" in item:
        yield str(item.TextValue)
    for child in item.get("ContentSequence", ()):
        yield from texts(child)


def digest(built: Dataset) -> bytes:
    return hashlib.sha256(encoded(built)).digest()


def test_the_same_arguments_give_the_same_bytes() -> None:
    source = photo()
    first, second = (segmentation_of(source, overlapping_segments()) for _ in range(2))
    assert digest(first) == digest(second)
    assert digest(report_of(source, first, measures())) == digest(report_of(source, second, measures()))


def test_uids_are_as_given_and_the_photo_is_left_alone() -> None:
    source = photo()
    before = digest(source)
    segmentation = segmentation_of(source, overlapping_segments())
    report = report_of(source, segmentation, measures())
    assert segmentation.SOPInstanceUID == derived_uid("masks")
    assert report.SOPInstanceUID == derived_uid("report")
    assert report.StudyInstanceUID == segmentation.StudyInstanceUID == source.StudyInstanceUID
    assert digest(source) == before


def test_pixels_of_the_photo_are_not_read() -> None:
    source = Unreadable()
    source.update({element.tag: element for element in photo() if element.keyword != "PixelData"})
    segmentation = segmentation_of(source, overlapping_segments())
    assert report_of(source, segmentation, measures()).Modality == "SR"


def test_times_are_in_the_zone_of_the_visit() -> None:
    segmentation = segmentation_of(photo(), overlapping_segments())
    assert segmentation.TimezoneOffsetFromUTC == "+0100"
    assert (segmentation.ContentDate, segmentation.ContentTime) == ("20260329", "090000.000000")


def test_every_segment_has_its_frame() -> None:
    segmentation = segmentation_of(photo(), overlapping_segments())
    assert segmentation.NumberOfFrames == len(segmentation.SegmentSequence) == 4


def test_masks_of_another_size_and_none_are_refused() -> None:
    with pytest.raises(ValueError, match="mask of 'skin'"):
        segmentation_of(photo(), [segment("skin", np.ones((WIDTH, HEIGHT), np.bool_))])
    with pytest.raises(ValueError, match="at least one"):
        segmentation_of(photo(), [])


def test_a_number_that_is_none_is_said_to_be_not_measurable() -> None:
    strange = Measure(region="nose", name="melanin_index", value=float("nan"), unit="", method="m/1")
    report = report_of(photo(), None, (strange,))
    assert "melanin_index: not a finite number" in [*texts(report)]
    assert "NOT_MEASURABLE" in bytes(encoded(report)).decode("latin-1")


def test_warming_up_leaves_nothing_behind() -> None:
    warm_up()
    warm_up()


def test_a_report_is_encoded_as_pydicom_would() -> None:
    source = photo()
    report = report_of(source, segmentation_of(source, overlapping_segments()), measures())
    data = bytes(encoded(report))
    decoded = pydicom.dcmread(BytesIO(data))
    decoded.walk(lambda _, element: element.value)
    again = Dataset()
    again.update({element.tag: element for element in decoded})
    again.file_meta = decoded.file_meta
    assert bytes(encoded(again)) == data


def test_codes_of_one_value_keep_their_own_meaning() -> None:
    first, second = (content.code(Code("1", "99X", name), Code("2", "99X", name)) for name in ("one", "two"))
    assert b"one " in first
    assert b"two " in second


def test_a_value_too_long_for_its_representation_is_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        explicit.text(0x00080104, "LO", "x" * 70_000)
