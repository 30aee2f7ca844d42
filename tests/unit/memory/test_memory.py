"""What is kept of earlier visits: bounded, the owner's alone, without names, and only of patients with an ID."""

import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.memory import MAX_WIDTH, PatientMemory, draw
from station.protocol import Box, Face, Frame, FrameHeader, Landmark, Light, Patient, View
from station.quality import Baseline
from station.quality.readings import Known, baseline_readings

pytestmark = pytest.mark.unit

JANE = Patient(patient_id="4711", issuer_of_patient_id="CLINIC", patient_name="Doe^Jane")
FACE = Face(
    box=Box(100, 60, 120, 120), landmarks=tuple(Landmark(110 + 10 * n, 90 + 5 * n, 1.0) for n in range(8))
)


def a_frame(view: View = View.FRONT, width: int = 360, height: int = 240) -> Frame:
    pixels = np.full((height, width, 3), 170, np.uint8)
    cv2.ellipse(pixels, (160, 120), (50, 60), 0, 0, 360, (90, 60, 50), 3)
    cv2.line(pixels, (340, 10), (340, 230), (20, 20, 20), 3)
    return Frame(FrameHeader(frame_id=1, width=width, height=height, view=view, light=Light.WHITE), pixels)


async def remember(
    memory: PatientMemory, patient: Patient, view: View, frame: Frame, face: Face | None
) -> None:
    await memory.keep(patient, view, await memory.drawn(frame, face))


def alpha(png: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert picture.shape[2] == 4
    return np.asarray(picture[..., 3])


async def test_a_view_comes_back_as_lines_and_as_a_face_and_no_file_names_anybody(tmp_path: Path) -> None:
    memory = PatientMemory.open(tmp_path / "memory")
    await remember(memory, JANE, View.FRONT, a_frame(), FACE)
    memory.close()
    memory = PatientMemory.open(tmp_path / "memory")
    ghost = await memory.ghost(JANE, View.FRONT)
    assert ghost is not None
    assert alpha(ghost)[60, 160] > 100
    baseline = memory.baseline(JANE, View.FRONT)
    assert baseline is not None
    assert (baseline.face, baseline.frame.header.height, baseline.pictured) == (FACE, 240, False)
    assert await memory.ghost(JANE, View.NECK) is None
    other = Patient(patient_id="4711", issuer_of_patient_id="ELSEWHERE")
    assert await memory.ghost(other, View.FRONT) is None
    spaced = Patient(patient_id="4711 ", issuer_of_patient_id=" CLINIC")
    assert await memory.ghost(spaced, View.FRONT) == ghost
    assert memory.baseline(other, View.FRONT) is None
    for path in (tmp_path / "memory").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
        assert "4711" not in str(path.relative_to(tmp_path))
        assert "Doe" not in str(path.relative_to(tmp_path))
        if path.is_file():
            assert b"4711" not in path.read_bytes()
            assert b"Jane" not in path.read_bytes()
    memory.close()
    memory.close()


async def test_nobody_without_an_id_is_kept_and_nothing_where_it_is_turned_off(tmp_path: Path) -> None:
    memory = PatientMemory.open(tmp_path / "memory")
    for nobody in (Patient(patient_name="Doe^Jane"), Patient(patient_id=" ")):
        await remember(memory, nobody, View.FRONT, a_frame(), None)
    assert [path.name for path in (tmp_path / "memory").iterdir()] == ["key"]
    await remember(memory, JANE, View.FRONT, a_frame(), None)
    memory.close()
    off = PatientMemory.open(tmp_path / "memory", patients=0)
    assert not (tmp_path / "memory").exists()
    await remember(off, JANE, View.FRONT, a_frame(), FACE)
    assert await off.ghost(JANE, View.FRONT) is None
    assert off.baseline(JANE, View.FRONT) is None
    off.close()


async def test_the_oldest_go_and_so_do_those_of_long_ago(tmp_path: Path) -> None:
    memory = PatientMemory.open(tmp_path / "memory", patients=2, days=90)
    people = [Patient(patient_id=str(number)) for number in range(3)]
    for number, person in enumerate(people):
        await remember(memory, person, View.FRONT, a_frame(), None)
        for path in (tmp_path / "memory").iterdir():
            if path.is_dir() and time.time() - path.stat().st_mtime < 60:
                os.utime(path, (time.time() - 100 * (3 - number),) * 2)
    assert [await memory.ghost(person, View.FRONT) is None for person in people] == [True, False, False]
    memory.close()
    for path in (tmp_path / "memory").iterdir():
        os.utime(path, (time.time() - 91 * 86400,) * 2)
    memory = PatientMemory.open(tmp_path / "memory", patients=2, days=90)
    assert await memory.ghost(people[2], View.FRONT) is None
    memory.close()


async def test_the_newest_visit_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    memory = PatientMemory.open(tmp_path / "memory")
    await remember(memory, JANE, View.FRONT, a_frame(), FACE)
    await remember(memory, JANE, View.FRONT, a_frame(), None)
    assert memory.baseline(JANE, View.FRONT) is None
    ghost = await memory.ghost(JANE, View.FRONT)
    assert ghost is not None
    assert alpha(ghost)[:, 340].max() > 100
    memory.close()


def test_a_drawing_has_the_field_of_the_preview_and_only_what_is_around_the_face() -> None:
    drawing = draw(a_frame(), FACE, (1280, 720))
    lines = alpha(drawing.png)
    assert lines.shape == (360, MAX_WIDTH)
    scale, left = 360 / 240, (640 - 540) // 2
    assert lines[round(60 * scale), left + round(160 * scale)] > 100
    assert lines[:, left + round(340 * scale) - 6 :].max() == 0
    assert lines[:, :left].max() == 0
    assert alpha(draw(a_frame(), None).png).shape == (240, 360)


def test_a_remembered_face_is_compared_and_its_picture_is_not() -> None:
    frame = a_frame()
    assert baseline_readings(frame, Known(FACE, baseline=Baseline(frame, FACE, pictured=False))) == ()
    assert baseline_readings(frame, Known(FACE, baseline=Baseline(frame, FACE))) != ()


async def test_a_face_that_a_disk_has_spoilt_is_not_known(tmp_path: Path) -> None:
    memory = PatientMemory.open(tmp_path / "memory")
    await remember(memory, JANE, View.FRONT, a_frame(), FACE)
    (kept,) = (tmp_path / "memory").rglob("*.face")
    kept.write_bytes(kept.read_bytes().replace(b"detected", b"detec\xffed"))
    assert memory.baseline(JANE, View.FRONT) is None
    memory.close()
