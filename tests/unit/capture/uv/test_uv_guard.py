"""Ultraviolet light: nothing shines without permission, everything that shines is booked first, and it ends in time."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from station.calibration import WINDOW_S, Calibration, Dose, IrradianceRecord, load_record, named
from station.capture import play
from station.capture.uv import DoseLedger, UvGuard, UvLimits, UvPermission
from station.devices import Bench, Camera, Interlock, LightRig, Shining
from station.devices.registry import make_devices, make_interlock
from station.errors import DeviceUnavailable, UvRefused
from station.protocol import (
    Exposure,
    Frame,
    Light,
    LightingRecipe,
    LightStep,
    Patient,
    Preparation,
    View,
)
from tests.fixtures.booth import sim_sections

pytestmark = pytest.mark.unit

LAMP = IrradianceRecord(light=Light.UV, w_m2=10.0, peak_nm=365.0, meter="test")
STEP = LightStep(light=Light.UV, power=0.5, exposure=Exposure(time_s=0.08), settle_s=0.01)
WHITE = LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=0.01), settle_s=0)
RECIPE = LightingRecipe(name="two", steps=(WHITE, STEP))
ANN = Patient(patient_id="ann")
SHIPPED = sorted((Path(__file__).parents[4] / "configs/calibration/sim").glob("*.json"))


def calibrated(*lamps: IrradianceRecord) -> Calibration:
    record = msgspec.structs.replace(load_record(SHIPPED[0]).record, irradiances=lamps)
    return Calibration("sim", (named(record),))


@dataclass
class Room:
    """A simulated booth with a door."""

    camera: Camera
    lights: LightRig
    bench: Bench
    interlock: Interlock
    ledger: DoseLedger
    door: Path
    closed: tuple[bool | None, str] = (True, "")
    """What is seen of the eyes."""

    async def eyes(self) -> tuple[bool | None, str]:
        assert self.bench.shining == Shining()
        return self.closed

    def permission(
        self, limits: UvLimits | None = None, patient: Patient = ANN, *lamps: IrradianceRecord
    ) -> UvPermission:
        guard = UvGuard(calibrated(*(lamps or (LAMP,))), self.ledger, self.interlock, self.eyes, limits)
        return guard.permission(patient, "2.25.1")

    def had(self) -> float:
        return self.ledger.had(self.ledger.person(ANN)).j_m2


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest_asyncio.fixture
async def room(cache: Path, tmp_path: Path) -> AsyncIterator[Room]:
    bench = Bench(cache)
    camera, lights = make_devices(*sim_sections(), bench)
    door = tmp_path / "door"
    door.write_text("safe")
    ledger = DoseLedger(tmp_path / "uv")
    ledger.open()
    async with camera, lights, make_interlock({"type": "sim", "state_file": door}, bench) as interlock:
        yield Room(camera, lights, bench, interlock, ledger, door)
    assert bench.shining == Shining()
    ledger.close()


async def shine(room: Room, permission: UvPermission, seconds: float = 0.0) -> None:
    async with permission.shining(STEP, room.lights):
        await room.lights.set(STEP.light, STEP.power)
        assert room.bench.shining == Shining(Light.UV, 0.5)
        await asyncio.sleep(seconds)


async def test_what_shone_is_booked_and_the_rest_given_back(room: Room) -> None:
    await shine(room, room.permission(), 0.2)
    assert room.bench.shining == Shining()
    # 10 W/m² at half power for 0.2 s, and more on a busy machine; 50 J/m² were booked.
    assert 1.0 <= room.had() < 25.0


async def test_the_longest_dose_is_on_disk_before_the_lamp_fires(room: Room, tmp_path: Path) -> None:
    async with room.permission().shining(STEP, room.lights):
        text = (tmp_path / "uv" / "doses.jsonl").read_text()
        assert text.count('"j_m2":50.0') == 1
        assert room.bench.shining == Shining()
        other = DoseLedger(tmp_path / "uv")  # as after a crash
        other.open()
        assert other.had(other.person(ANN)).j_m2 == pytest.approx(50.0)
        other.close()


async def test_a_dose_over_the_budget_is_refused_with_figures(room: Room) -> None:
    limits = UvLimits(person=Dose(120.0, 30.0))
    await room.ledger.book([room.ledger.person(ANN)], Dose(80.0, 0.01))
    with pytest.raises(UvRefused, match=r"had 80 J/m².*may give 50, the budget is 120"):
        await shine(room, room.permission(limits))
    assert room.had() == pytest.approx(80.0)
    await shine(room, room.permission(limits, Patient(patient_id="ben")))


async def test_the_weighted_budget_holds_as_well(room: Room) -> None:
    with pytest.raises(UvRefused, match=r"0.005 weighted\): lower uv.on_time_s"):
        await shine(room, room.permission(UvLimits(person=Dose(1000.0, 0.005))))


async def test_a_dose_that_no_day_has_room_for_is_refused_with_the_setting(room: Room) -> None:
    with pytest.raises(
        UvRefused, match=r"one exposure may give 50 J/m².*the budget is 40.*lower uv.on_time_s"
    ):
        await shine(room, room.permission(UvLimits(person=Dose(40.0, 30.0))))


async def test_walk_ins_have_a_budget_per_visit_and_one_together(room: Room) -> None:
    limits = UvLimits(person=Dose(1000.0, 30.0), walk_in_share=0.06)
    walk_in = room.permission(limits, Patient())
    await shine(room, walk_in, 0.1)
    await room.ledger.book([room.ledger.visit("2.25.1")], Dose(12.0, 0.0))
    with pytest.raises(UvRefused, match="this person has had"):
        await shine(room, walk_in)
    await room.ledger.book(["walk-ins"], Dose(960.0, 0.0))
    guard = UvGuard(calibrated(LAMP), room.ledger, room.interlock, room.eyes, limits)
    with pytest.raises(UvRefused, match="visits without a patient ID have had"):
        await shine(room, guard.permission(Patient(), "2.25.2"))


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        ((False, "The eyes are open."), "eyes are open"),
        ((None, "No face."), "No face"),
        ((False, ""), "ask the subject"),
    ],
)
async def test_open_or_unseen_eyes_are_refused(
    room: Room, closed: tuple[bool | None, str], said: str
) -> None:
    room.closed = closed
    with pytest.raises(UvRefused, match=said):
        await shine(room, room.permission())
    assert room.had() == pytest.approx(0.0)


async def test_a_door_that_opens_while_the_eyes_are_looked_at_is_refused(room: Room) -> None:
    async def eyes() -> tuple[bool | None, str]:
        room.door.write_text("open")
        return True, ""

    guard = UvGuard(calibrated(LAMP), room.ledger, room.interlock, eyes)
    with pytest.raises(UvRefused, match="door is open"):
        await shine(room, guard.permission(ANN, "2.25.1"))
    assert room.had() == pytest.approx(0.0)


async def test_an_open_door_is_refused(room: Room) -> None:
    room.door.write_text("open")
    with pytest.raises(UvRefused, match="door is open"):
        await shine(room, room.permission())
    assert room.had() == pytest.approx(0.0)


async def test_a_door_that_opens_darkens_within_one_look(room: Room) -> None:
    async def open_door() -> float:
        await asyncio.sleep(0.2)
        room.door.write_text("open")
        return time.monotonic()

    opening = asyncio.create_task(open_door())
    with pytest.raises(UvRefused, match="door is open"):
        await shine(room, room.permission(), 9.0)
    assert room.bench.shining == Shining()
    # One look every 0.05 s; the rest is for a busy machine. The light would have shone for 9 s.
    assert time.monotonic() - await opening < 4
    assert 0 < room.had() < 25


async def test_a_lamp_that_shines_longer_than_booked_goes_dark(room: Room) -> None:
    limits = UvLimits(on_time_s=0.3)
    with pytest.raises(UvRefused, match=r"on for 0.3 s.*switched off"):
        await shine(room, room.permission(limits), 5.0)
    assert room.bench.shining == Shining()
    assert room.had() >= 0.3 * 10 * 0.5 * 0.99


async def test_a_step_longer_than_the_booking_is_refused_at_once(room: Room) -> None:
    with pytest.raises(UvRefused, match=r"takes 0.09 s, uv.on_time_s is 0.05"):
        await shine(room, room.permission(UvLimits(on_time_s=0.05)))


async def test_without_a_known_irradiance_nothing_shines(room: Room) -> None:
    guard = UvGuard(calibrated(), room.ledger, room.interlock, room.eyes)
    with pytest.raises(UvRefused, match=r"has no irradiance of the uv lamp.*calibrate make"):
        await shine(room, guard.permission(ANN, "2.25.1"))


async def test_an_error_or_a_cancellation_within_is_told_as_it_is(room: Room) -> None:
    async def fail() -> None:
        async with room.permission().shining(STEP, room.lights):
            await room.lights.set(STEP.light, STEP.power)
            raise DeviceUnavailable("no picture")

    with pytest.raises(DeviceUnavailable, match="no picture"):
        await fail()
    assert room.bench.shining == Shining()
    task = asyncio.create_task(shine(room, room.permission(), 5.0))
    while room.bench.shining == Shining():
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert room.bench.shining == Shining()
    assert 0 < room.had() < 50


async def test_nothing_is_given_back_where_the_lamp_may_still_be_on(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DeviceUnavailable("the controller does not answer")

    async def shine_unconfirmed() -> None:
        async with room.permission().shining(STEP, room.lights):
            # The lamp was told to shine, and neither that nor darkness is confirmed.
            monkeypatch.setattr(room.lights, "_do_set", fail)
            monkeypatch.setattr(room.lights, "_do_dark", fail)
            await room.lights.set(STEP.light, STEP.power)

    with pytest.raises(DeviceUnavailable, match="does not answer"):
        await shine_unconfirmed()
    monkeypatch.undo()
    assert room.had() >= 50.0


async def test_a_lamp_that_takes_long_to_go_dark_is_booked_for_all_of_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    darken = room.lights._do_dark

    async def slowly() -> None:
        await asyncio.sleep(0.4)
        await darken()

    monkeypatch.setattr(room.lights, "_do_dark", slowly)
    with pytest.raises(UvRefused, match=r"on for 0.3 s"):
        await shine(room, room.permission(UvLimits(on_time_s=0.3)), 5.0)
    assert room.had() >= (0.3 + 0.4) * 10 * 0.5


async def test_a_visit_that_is_stopped_stays_stopped_though_the_door_opens(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    darken, going_dark = room.lights._do_dark, asyncio.Event()

    async def slowly() -> None:
        going_dark.set()
        await asyncio.sleep(0.3)
        await darken()

    task = asyncio.create_task(shine(room, room.permission(), 5.0))
    while room.bench.shining == Shining():
        await asyncio.sleep(0.01)
    monkeypatch.setattr(room.lights, "_do_dark", slowly)
    room.door.write_text("open")
    await going_dark.wait()  # the door was seen
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_what_is_given_back_goes_with_what_was_booked(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(room.ledger, "_clock", lambda: now)

    async def eyes() -> tuple[bool | None, str]:
        nonlocal now
        now += 36_000  # the booth's clock is set right
        return True, ""

    guard = UvGuard(calibrated(LAMP), room.ledger, room.interlock, eyes)
    async with guard.permission(ANN, "2.25.1").shining(STEP, room.lights):
        pass
    await room.ledger.book([room.ledger.person(ANN)], Dose(30.0, 0.01))
    now += WINDOW_S - 18_000  # the first is older than a day, the second is not
    assert room.had() == pytest.approx(30.0)


async def test_a_refused_step_leaves_the_other_lights(room: Room) -> None:
    room.door.write_text("open")
    taken, refused = await shoot(room, room.permission())
    assert taken == [Light.WHITE]
    ((index, why),) = refused
    assert index == 1
    assert "door is open" in why


async def test_a_permitted_recipe_is_shot_whole(room: Room) -> None:
    taken, refused = await shoot(room, room.permission())
    assert taken == [Light.WHITE, Light.UV]
    assert refused == []
    assert 0 < room.had() < 50


async def test_who_does_not_ask_to_be_told_gets_the_error(room: Room) -> None:
    room.closed = False, "The eyes are open."
    with pytest.raises(UvRefused, match="eyes are open"):
        await shoot(room, room.permission(), told=False)


async def shoot(
    room: Room, permission: UvPermission, *, told: bool = True
) -> tuple[list[Light], list[tuple[int, str]]]:
    taken: list[Light] = []
    refused: list[tuple[int, str]] = []

    async def keep(frame: Frame) -> None:
        assert room.bench.shining == Shining()
        taken.append(frame.header.light)

    await play(
        RECIPE,
        room.camera,
        room.lights,
        view=View.FRONT,
        preparation=Preparation.CLEANSED,
        lighting=lambda _: None,
        exposed=keep,
        ultraviolet=permission,
        refused=(lambda index, why: refused.append((index, why))) if told else None,
    )
    return taken, refused
