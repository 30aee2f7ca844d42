"""How far each still of the newest visit has come, for the operator."""

import logging
from collections.abc import Callable

import msgspec

from station.capture import GuidedPace, Pace, SessionEvent, SessionState, Visit
from station.kiosk import Step, StillStage, StillStatus, VisitStatus
from station.protocol import (
    LAST_STEP,
    QualityReport,
    Refused,
    ServerMessage,
    StillExamined,
    StillProgress,
    StillStored,
    View,
)
from station.still import TakenStill

_log = logging.getLogger(__name__)
_ORDER = list(StillStage)
_STEPS = {
    SessionState.IDLE: Step.FRAMING,
    SessionState.FRAMING: Step.FRAMING,
    SessionState.READY: Step.READY,
    SessionState.SHOOTING: Step.SHOOTING,
    SessionState.REVIEW: Step.REVIEW,
    SessionState.UPLOADING: Step.FINISHED,
    SessionState.DONE: Step.FINISHED,
    SessionState.ABORTED: Step.ABORTED,
    SessionState.FAILED: Step.FAILED,
}


class VisitBoard:
    """Listens to a visit at the booth and to the server's messages about it; `changed` is told of every change.

    `rest_min` is the time for which a subject should have rested in the room. Once the visit is closed the board tells
    nothing that the operator entered about the patient.
    """

    def __init__(self, changed: Callable[[], None], rest_min: float = 0.0) -> None:
        self._changed = changed
        self._rest_min = rest_min
        self._visit: Visit | None = None
        self._guide: GuidedPace | None = None
        self._stills: list[StillStatus] = []
        self._lighting: int | None = None
        self._stored: set[str] = set()

    def begin(self, visit: Visit, pace: Pace) -> None:
        """Show this visit from now on."""
        protocol = visit.protocol
        self._visit = visit
        self._guide = pace if isinstance(pace, GuidedPace) else None
        self._stored = set()
        self._lighting = None
        self._stills = [
            StillStatus(view=view, light=step.light)
            for view in protocol.views
            for step in protocol.recipe.steps
        ]
        self._changed()

    @property
    def status(self) -> VisitStatus | None:
        """The visit under way, or the last one."""
        visit = self._visit
        if visit is None:
            return None
        status = VisitStatus(
            study_instance_uid=visit.study_instance_uid,
            opened_at=visit.opened_at,
            stills=tuple(self._shown()),
            closed=not visit.session.active,
            complete=visit.complete,
            message=_message(visit),
            step=_STEPS[visit.session.state],
        )
        return self._walked(visit, status) if visit.session.active else status

    def session_moved(self, visit: Visit) -> None:
        """The visit has another state."""
        if visit is not self._visit:
            return
        if visit.session.state is not SessionState.SHOOTING:
            self._end_lighting()
        if not visit.session.active:
            self._stills = [msgspec.structs.replace(still, override="") for still in self._stills]
        self._finish()
        self._changed()

    def still_lighting(self, visit: Visit, index: int) -> None:
        """The still's light goes on."""
        if visit is self._visit:
            self._lighting = index
            self._changed()

    def still_taken(self, visit: Visit, index: int, still: TakenStill) -> None:
        """The still is on disk."""
        if visit is not self._visit:
            return
        if self._lighting == index:
            self._lighting = None
        former = self._stills[index]
        self._stills[index] = StillStatus(
            view=former.view,
            light=former.light,
            stage=StillStage.TAKEN,
            sop_instance_uid=still.sop_instance_uid,
            quality=still.booth_quality,
            verdict_from="booth" if still.booth_quality is not None else "",
            override=still.override if visit.session.active else "",
            taken_again=former.taken_again + bool(former.sop_instance_uid),
        )
        self._changed()

    def still_refused(self, visit: Visit, index: int, why: str) -> None:
        """The still is left out, because its light may not shine."""
        if visit is not self._visit:
            return
        self._lighting = None
        _log.warning("%s still left out: %s", self._stills[index].light.value, why)
        self._miss(index, why)

    def still_lost(self, visit: Visit, index: int, why: str) -> None:
        """The still was exposed and is not on disk."""
        if visit is not self._visit:
            return
        if self._lighting == index:
            self._lighting = None
        _log.error("%s still lost: %s", self._stills[index].light.value, why)
        self._miss(index, f"taken, but not kept: {why}")

    def heard(self, message: ServerMessage) -> None:
        """What the server says about a still of this visit; anything else is no concern of the board."""
        if isinstance(message, Refused):
            self._note_refused(message)
        if not isinstance(message, StillStored | StillExamined | StillProgress):
            return
        if isinstance(message, StillStored):
            self._stored.add(message.sop_instance_uid)
            self._finish()
        index = self._index(message.sop_instance_uid)
        if index is None:
            return
        if isinstance(message, StillStored):
            self._advance(index, StillStage.STORED)
        elif isinstance(message, StillExamined):
            self._judge(index, message.quality, "server")
            self._advance(index, StillStage.EXAMINED)
        else:
            self._note_progress(index, message)

    def _walked(self, visit: Visit, status: VisitStatus) -> VisitStatus:
        """With what is told of a visit under way only."""
        review = visit.session.state is SessionState.REVIEW
        return msgspec.structs.replace(
            status,
            patient=visit.patient,
            acclimatised_at=self._rested_at(visit),
            view=View.UNSPECIFIED if review else visit.view,
            retaking=None if review else visit.take.still,
            shoots_in_s=None if self._guide is None else self._guide.shoots_in_s,
            wanting=() if self._guide is None else self._guide.wanting,
        )

    def _rested_at(self, visit: Visit) -> float | None:
        if not self._rest_min:
            return None
        return visit.opened_at + 60 * (self._rest_min - (visit.conditions.acclimatised_min or 0.0))

    def _shown(self) -> list[StillStatus]:
        stills = list(self._stills)
        if self._lighting is not None:
            stills[self._lighting] = msgspec.structs.replace(
                stills[self._lighting], stage=StillStage.LIGHTING
            )
        return stills

    def _end_lighting(self) -> None:
        """A light that went out before its still was taken; the former still stands, if there is one."""
        index, self._lighting = self._lighting, None
        if index is not None and not self._stills[index].sop_instance_uid:
            self._update(index, stage=StillStage.FAILED, message="not taken")

    def _miss(self, index: int, why: str) -> None:
        """The still is not there; the former stands, if there is one."""
        if self._stills[index].sop_instance_uid:
            self._update(index, message=why)
        else:
            self._update(index, stage=StillStage.FAILED, message=why)

    def _note_progress(self, index: int, message: StillProgress) -> None:
        if message.total:
            self._update(index, analysed=min(message.ended / message.total, 1.0))
        if not message.done:
            self._update(index, message=message.message)
        elif message.step == LAST_STEP:
            self._advance(index, StillStage.ANALYSED)

    def _note_refused(self, refused: Refused) -> None:
        index = self._index(refused.about) if refused.about else None
        if index is not None and not refused.code.retryable:
            self._update(index, message=f"not taken by the server: {refused.message}")

    def _finish(self) -> None:
        visit = self._visit
        if visit and visit.session.state is SessionState.UPLOADING and self._stored >= set(visit.taken):
            visit.session.move(SessionEvent.STORED)

    def _index(self, sop_instance_uid: str) -> int | None:
        for index, still in enumerate(self._stills):
            if still.sop_instance_uid == sop_instance_uid:
                return index
        return None

    def _judge(self, index: int, quality: QualityReport, source: str) -> None:
        self._update(index, quality=quality, verdict_from=source)

    def _advance(self, index: int, stage: StillStage) -> None:
        if _ORDER.index(stage) > _ORDER.index(self._stills[index].stage):
            self._update(index, stage=stage, message="")

    def _update(self, index: int, **changes: object) -> None:
        self._stills[index] = msgspec.structs.replace(self._stills[index], **changes)
        self._changed()


def _message(visit: Visit) -> str:
    if visit.session.state is SessionState.ABORTED:
        return visit.problem or "the visit was given up"
    return visit.problem
