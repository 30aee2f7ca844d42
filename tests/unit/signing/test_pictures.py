"""The small pictures of a report: the overlay without its legend, or else the plain photograph."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.dicom import Making, build_derived_photo, write
from server.signing.pictures import SIDE, small_pictures
from server.signing.sheet import Photograph
from server.store import Archive
from station.protocol import Light, Verdict, View, derived_uid, new_uid
from tests.fixtures.dicom_objects import MADE_AT, SERVER
from tests.fixtures.dicom_visits import objects_of

pytestmark = pytest.mark.unit

STUDY, STILL = new_uid(), new_uid()
RED, BLUE = (30, 30, 200), (200, 30, 30)


def plain(colour: tuple[int, int, int], height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def photograph(**more: Any) -> Photograph:
    return Photograph(
        sop_instance_uid=STILL,
        view=View.FRONT,
        light=Light.WHITE,
        captured_at=1.0,
        width=1200,
        height=1600,
        verdict=Verdict.PASS,
        **more,
    )


def overlay(archive: Archive) -> str:
    """A derived picture: red as wide as high 3:4, below it a blue legend."""
    photo, _, _ = objects_of(Light.WHITE)
    drawn = np.vstack([plain(RED, 1600, 1200), plain(BLUE, 200, 1200)])
    settings = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    derived = build_derived_photo(
        photo,
        cv2.imencode(".jpg", drawn, settings)[1].tobytes(),
        scale=1.0,
        derivation="outlines",
        comments="",
        making=Making(
            series_instance_uid=derived_uid("overlay", "series"),
            sop_instance_uid=derived_uid("overlay"),
            series_number=3000,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    path = archive.overlay(STUDY, STILL)
    write(derived, path)
    return archive.relative(path)


def rendition(archive: Archive) -> str:
    path = archive.rendition(STUDY, STILL)
    archive.write(path, cv2.imencode(".jpg", plain(BLUE, 400, 300))[1].tobytes())
    return archive.relative(path)


def shown(archive: Archive, one: Photograph) -> NDArray[np.uint8]:
    decoded = cv2.imdecode(np.frombuffer(small_pictures(archive, (one,))[STILL], np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def test_an_overlay_is_shown_small_and_without_its_legend(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    picture = shown(archive, photograph(overlay=overlay(archive), rendition=rendition(archive)))
    assert picture.shape == (SIDE, SIDE * 3 // 4, 3)
    assert np.abs(picture.astype(int) - RED).max() < 12


def test_without_an_overlay_the_photograph_itself_is_shown(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    picture = shown(archive, photograph(rendition=rendition(archive)))
    assert picture.shape == (400, 300, 3)
    assert np.abs(picture.astype(int) - BLUE).max() < 12


def test_only_the_part_that_is_asked_for_is_shown(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    one = photograph(overlay=overlay(archive), part=(0.25, 0.5, 0.75, 0.75))
    assert shown(archive, one).shape == (400, 600, 3)
    assert one.aspect == pytest.approx(400 / 600)


def test_a_damaged_overlay_gives_way_to_the_photograph_and_nothing_to_a_gap(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    broken = archive.overlay(STUDY, STILL)
    archive.write(broken, b"no DICOM")
    one = photograph(overlay=archive.relative(broken), rendition=rendition(archive))
    assert np.abs(shown(archive, one).astype(int) - BLUE).max() < 12
    assert small_pictures(archive, (photograph(rendition="away.jpg"), photograph())) == {}
