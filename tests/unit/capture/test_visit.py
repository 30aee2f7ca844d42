"""Visits on real drivers: identities, order, failures, and the preview that makes way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from station.capture import Preview, SessionState, Studio, TakenStill, TimedPace, Visit
from station.devices import Bench, LatestFrame, Shining, Shot
from station.errors import SpoolFull
from station.protocol import (
    Exposure,
    Frame,
    Light,
    Patient,
    Preparation,
    QualityReport,
    Verdict,
    View,
    VisitProtocol,
    is_uid,
)
from tests.fixtures.booth import MemorySink, a_protocol, files_booth

pytestmark = pytest.mark.unit

REPORT = QualityReport(verdict=Verdict.PASS, profile="p", recipe="r", threshold_version="1", measures=())


@dataclass
class Watcher:
    states: list[SessionState] = field(default_factory=list)
    events: list[tuple[str, int]] = field(default_factory=list)

    def session_moved(self, visit: Visit) -> None:
        self.states.append(visit.session.state)

    def still_lighting(self, visit: Visit, index: int) -> None:
        self.events.append(("light", index))

    def still_taken(self, visit: Visit, index: int, still: TakenStill) -> None:
        assert visit.taken[-1] == still.sop_instance_uid
        self.events.append(("taken", index))

    def still_refused(self, visit: Visit, index: int, why: str) -> None:
        self.events.append(("refused", index))


@dataclass
class Room:
    studio: Studio
    bench: Bench
    box: LatestFrame
    sink: MemorySink
    watcher: Watcher = field(default_factory=Watcher)

    def visit(self, protocol: VisitProtocol | None = None, seating_s: float = 0.0) -> Visit:
        return Visit(
            protocol or a_protocol(),
            Patient(patient_id="7"),
            self.studio,
            self.watcher,
            TimedPace(seating_s),
        )


async def examine(frame: Frame) -> QualityReport | None:
    return REPORT if frame.header.light is Light.WHITE else None


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    camera, lights, bench = files_booth(tmp_path)
    box, sink = LatestFrame(), MemorySink()
    async with camera, lights:
        preview = Preview(camera, lights, box, light=Light.WHITE, power=0.3, exposure=Exposure(time_s=0.01))
        showing = asyncio.create_task(preview.run())
        await box.get()
        yield Room(Studio(camera, lights, preview, sink, examine), bench, box, sink)
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
        assert bench.shining == Shining()


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
    assert [shining.light for shining in lights] == [step.light for step in a_protocol().recipe.steps]
    async with asyncio.timeout(5):
        await room.box.get(after=before + 4)
    assert room.bench.shining == Shining(Light.WHITE, 0.3)


async def test_the_preview_makes_way_twice_in_a_row(room: Room) -> None:
    async with asyncio.timeout(10):
        for _ in range(3):
            async with room.studio.preview.paused():
                assert room.bench.shining == Shining()
