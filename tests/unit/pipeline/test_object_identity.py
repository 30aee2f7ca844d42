"""UIDs of what is derived from a photo: the same for the same models, others for others."""

from datetime import UTC, datetime

import numpy as np
import pytest

from server.inference import ModelInfo
from server.pipeline import Examination, Identity, Layers, ObjectMaker
from server.pipeline.examination import as_layers
from server.pipeline.objects import COLOUR_SKIN
from station.protocol import Frame, FrameHeader, Layer, Light, Patient, View, new_uid

pytestmark = pytest.mark.unit

MODELS = (
    ModelInfo(name=COLOUR_SKIN, version=1, sha256="a" * 64),
    ModelInfo(name="chromophores", version=1, sha256="b" * 64),
)
HEADER = FrameHeader(frame_id=1, width=48, height=32, light=Light.WHITE, view=View.FRONT, captured_at=1.7e9)
FRAME = Frame(HEADER, np.full((32, 48, 3), 120, np.uint8))


def an_identity() -> Identity:
    return Identity(
        patient=Patient(),
        study_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        sop_instance_uid=new_uid(),
        series_number=1,
        instance_number=1,
        header=HEADER,
        study_at=datetime(2025, 3, 1, tzinfo=UTC),
    )


def some_layers() -> Layers:
    skin = np.zeros((32, 48), np.uint8)
    skin[8:24, 12:36] = 255
    return as_layers(dict.fromkeys(Layer, skin))


def uids(maker: ObjectMaker, identity: Identity) -> tuple[str, str, str, str, str]:
    """SOP Instance UIDs of photo, segmentation and report, then the Series of the derived ones."""
    photo = maker.photo(identity, np.asarray(FRAME.pixels, np.uint8), None)
    nothing = Examination(measures=(), findings=())
    masks = maker.segmentation(identity, photo, some_layers(), nothing)
    report = maker.report(identity, photo, masks, nothing, None)
    for made in (photo, masks, report):
        assert made.StudyInstanceUID == identity.study_instance_uid
    return tuple(
        str(uid)
        for uid in (
            photo.SOPInstanceUID,
            masks.SOPInstanceUID,
            report.SOPInstanceUID,
            masks.SeriesInstanceUID,
            report.SeriesInstanceUID,
        )
    )  # type: ignore[return-value]


def test_the_same_models_give_the_same_uids_in_any_order() -> None:
    identity = an_identity()
    first = uids(ObjectMaker(MODELS, "one"), identity)
    assert first[0] == identity.sop_instance_uid
    assert len(set(first)) == len(first)
    assert uids(ObjectMaker(MODELS[::-1], "two"), identity) == first


@pytest.mark.parametrize("change", [{"sha256": "c" * 64}, {"version": 2}])
def test_other_models_give_other_masks_and_reports_of_the_same_photo(change: dict[str, object]) -> None:
    identity = an_identity()
    other = (ModelInfo(**{**vars(MODELS[0]), **change}), MODELS[1])
    before, after = uids(ObjectMaker(MODELS, "s"), identity), uids(ObjectMaker(other, "s"), identity)
    assert before[0] == after[0]
    assert not set(before[1:]) & set(after[1:])


def test_another_photo_has_other_masks_and_reports() -> None:
    maker = ObjectMaker(MODELS, "s")
    assert not set(uids(maker, an_identity())) & set(uids(maker, an_identity()))
