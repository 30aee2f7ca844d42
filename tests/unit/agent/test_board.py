"""What the board tells of a visit: the walk, stills taken again, and nothing of the patient after the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from station.agent.board import VisitBoard
from station.capture import GuidedPace, SessionEvent, Take, Visit
from station.kiosk import Step, StillStage, StillStatus, VisitStatus
from station.protocol import Conditions, Patient, QualityReport, StillExamined, StillStored, Verdict, View
from station.still import TakenStill
from tests.fixtures.booth import a_protocol
from tests.fixtures.capture_room import REPORT, Room, opened_room

pytestmark = pytest.mark.unit

E = SessionEvent
PATIENT = Patient(patient_id="P-77", patient_name="Doe^Jane")


class Shown:
    """A visit of two views that is moved by hand, and what the board tells of it."""

    def __init__(self, room: Room) -> None:
        self.changes = 0
        self.board = VisitBoard(self._count)
        pace = GuidedPace(auto_shoot_s=1, idle_limit_s=60, changed=self._count)
        protocol = a_protocol(View.FRONT, View.LEFT_45)
        self.visit = Visit(protocol, PATIENT, room.studio, self.board, pace)
        self.board.begin(self.visit, pace)

    def _count(self) -> None:
        self.changes += 1

    def status(self) -> VisitStatus:
        status = self.board.status
        assert status is not None
        return status

    def still(self, index: int) -> StillStatus:
        return self.status().stills[index]

    async def shoot(self, override: str = "") -> None:
        self.visit.session.move(E.SHOOT)
        await self.visit.shoot(override)

    async def review(self) -> None:
        for number in range(2):
            self.visit.ask(Take(number))
            await self.shoot("a stiff neck of Jane's")
        self.visit.session.move(E.REVIEW)


@pytest_asyncio.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Shown]:
    async with opened_room(tmp_path) as room:
        yield Shown(room)


async def test_the_board_tells_where_the_operator_stands(shown: Shown) -> None:
    session, seen = shown.visit.session, []

    def note() -> None:
        status = shown.status()
        seen.append((status.step, status.view, status.retaking, status.patient.patient_id))

    shown.visit.ask(Take(0))
    note()
    session.move(E.GREEN)
    note()
    await shown.shoot()
    note()
    shown.visit.ask(Take(1))
    await shown.shoot()
    session.move(E.REVIEW)
    note()
    shown.visit.ask(Take(0, 2), E.RETAKE)
    note()
    await shown.shoot()
    session.move(E.REVIEW)
    session.move(E.FINISH)
    note()
    assert seen == [
        (Step.FRAMING, View.FRONT, None, "P-77"),
        (Step.READY, View.FRONT, None, "P-77"),
        (Step.SHOOTING, View.FRONT, None, "P-77"),
        (Step.REVIEW, View.UNSPECIFIED, None, "P-77"),
        (Step.FRAMING, View.FRONT, 2, "P-77"),
        (Step.FINISHED, View.UNSPECIFIED, None, ""),
    ]


@pytest.mark.parametrize("end", [E.FINISH, E.ABORT, E.FAIL, E.EXPIRE])
async def test_nothing_of_the_patient_is_told_after_the_end(shown: Shown, end: SessionEvent) -> None:
    await shown.review()
    assert b"Jane" in msgspec.json.encode(shown.status())
    shown.visit.session.move(end)
    told = msgspec.json.encode(shown.status())
    assert b"Jane" not in told
    assert b"P-77" not in told
    assert shown.status().closed


async def test_a_still_taken_again_takes_the_place_of_the_former(shown: Shown) -> None:
    await shown.review()
    former = shown.still(1)
    assert (former.stage, former.taken_again, former.override) == (
        StillStage.TAKEN,
        0,
        "a stiff neck of Jane's",
    )
    shown.visit.ask(Take(0, 1), E.RETAKE)
    await shown.shoot()
    newest = shown.still(1)
    assert newest.sop_instance_uid != former.sop_instance_uid
    assert (newest.stage, newest.taken_again, newest.override) == (StillStage.TAKEN, 1, "")
    report = msgspec.structs.replace(REPORT, verdict=Verdict.FAIL)
    for uid, said in ((former.sop_instance_uid, report), (newest.sop_instance_uid, REPORT)):
        shown.board.heard(examined(shown.visit, uid, said))
    assert shown.still(1).quality == REPORT


async def test_a_light_that_goes_out_early_leaves_the_former_still(shown: Shown) -> None:
    await shown.review()
    former = shown.still(4)
    shown.visit.ask(Take(1, 4), E.RETAKE)
    shown.visit.session.move(E.SHOOT)
    shown.board.still_lighting(shown.visit, 4)
    assert shown.still(4).stage is StillStage.LIGHTING
    shown.visit.session.move(E.ABORT)
    assert shown.still(4) == msgspec.structs.replace(former, override="")


async def test_a_light_that_goes_out_before_the_first_still_is_told(shown: Shown) -> None:
    shown.visit.ask(Take(0))
    shown.visit.session.move(E.SHOOT)
    shown.board.still_lighting(shown.visit, 0)
    shown.visit.session.move(E.FAIL)
    assert (shown.still(0).stage, shown.still(0).message) == (StillStage.FAILED, "not taken")
    assert shown.still(1).stage is StillStage.WAITING


async def test_a_light_that_may_not_shine_is_told_with_its_reason_and_can_be_taken_later(
    shown: Shown,
) -> None:
    shown.visit.ask(Take(0))
    shown.visit.session.move(E.SHOOT)
    shown.board.still_lighting(shown.visit, 1)
    shown.board.still_refused(shown.visit, 1, "Close the eyes.")
    assert (shown.still(1).stage, shown.still(1).message) == (StillStage.FAILED, "Close the eyes.")
    shown.visit.take = Take(0, 1)
    await shown.visit.shoot()
    assert (shown.still(1).stage, shown.still(1).message, shown.still(1).taken_again) == (
        StillStage.TAKEN,
        "",
        0,
    )


async def test_a_still_that_was_exposed_and_not_kept_is_told(shown: Shown) -> None:
    shown.visit.ask(Take(0))
    shown.visit.session.move(E.SHOOT)
    shown.board.still_lighting(shown.visit, 1)
    shown.board.still_lost(shown.visit, 0, "the disk is full")
    assert (shown.still(0).stage, shown.still(0).message) == (
        StillStage.FAILED,
        "taken, but not kept: the disk is full",
    )
    assert shown.still(1).stage is StillStage.LIGHTING


async def test_a_visit_is_done_when_the_server_has_every_still_also_those_taken_again(shown: Shown) -> None:
    await shown.review()
    shown.visit.ask(Take(0, 0), E.RETAKE)
    await shown.shoot()
    shown.visit.session.move(E.REVIEW)
    shown.visit.session.move(E.FINISH)
    first, *others = shown.visit.taken
    for uid in others:
        shown.board.heard(StillStored(sop_instance_uid=uid))
    assert shown.visit.session.state.value == "uploading"
    shown.board.heard(StillStored(sop_instance_uid=first))
    assert shown.visit.session.state.value == "done"
    assert shown.status().step is Step.FINISHED


async def test_what_another_visit_does_is_not_shown(shown: Shown, tmp_path: Path) -> None:
    await shown.review()
    last = shown.visit
    pace = GuidedPace(auto_shoot_s=1, idle_limit_s=60, changed=lambda: None)
    following = Visit(last.protocol, Patient(patient_id="P-78"), last._studio, shown.board, pace)
    shown.board.begin(following, pace)
    before = shown.changes
    last.session.move(E.ABORT)
    shown.board.still_lighting(last, 0)
    shown.board.still_refused(last, 0, "no")
    shown.board.still_lost(last, 0, "no")
    shown.board.still_taken(last, 0, taken(last))
    assert shown.changes == before
    assert shown.status().patient.patient_id == "P-78"
    assert {still.stage for still in shown.status().stills} == {StillStage.WAITING}


def taken(visit: Visit) -> TakenStill:
    sink = visit._studio.sink
    return sink.stills[0]  # type: ignore[attr-defined, no-any-return]


def examined(visit: Visit, uid: str, report: QualityReport) -> StillExamined:
    return StillExamined(study_instance_uid=visit.study_instance_uid, sop_instance_uid=uid, quality=report)


async def test_rest_counts_from_what_was_told(tmp_path: Path) -> None:
    async with opened_room(tmp_path) as room:
        board = VisitBoard(lambda: None, rest_min=15)
        pace = GuidedPace(auto_shoot_s=1, idle_limit_s=60, changed=lambda: None)
        conditions = Conditions(acclimatised_min=5)
        visit = Visit(a_protocol(), PATIENT, room.studio, board, pace, conditions=conditions)
        board.begin(visit, pace)
        status = board.status
        assert status is not None
        assert status.acclimatised_at == pytest.approx(visit.opened_at + 600)
        visit.session.move(E.ABORT)
        assert board.status is not None
        assert board.status.acclimatised_at is None
