"""Records: made once, never changed, and refused with a reason where they do not hold."""

from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from station.calibration import (
    BadRecord,
    Calibration,
    CalibrationRecord,
    ChartShot,
    Readings,
    Session,
    load_calibration,
    load_record,
    make_record,
    named,
    printed_sheet,
    read_session,
    save_record,
)
from station.protocol import Exposure, FrameHeader, Light
from tests.fixtures.chart_pictures import CLASSIC, HEIGHT, SCALE, WIDTH, mixing, photograph, scene

pytestmark = pytest.mark.unit

MADE_AT = 1_790_000_000.0
MIXING = np.diag([0.9, 1.0, 0.7])
LIGHTS = ((Light.WHITE, 0.8), (Light.CROSS_POLARISED, 0.4), (Light.PARALLEL_POLARISED, 0.5))


@lru_cache(maxsize=1)
def session() -> Session:
    shots = tuple(
        ChartShot(frame=photograph(scene(), level=level, optics=mixing(MIXING), light=light), power=0.5)
        for light, level in LIGHTS
    )
    return Session(layout=CLASSIC, shots=shots, card=photograph(np.ones((HEIGHT, WIDTH, 3), np.float32)))


@lru_cache(maxsize=1)
def readings() -> Readings:
    return read_session(session())


@lru_cache(maxsize=1)
def record() -> CalibrationRecord:
    return make_record(
        session(), readings(), rig="rig-1", made_at=MADE_AT, made_by="A. Keller", software="test"
    )


def header(**changes: object) -> FrameHeader:
    return msgspec.structs.replace(photograph_header(), **changes)


@lru_cache(maxsize=1)
def photograph_header() -> FrameHeader:
    return session().shots[0].frame.header


def calibration(*records: CalibrationRecord, max_age_days: float = 0.0, days: float = 1.0) -> Calibration:
    return Calibration(
        "rig-1",
        tuple(named(each) for each in records),
        max_age_days,
        clock=lambda: MADE_AT + days * 86_400,
    )


def test_a_session_becomes_a_record() -> None:
    made = record()
    assert made.scale.px_per_mm == pytest.approx(SCALE, rel=1e-3)
    assert {colour.light for colour in made.colours} == {light for light, _ in LIGHTS}
    assert all(item.passed for item in made.acceptance)
    # Level over power and exposure time: 0.8 of full scale in 10 ms at half power.
    assert made.lamps[0].level_per_s == pytest.approx([144, 160, 112], rel=0.01)
    assert made.polarisation_gain == pytest.approx(0.5 / 0.4, rel=0.01)
    assert made.flat_field is not None
    assert made.flat_field.uniformity > 0.97
    assert made.focus is not None


def test_a_record_is_named_by_its_content_and_kept_once(tmp_path: Path) -> None:
    kept, path = save_record(record(), tmp_path)
    assert path.name == f"{kept.id}.json"
    assert kept.id.startswith("rig-1-20260921-")
    assert load_record(path) == kept
    assert not path.stat().st_mode & 0o222
    assert save_record(record(), tmp_path) == (kept, path)
    other = msgspec.structs.replace(record(), made_by="B")
    assert named(other).id != kept.id


def test_a_changed_record_is_not_used(tmp_path: Path) -> None:
    _, path = save_record(record(), tmp_path)
    path.chmod(0o644)
    path.write_text(path.read_text().replace("A. Keller", "A. Nother"))
    with pytest.raises(BadRecord, match="changed after it was made"):
        load_record(path)
    told = load_calibration(tmp_path, "rig-1").stamp(header())
    assert told.calibration is None
    assert "changed after it was made" in told.color_refused
    path.write_text("{}")
    with pytest.raises(BadRecord, match="no calibration record"):
        load_record(path)


def test_a_record_that_a_disk_has_spoilt_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "rig-1.json").write_bytes(b'{"id":"\xff"}')
    found = load_calibration(tmp_path, "rig")
    assert found.records == ()
    assert "rig-1.json" in found.problem


def test_the_record_that_holds_is_named_in_the_header() -> None:
    told = calibration(record()).stamp(header(px_per_mm=99.0, calibration="claimed by a driver"))
    assert told.calibration == named(record()).id
    assert told.px_per_mm == record().scale.px_per_mm
    assert (told.color_refused, told.scale_refused) == ("", "")
    # For RGB over the tab's white: the diagonal camera is balanced by it, so nothing is left to do.
    assert told.color_matrix == pytest.approx(np.eye(3).ravel(), abs=0.02)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": 640, "height": 480}, "is of 1200 x 800 pictures, this is 640 x 480"),
        ({"camera": None}, "is of another camera"),
    ],
)
def test_a_record_of_something_else_does_not_hold(changes: dict[str, object], reason: str) -> None:
    told = calibration(record()).stamp(header(**changes))
    assert (told.calibration, told.px_per_mm, told.color_matrix) == (None, None, None)
    assert reason in told.color_refused
    assert reason in told.scale_refused


def test_without_a_record_everything_is_refused() -> None:
    told = calibration().stamp(header(px_per_mm=9.0, calibration="claimed"))
    assert (told.calibration, told.px_per_mm) == (None, None)
    assert told.color_refused == told.scale_refused == "no calibration record of this booth"


def test_a_record_of_another_rig_and_an_old_one_do_not_hold() -> None:
    other = msgspec.structs.replace(record(), rig="rig-2")
    assert "is of rig rig-2, this is rig-1" in calibration(other).stamp(header()).color_refused
    aged = calibration(record(), max_age_days=30, days=31).stamp(header())
    assert aged.calibration is None
    assert aged.scale_refused.endswith("expired on 2026-10-21")
    assert calibration(record(), max_age_days=30, days=29).stamp(header()).calibration is not None


def test_what_failed_is_refused_and_the_rest_holds() -> None:
    printed = printed_sheet()
    part = Session(layout=printed, shots=session().shots)
    made = make_record(part, readings(), rig="rig-1", made_at=MADE_AT, made_by="A", software="test")
    told = calibration(made).stamp(header())
    assert told.px_per_mm == made.scale.px_per_mm
    assert told.color_matrix is None
    assert "patches of unknown true colour" in told.color_refused
    dark = calibration(record()).stamp(header(light=Light.UV))
    assert dark.px_per_mm is not None
    assert "has no colours under uv light" in dark.color_refused


def test_the_newest_record_that_holds_is_taken(tmp_path: Path) -> None:
    newer = msgspec.structs.replace(record(), made_at=MADE_AT + 86_400, made_by="B")
    elsewhere = msgspec.structs.replace(record(), made_at=MADE_AT + 2 * 86_400, width=10)
    for each in (record(), newer, elsewhere):
        save_record(each, tmp_path)
    assert load_calibration(tmp_path, "rig-1").stamp(header()).calibration == named(newer).id


def test_lamps_are_told_per_power_and_exposure() -> None:
    half = ChartShot(
        frame=photograph(scene(), level=0.4, exposure=Exposure(time_s=0.005, gain_db=6.0206)), power=0.25
    )
    assert half.per_second(0.4) == pytest.approx(0.4 / (0.25 * 0.005 * 2), rel=1e-3)
