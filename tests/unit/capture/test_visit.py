"""Visits on real drivers: identities, order, failures, and the preview that makes way."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from station.capture import SessionState
from station.capture.visit import UNSAVED_LIMIT
from station.devices import Shining, Shot
from station.errors import DeviceUnavailable, SpoolFull
from station.protocol import (
    Exposure,
    Frame,
    FrameHeader,
    Light,
    Preparation,
    QualityReport,
    View,
    VisitProtocol,
    is_uid,
)
from tests.fixtures.booth import a_protocol
from tests.fixtures.capture_room import REPORT, Room, opened_room

pytestmark = pytest.mark.unit


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened_room(tmp_path) as room:
        yield room


async def test_every_still_has_its_identity_and_place(room: Room) -> None:
    visit = room.visit(a_protocol(View.FRONT, View.LEFT_45))
    await visit.play()
    stills = room.sink.stills
    assert visit.session.state is SessionState.UPLOADING
    assert [still.frame.header.view for still in stills] == [View.FRONT] * 3 + [View.LEFT_45] * 3
    assert [still.series_number for still in stills] == [1, 2, 3, 4, 5, 6]
    assert {still.instance_number for still in stills} == {1}
    assert {still.study_instance_uid for still in stills} == {visit.study_instance_uid}
    assert len({still.series_instance_uid for still in stills}) == 6
    uids = [still.sop_instance_uid for still in stills]
    assert len(set(uids)) == 6
    assert all(map(is_uid, uids))
    assert [still.booth_quality for still in stills] == [REPORT, None, None] * 2
    opened, closed = room.sink.opened[0], room.sink.closed[0]
    assert opened.patient.patient_id == "7"
    assert opened.protocol.stills == 6
    assert list(closed.stills) == uids
    assert closed.complete


async def test_preparation_goes_into_every_header(room: Room) -> None:
    protocol = a_protocol()
    prepared = VisitProtocol(
        name="x", views=(View.FRONT,), recipe=protocol.recipe, preparation=Preparation.MAKE_UP
    )
    await room.visit(prepared).play()
    assert {still.frame.header.preparation for still in room.sink.stills} == {Preparation.MAKE_UP}


async def test_a_still_counts_only_once_it_is_kept(room: Room) -> None:
    room.sink._delay_s = 0.05
    visit = room.visit()
    await visit.play()
    assert room.watcher.events.index(("light", 1)) < room.watcher.events.index(("taken", 0))
    assert [event for event in room.watcher.events if event[0] == "taken"] == [
        ("taken", 0),
        ("taken", 1),
        ("taken", 2),
    ]
    assert visit.complete


async def test_a_full_disk_fails_the_visit_in_words(room: Room) -> None:
    room.sink.full, room.sink._full_after = SpoolFull("the disk is full: free space"), 0
    visit = room.visit()
    await visit.play()
    assert visit.session.state is SessionState.FAILED
    assert visit.problem == "the disk is full: free space"
    assert visit.taken == ()
    assert not room.sink.closed[0].complete
    assert room.sink.closed[0].stills == ()


async def test_a_disk_that_fills_up_keeps_what_was_taken(room: Room) -> None:
    room.sink.full, room.sink._full_after = SpoolFull("full"), 2
    visit = room.visit()
    await visit.play()
    assert visit.session.state is SessionState.FAILED
    assert len(visit.taken) == 2
    assert room.sink.closed[0].stills == visit.taken


class Unhurried:
    """A studio whose stills are measured without end, and whose third lamp waits for the test, and may fail."""

    def __init__(self, room: Room, monkeypatch: pytest.MonkeyPatch, failure: Exception | None) -> None:
        self.at_the_third = asyncio.Event()
        self.go_on = asyncio.Event()
        self._failure = failure
        self._set = room.studio.lights.set
        monkeypatch.setattr(room.studio.lights, "set", self._watched)
        room.studio = dataclasses.replace(room.studio, examine=self._examine)

    async def _watched(self, light: Light, power: float) -> None:
        if light is Light.PARALLEL_POLARISED:
            self.at_the_third.set()
            if self._failure is not None:
                raise self._failure
            await self.go_on.wait()
        await self._set(light, power)

    async def _examine(self, _: Frame) -> QualityReport | None:
        await asyncio.get_running_loop().create_future()
        return None


@pytest.mark.parametrize("failure", [DeviceUnavailable("the lamp is dead"), None])
async def test_what_was_exposed_is_kept_whatever_ends_the_sequence(
    room: Room, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    unhurried = Unhurried(room, monkeypatch, failure)
    visit = room.visit()
    playing = asyncio.create_task(visit.play())
    async with asyncio.timeout(20):
        await unhurried.at_the_third.wait()
        if failure is None:
            playing.cancel()
        await asyncio.wait({playing})
    assert visit.session.state is (SessionState.ABORTED if failure is None else SessionState.FAILED)
    assert visit.problem == ("" if failure is None else "the lamp is dead")
    assert {still.frame.header.light for still in room.sink.stills} == {Light.WHITE, Light.CROSS_POLARISED}
    assert {still.booth_quality for still in room.sink.stills} == {None}
    assert room.sink.closed[0].stills == visit.taken
    assert len(visit.taken) == 2


async def test_what_waits_for_room_in_memory_is_kept_as_well(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried = Unhurried(room, monkeypatch, None)
    unhurried.go_on.set()
    visit = room.visit(a_protocol(View.FRONT))
    exposed = asyncio.Event()
    note_still = room.studio.camera.note_still

    async def noted(header: FrameHeader, uid: str) -> None:
        await note_still(header, uid)
        if header.step == UNSAVED_LIMIT:
            exposed.set()

    monkeypatch.setattr(room.studio.camera, "note_still", noted)
    playing = asyncio.create_task(visit.play())
    async with asyncio.timeout(20):
        await exposed.wait()
        await asyncio.sleep(0.05)
        assert room.sink.stills == []
        playing.cancel()
        await asyncio.wait({playing})
    assert len(visit.taken) == len(room.sink.stills) == UNSAVED_LIMIT + 1


async def test_a_still_that_was_exposed_and_not_kept_is_said_to_be_lost(room: Room) -> None:
    room.sink.full, room.sink._full_after = SpoolFull("full"), 1
    await room.visit().play()
    assert ("taken", 0) in room.watcher.events
    assert ("lost", 1) in room.watcher.events


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.02, 0.04, 0.06])
async def test_an_aborted_visit_is_dark_and_closed(room: Room, after_s: float) -> None:
    room.sink._delay_s = 0.01
    visit = room.visit(a_protocol(View.FRONT, View.NECK), seating_s=0.01)
    task = asyncio.create_task(visit.play())
    await asyncio.sleep(after_s)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled() or visit.complete
    if room.sink.opened:
        assert room.sink.closed[0].stills == visit.taken
        assert set(visit.taken) == {still.sop_instance_uid for still in room.sink.stills}


async def test_the_preview_makes_way_and_comes_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (await room.box.get()).header.frame_id
    lights = []
    expose = room.studio.camera.expose

    async def watched(exposure: Exposure, shot: Shot) -> Frame:
        lights.append(room.bench.shining)
        return await expose(exposure, shot)

    monkeypatch.setattr(room.studio.camera, "expose", watched)
    await room.visit().play()
    shown = [shining.light for shining in lights]
    assert shown == [None, *(step.light for step in a_protocol().recipe.steps)]
    async with asyncio.timeout(20):
        await room.box.get(after=before + 4)
    assert room.bench.shining == Shining(Light.WHITE, 0.3)


async def test_the_preview_makes_way_twice_in_a_row(room: Room) -> None:
    async with asyncio.timeout(20):
        for _ in range(3):
            async with room.studio.preview.paused():
                assert room.bench.shining == Shining()
