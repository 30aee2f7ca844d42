"""The files that a tethered camera made: found by their still, bounded, and never deleted."""

import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import msgspec
import numpy as np
import pytest

from station.agent.disk import disk_status
from station.capture import Preview, SessionState, Studio, TimedPace, Visit
from station.devices import Bench, LatestFrame, Shot
from station.devices.gphoto2 import Gphoto2Camera, Gphoto2CameraOptions, Originals, Tether
from station.devices.gphoto2.tether import CameraFile
from station.errors import DeviceError
from station.protocol import Exposure, Light, Patient, View
from tests.contract.devices.virtual_dslr import FILE_BYTES, MODEL, LensLights, write_card
from tests.fixtures.booth import MemorySink, a_protocol
from tests.fixtures.capture_room import Watcher

pytestmark = pytest.mark.contract

SHOT = Shot(light=Light.WHITE)
NOMINAL = Exposure(time_s=0.01)
UID = "2.25.329800735698586629295641978511506172918"
TIME = r"\d{8}T\d{6}\.\d{6}Z"


def a_jpeg() -> bytes:
    return cv2.imencode(".jpg", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()


def make(bench: Bench, **options: object) -> Gphoto2Camera:
    return Gphoto2Camera(Gphoto2CameraOptions.model_validate({"model": MODEL, **options}), bench)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_every_still_of_a_visit_leads_to_its_files(tmp_path: Path) -> None:
    bench, sink = Bench(tmp_path), MemorySink()
    write_card(a_jpeg())
    async with make(bench) as camera, LensLights(bench) as lights:
        preview = Preview(
            camera, lights, LatestFrame(), light=Light.WHITE, power=0.3, exposure=NOMINAL, view=View.FRONT
        )

        async def unexamined(_: object) -> None:
            return None

        studio = Studio(camera, lights, preview, sink, unexamined)
        visit = Visit(a_protocol(), Patient(patient_id="7"), studio, Watcher(), TimedPace(0.0))
        await visit.play()
        assert (visit.session.state, visit.problem) == (SessionState.UPLOADING, "")
    for still in sink.stills:
        (path,) = (tmp_path / "originals").glob(f"{still.sop_instance_uid}-*")
        assert re.fullmatch(rf"{still.sop_instance_uid}-{TIME}-\w+\.JPG", path.name)
    assert len(sink.stills) == 3


async def test_raw_and_jpeg_have_the_name_of_their_still_and_no_other_picture_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = [CameraFile("DSC_1.NEF", b"raw, as it came"), CameraFile("DSC_1.JPG", a_jpeg())]
    monkeypatch.setattr(Tether, "capture", lambda _: pair)
    async with make(Bench(tmp_path)) as camera:
        first = await camera.expose(NOMINAL, SHOT)
        second = await camera.expose(NOMINAL, SHOT)
        await camera.note_still(first.header, "2.25.1")  # too late: the newest picture is another
        await camera.note_still(second.header, UID)
    kept = names(tmp_path / "originals")
    assert [name for name in kept if name.startswith("2.25.1-")] == []
    for kind in ("JPG", "NEF"):
        assert sum(bool(re.fullmatch(rf"{UID}-{TIME}-DSC_1\.{kind}", name)) for name in kept) == 1
        assert sum(bool(re.fullmatch(rf"{TIME}-DSC_1\.{kind}", name)) for name in kept) == 1


async def test_a_proof_leaves_no_file_and_comes_between_no_still_and_its_name(tmp_path: Path) -> None:
    write_card(a_jpeg())
    async with make(Bench(tmp_path)) as camera:
        frame = await camera.expose(NOMINAL, SHOT)
        proof = await camera.expose(NOMINAL, Shot(light=Light.WHITE, proof=True))
        await camera.note_still(frame.header, UID)
    assert proof.pixels.shape == frame.pixels.shape
    (name,) = names(tmp_path / "originals")
    assert name.startswith(UID)


async def test_a_file_that_cannot_be_renamed_costs_no_still_and_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_card(a_jpeg())
    async with make(Bench(tmp_path)) as camera:
        frame = await camera.expose(NOMINAL, SHOT)
        (kept,) = (tmp_path / "originals").iterdir()
        kept.rename(tmp_path / "moved away")
        await camera.note_still(frame.header, UID)
    (record,) = caplog.records
    assert UID in str(vars(record))
    assert kept.name in str(vars(record))


async def test_a_full_folder_takes_no_picture_deletes_none_and_goes_on_once_files_are_moved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_card(a_jpeg())
    folder = tmp_path / "originals"
    async with make(Bench(tmp_path), originals_gb=2.5 * FILE_BYTES / 1e9) as camera:
        assert camera.folder_room is not None
        assert camera.folder_room.fits(1) is None
        await camera.expose(NOMINAL, SHOT)
        assert camera.folder_room.fits(1) == 1
        await camera.expose(NOMINAL, SHOT)
        assert camera.folder_room.fits(1) == 0
        kept = names(folder)
        with pytest.raises(DeviceError, match=rf"Move files from {folder}.*or raise camera\.originals_gb"):
            await camera.expose(NOMINAL, SHOT)
        assert names(folder) == kept
        (folder / kept[0]).rename(tmp_path / "another disk")
        await camera.expose(NOMINAL, SHOT)
    assert len(names(folder)) == 2
    assert caplog.messages == []


async def test_the_page_tells_in_visits_and_notices_that_files_were_moved_away(tmp_path: Path) -> None:
    write_card(a_jpeg())
    folder, size = tmp_path / "originals", FILE_BYTES
    async with make(Bench(tmp_path), originals_gb=4 * size / 1e9, preview_fps=30) as camera:
        studio = cast(Studio, SimpleNamespace(camera=camera))
        assert disk_status(None, studio, 2).visits_left is None
        await camera.expose(NOMINAL, SHOT)
        status = disk_status(None, studio, 2)
        assert (status.visits_left, status.used_bytes, status.limit_bytes) == (1, size, 4 * size)
        for path in folder.iterdir():
            path.rename(tmp_path / path.name)
        pictures = camera._do_preview(NOMINAL, SHOT)
        await anext(pictures)
        await pictures.aclose()
        assert disk_status(None, studio, 2).visits_left is None


def test_files_of_earlier_runs_count_and_the_log_tells_before_the_folder_is_full(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "originals"
    pair = [CameraFile("A.NEF", bytes(300)), CameraFile("A.JPG", bytes(100))]
    Originals(folder, 1000).look()
    Originals(folder, 1000).keep(pair, time.time())
    originals = Originals(folder, 1000)
    room = originals.look()
    assert (room.used_bytes, room.limit_bytes, room.still_bytes) == (400, 1000, 400)
    assert caplog.messages == []
    originals.keep(pair, time.time())
    originals.keep([CameraFile("B.JPG", bytes(110))], time.time())
    originals.look()
    assert caplog.messages == ["the folder of the camera's originals is nearly full"]
    assert originals.look().fits(1) == 0


def test_a_folder_that_was_moved_away_as_a_whole_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "originals"
    originals = Originals(folder, 1000)
    originals.look()
    originals.keep([CameraFile("A.JPG", bytes(900))], time.time())
    folder.rename(tmp_path / "archive")
    originals.check()
    assert names(folder) == []


def test_the_disk_may_set_the_limit(tmp_path: Path) -> None:
    room = Originals(tmp_path / "originals", 10**18).look()
    assert room.disk_full
    assert room.remedy == f"Move files from {tmp_path / 'originals'} to another disk."


def test_what_a_picture_is_called_fits_a_file_name(tmp_path: Path) -> None:
    originals = Originals(tmp_path, 10**6)
    kept = originals.keep([CameraFile("DSC_0001.NEF", b"raw")], 1_800_000_000.25)
    originals.name(kept, "2." + "9" * 62)
    assert names(tmp_path) == [f"2.{'9' * 62}-20270115T080000.250000Z-DSC_0001.NEF"]


async def test_a_header_of_another_camera_is_no_still_of_this_one(tmp_path: Path) -> None:
    write_card(a_jpeg())
    async with make(Bench(tmp_path)) as camera:
        frame = await camera.expose(NOMINAL, SHOT)
        await camera.note_still(msgspec.structs.replace(frame.header, captured_at=1.0), UID)
    assert UID not in names(tmp_path / "originals")[0]
