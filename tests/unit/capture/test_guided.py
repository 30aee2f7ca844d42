"""A visit led by the gate and the operator, on real drivers; the loop's time is put forward by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from station.capture import FRESH_S, NOBODY, UNMEASURED, GuidedPace, SessionState, Visit
from station.devices import Shining
from station.errors import InvalidTransition, SpoolFull
from station.protocol import Light, Verdict, View
from station.still import TakenStill
from tests.fixtures.booth import a_protocol
from tests.fixtures.capture_room import Room, SteeredTime, a_report, opened_room, until

pytestmark = pytest.mark.unit

S = SessionState
GOOD, BAD = a_report(("framing", Verdict.PASS)), a_report(("framing", Verdict.FAIL))
AUTO_S, IDLE_S = 10.0, 45.0
"""Shorter than the cameras' own patience, which is put forward as well."""


@dataclass
class Walk:
    """A visit of two views with three lights each, under way."""

    room: Room
    visit: Visit
    pace: GuidedPace
    time: SteeredTime
    task: asyncio.Task[None] | None = None
    changes: list[None] = field(default_factory=list)

    def state(self) -> SessionState:
        return self.visit.session.state

    def wanting(self) -> tuple[str, ...]:
        return self.pace.wanting

    async def at(self, state: SessionState) -> None:
        await until(lambda: self.state() is state)

    async def on_the_pose(self) -> None:
        """Every further report counts."""
        await until(lambda: self.wanting() != UNMEASURED or self._hear(BAD))

    async def green(self) -> None:
        await self.on_the_pose()
        self.pace.hear(GOOD)
        assert self.state() is S.READY

    async def shot(self) -> None:
        """Shoot by hand and wait for what follows."""
        await self.green()
        self.pace.shoot()
        await until(lambda: self.state() is not S.SHOOTING)

    async def shot_with(self, reason: str) -> None:
        """The same against the gate."""
        self.pace.shoot(reason)
        await until(lambda: self.state() is not S.SHOOTING)

    async def review(self) -> None:
        await self.shot()
        await self.shot()
        assert self.state() is S.REVIEW

    async def ended(self) -> None:
        assert self.task is not None
        async with asyncio.timeout(20):
            await asyncio.wait({self.task})

    def _hear(self, report: object) -> bool:
        self.pace.hear(BAD)
        return False


Make = Callable[..., Awaitable[Walk]]


@pytest_asyncio.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    walks: list[Walk] = []

    @asynccontextmanager
    async def rooms() -> AsyncIterator[Make]:
        async with opened_room(tmp_path) as room:

            async def walk(auto_shoot_s: float = AUTO_S) -> Walk:
                changes: list[None] = []
                pace = GuidedPace(
                    auto_shoot_s=auto_shoot_s, idle_limit_s=IDLE_S, changed=lambda: changes.append(None)
                )
                visit = room.visit(a_protocol(View.FRONT, View.LEFT_45), pace=pace)
                walk = Walk(room, visit, pace, SteeredTime(monkeypatch), changes=changes)
                walk.task = asyncio.create_task(visit.play())
                walks.append(walk)
                await walk.at(S.FRAMING)
                return walk

            yield walk
            for walk_ in walks:
                if walk_.task is not None:
                    walk_.task.cancel()
                    await asyncio.wait({walk_.task})

    async with rooms() as walk:
        yield walk


async def test_a_pose_that_stays_right_is_shot_by_itself_once(make: Make) -> None:
    walk = await make()
    assert walk.wanting() == UNMEASURED
    assert walk.pace.shoots_in_s is None
    await walk.on_the_pose()
    with walk.time.held():
        walk.pace.hear(GOOD)
        assert walk.wanting() == ()
        assert walk.pace.shoots_in_s == pytest.approx(AUTO_S)
        for _ in range(11):
            await walk.time.forward(0.9)
            walk.pace.hear(GOOD)
        assert walk.state() is S.READY
        await walk.time.forward(0.2)
    await until(lambda: walk.state() is S.FRAMING)
    assert walk.visit.view is View.LEFT_45
    assert [event for event in walk.room.watcher.events if event[0] == "light"] == [
        ("light", 0),
        ("light", 1),
        ("light", 2),
    ]
    assert walk.wanting() == UNMEASURED
    assert {still.override for still in walk.room.sink.stills} == {""}


async def test_a_pose_that_is_lost_begins_its_time_anew(make: Make) -> None:
    walk = await make(auto_shoot_s=0.8)
    await walk.on_the_pose()
    with walk.time.held():
        walk.pace.hear(GOOD)
        await walk.time.forward(0.7)
        walk.pace.hear(BAD)
        assert walk.state() is S.FRAMING
        assert walk.wanting() == ("Mend framing.",)
        assert walk.pace.shoots_in_s is None
        await walk.time.forward(0.5)
        walk.pace.hear(GOOD)
        assert walk.pace.shoots_in_s == pytest.approx(0.8)
        await walk.time.forward(0.4)
        assert walk.state() is S.READY
        walk.pace.hear(GOOD)
        await walk.time.forward(0.5)
    await until(lambda: walk.visit.view is View.LEFT_45)
    assert len(walk.room.sink.stills) == 3


async def test_a_gate_that_falls_silent_is_not_green(make: Make) -> None:
    walk = await make()
    await walk.green()
    await walk.time.forward(FRESH_S + 0.1)
    assert walk.state() is S.FRAMING
    assert walk.wanting() == UNMEASURED
    walk.pace.hear(GOOD)
    assert walk.state() is S.READY


async def test_without_auto_shoot_only_the_operator_shoots(make: Make) -> None:
    walk = await make(auto_shoot_s=0.0)
    await walk.green()
    assert walk.pace.shoots_in_s is None
    for _ in range(60):
        await walk.time.forward(0.5)
        walk.pace.hear(GOOD)
    assert walk.state() is S.READY
    walk.pace.shoot()
    await walk.at(S.FRAMING)
    assert {still.override for still in walk.room.sink.stills} == {""}


async def test_the_gate_is_overridden_with_a_reason_that_goes_with_these_stills_alone(make: Make) -> None:
    walk = await make()
    await walk.on_the_pose()
    for reason in ("", "  "):
        with pytest.raises(InvalidTransition, match=r"framing.*shoot.*Mend framing\."):
            walk.pace.shoot(reason)
    walk.pace.shoot(" a stiff neck ")
    with pytest.raises(InvalidTransition, match=r"shooting.*shoot"):
        walk.pace.shoot("again")
    await walk.at(S.FRAMING)
    await walk.shot()
    assert [still.override for still in walk.room.sink.stills] == ["a stiff neck"] * 3 + [""] * 3


async def test_a_reason_is_not_kept_where_the_gate_asked_for_nothing(make: Make) -> None:
    walk = await make()
    await walk.green()
    walk.pace.shoot("a stiff neck")
    await walk.at(S.FRAMING)
    assert {still.override for still in walk.room.sink.stills} == {""}


async def test_one_still_is_taken_again_and_the_newest_stands(make: Make) -> None:
    walk = await make()
    await walk.review()
    walk.pace.retake(1)
    assert (walk.state(), walk.visit.view, walk.visit.take.still) == (S.FRAMING, View.FRONT, 1)
    await walk.shot()
    assert walk.state() is S.REVIEW
    first, again = [still for still in walk.room.sink.stills if still.series_number == 2]
    assert again.replaces == first.sop_instance_uid
    assert again.series_instance_uid == first.series_instance_uid
    assert (first.instance_number, again.instance_number) == (1, 2)
    assert (again.frame.header.step, again.frame.header.view) == (1, View.FRONT)
    assert walk.visit.standing(1) == again.sop_instance_uid
    walk.pace.finish()
    await walk.ended()
    closed = walk.room.sink.closed[0]
    assert closed.complete
    assert (
        closed.stills == walk.visit.taken == tuple(still.sop_instance_uid for still in walk.room.sink.stills)
    )
    assert len(closed.stills) == 7


async def test_a_still_that_is_not_there_cannot_be_taken_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = await make()
    with pytest.raises(InvalidTransition, match=r"framing.*retake"):
        walk.pace.retake(0)
    assert walk.visit.take.still is None
    await walk.review()
    for index in (-1, 6):
        with pytest.raises(InvalidTransition, match="6 stills"):
            walk.pace.retake(index)
    monkeypatch.setattr("station.capture.visit.MAX_STILLS", 6)
    with pytest.raises(InvalidTransition, match="finish it"):
        walk.pace.retake(0)
    assert walk.state() is S.REVIEW


async def test_a_visit_is_finished_in_its_review_only(make: Make) -> None:
    walk = await make()
    with pytest.raises(InvalidTransition, match=r"framing.*finish"):
        walk.pace.finish()
    await walk.review()
    assert walk.wanting() == ()
    with pytest.raises(InvalidTransition, match=r"review.*shoot"):
        walk.pace.shoot("why not")
    walk.pace.finish()
    assert walk.state() is S.UPLOADING
    for command in (walk.pace.finish, walk.pace.shoot, lambda: walk.pace.retake(0)):
        with pytest.raises(InvalidTransition, match="uploading"):
            command()
    await walk.ended()
    assert walk.room.sink.closed[0].complete


async def test_before_it_is_led_a_visit_takes_no_command() -> None:
    pace = GuidedPace(auto_shoot_s=1, idle_limit_s=1, changed=lambda: None)
    pace.hear(GOOD)
    for command in (pace.finish, pace.shoot, lambda: pace.retake(0)):
        with pytest.raises(InvalidTransition, match="idle"):
            command()


async def test_a_pose_that_nobody_takes_closes_the_visit_with_what_it_has(make: Make) -> None:
    walk = await make()
    await walk.shot()
    await walk.time.forward(IDLE_S - 5)
    await walk.green()  # a gate that comes and goes is nobody who goes on
    await walk.time.forward(10)
    assert walk.state() is S.ABORTED
    assert "nobody went on for 45 s" in walk.visit.problem
    await walk.ended()
    closed = walk.room.sink.closed[0]
    assert (len(closed.stills), closed.complete) == (3, False)


async def test_a_review_that_nobody_ends_closes_a_complete_visit(make: Make) -> None:
    walk = await make()
    await walk.review()
    await walk.time.forward(IDLE_S + 1)
    assert walk.state() is S.UPLOADING
    assert "nobody went on for 45 s" in walk.visit.problem
    await walk.ended()
    assert walk.room.sink.closed[0].complete


async def go_framing(walk: Walk) -> None:
    await walk.on_the_pose()


async def go_ready(walk: Walk) -> None:
    await walk.green()


async def go_shooting(walk: Walk) -> None:
    await walk.green()
    walk.pace.shoot()
    await until(lambda: walk.visit.taken)


async def go_review(walk: Walk) -> None:
    await walk.review()


async def go_retaking(walk: Walk) -> None:
    await walk.review()
    walk.pace.retake(5)
    await walk.green()
    walk.pace.shoot()
    await asyncio.sleep(0)


@pytest.mark.parametrize("go", [go_framing, go_ready, go_shooting, go_review, go_retaking])
async def test_a_visit_given_up_is_dark_and_keeps_what_was_taken(
    make: Make, go: Callable[[Walk], Awaitable[None]]
) -> None:
    walk = await make()
    await go(walk)
    assert walk.task is not None
    walk.task.cancel()
    await walk.ended()
    assert walk.state() is S.ABORTED
    sink = walk.room.sink
    assert sink.closed[0].stills == walk.visit.taken
    assert set(walk.visit.taken) == {still.sop_instance_uid for still in sink.stills}
    await walk.time.forward(IDLE_S + AUTO_S)
    walk.pace.hear(GOOD)
    assert walk.state() is S.ABORTED
    assert walk.room.bench.shining in (Shining(), Shining(Light.WHITE, 0.3))


async def test_a_disk_that_is_full_at_a_retake_keeps_the_visit_before(make: Make) -> None:
    walk = await make()
    await walk.review()
    walk.room.sink.full, walk.room.sink._full_after = SpoolFull("the disk is full"), 6
    walk.pace.retake(0)
    await walk.green()
    walk.pace.shoot()
    await walk.ended()
    assert (walk.state(), walk.visit.problem) == (S.FAILED, "the disk is full")
    assert len(walk.room.sink.closed[0].stills) == 6
    assert walk.room.sink.closed[0].complete


async def test_the_preview_shows_the_pose_that_is_asked_for(make: Make) -> None:
    walk = await make()
    await walk.shot()
    newest = walk.visit.previewed
    assert newest is not None
    async with asyncio.timeout(20):
        frame = await walk.room.box.get(newest.frame_id)
        assert frame.header.view is View.LEFT_45
        await walk.shot()
        walk.pace.finish()
        await walk.ended()
        last = walk.visit.previewed
        assert last is not None
        frame = await walk.room.box.get(last.frame_id + 1)
    assert frame.header.view is View.FRONT


async def test_a_preview_that_is_gone_is_not_green(make: Make) -> None:
    walk = await make()
    await walk.green()
    walk.pace.doubt()
    assert (walk.state(), walk.wanting(), walk.pace.shoots_in_s) == (S.FRAMING, UNMEASURED, None)
    await walk.shot()
    await walk.shot()
    walk.pace.doubt()
    assert walk.state() is S.REVIEW


async def test_an_empty_chair_is_not_shot(make: Make) -> None:
    walk = await make()
    await walk.green()
    walk.pace.hear(GOOD, nobody=True)
    assert (walk.state(), walk.wanting()) == (S.FRAMING, (NOBODY,))
    walk.pace.hear(GOOD)
    assert walk.state() is S.READY


async def test_the_preview_of_the_next_pose_is_back_before_the_last_still_is_on_disk(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = await make()
    await walk.green()
    room_on_disk, put = asyncio.Semaphore(1), walk.room.sink.put

    async def put_when_let(still: TakenStill) -> None:
        await room_on_disk.acquire()
        await put(still)

    monkeypatch.setattr(walk.room.sink, "put", put_when_let)
    walk.pace.shoot()
    await until(lambda: (newest := walk.visit.previewed) is not None and newest.view is View.LEFT_45)
    assert walk.state() is S.SHOOTING
    assert len(walk.visit.taken) < 3
    for _ in range(2):
        room_on_disk.release()
    await walk.at(S.FRAMING)
    assert len(walk.visit.taken) == 3


async def test_why_nothing_is_measured_is_told_instead_of_a_wait_without_end(make: Make) -> None:
    walk = await make()
    assert walk.wanting() == UNMEASURED
    told = len(walk.changes)
    walk.pace.explain("The preview cannot be measured.")
    walk.pace.explain("The preview cannot be measured.")
    assert walk.wanting() == ("The preview cannot be measured.",)
    assert len(walk.changes) == told + 1
    with pytest.raises(InvalidTransition, match="cannot be measured"):
        walk.pace.shoot()
    await walk.shot_with("seen")
    assert walk.wanting() == ("The preview cannot be measured.",)  # of the next pose as well
    walk.pace.explain("")
    assert walk.wanting() == UNMEASURED
    await walk.on_the_pose()
    walk.pace.hear(BAD)
    corrections = walk.wanting()
    walk.pace.explain("The preview cannot be measured.")
    assert walk.wanting() == corrections  # what was measured just now still counts
    await walk.time.forward(FRESH_S + 0.1)
    assert walk.wanting() == ("The preview cannot be measured.",)


async def test_every_change_of_the_gate_is_told(make: Make) -> None:
    walk = await make()
    await walk.on_the_pose()
    told = len(walk.changes)
    walk.pace.hear(BAD)
    assert len(walk.changes) == told
    walk.pace.hear(a_report(("motion", Verdict.WARN)))
    assert len(walk.changes) == told + 1
