"""One visit: its views and stills, each still on disk before it counts."""

import asyncio
import logging
import time
from dataclasses import replace

from station.capture.contract import Ordered, Pace, Take, VisitListener
from station.capture.sequence import check_recipe, play
from station.capture.session import CaptureSession, SessionEvent
from station.capture.studio import Studio
from station.capture.uv import UvPermission
from station.devices import completed
from station.errors import InvalidTransition, StationError
from station.protocol import (
    Conditions,
    Frame,
    FrameHeader,
    Patient,
    ProtocolError,
    View,
    VisitClosed,
    VisitOpened,
    VisitProtocol,
    new_uid,
)
from station.still import TakenStill

UNSAVED_LIMIT = 2
"""Stills that may wait in memory for the disk; with one more the sequence waits."""
PROGRAM_FAILED = "the booth's program failed: see its log"
MAX_STILLS = 128
"""Stills of one visit, those taken again among them, that `VisitClosed` can name."""

_log = logging.getLogger(__name__)


class Visit:
    """One visit of one patient: a DICOM Study with one Series per view and light."""

    def __init__(
        self,
        protocol: VisitProtocol,
        patient: Patient,
        studio: Studio,
        listener: VisitListener,
        pace: Pace,
        *,
        conditions: Conditions | None = None,
        ordered: Ordered | None = None,
    ) -> None:
        given = None if ordered is None else ordered.study_instance_uid
        self.study_instance_uid = given or new_uid()
        self.order = None if ordered is None else ordered.order
        self.opened_at = time.time()
        self.protocol = protocol
        self.patient = patient
        self.problem = ""
        """Why the visit failed or ended early, for the operator."""
        self.take = Take(0)
        """What is shot next, or just now."""
        self.session = CaptureSession(lambda state: self._moved())
        self.begun = asyncio.Event()
        """Set once the visit's beginning is on disk and its first pose is asked for, or it has ended before."""
        self.conditions = conditions or Conditions()
        self._studio = studio
        self._listener = listener
        self._pace = pace
        self._opened = False
        self._exposed = 0
        self._series = [new_uid() for _ in range(protocol.stills)]
        self._taken: dict[int, tuple[int, str]] = {}
        self._unsaved: set[asyncio.Task[None]] = set()

    @property
    def view(self) -> View:
        """The pose of the take."""
        return self.protocol.views[self.take.view]

    @property
    def previewed(self) -> FrameHeader | None:
        """Header of the newest preview frame."""
        return self._studio.preview.latest

    @property
    def taken(self) -> tuple[str, ...]:
        """SOP Instance UIDs of all stills on disk, in the order of shooting."""
        return tuple(uid for _, (_, uid) in sorted(self._taken.items()))

    @property
    def complete(self) -> bool:
        """Whether every still of the protocol was taken."""
        return len({index for index, _ in self._taken.values()}) == self.protocol.stills

    def standing(self, index: int) -> str | None:
        """SOP Instance UID of the newest still of this index; None before the first."""
        uids = [uid for _, (at, uid) in sorted(self._taken.items()) if at == index]
        return uids[-1] if uids else None

    def use(self, studio: Studio) -> None:
        """Go on with instruments that were opened anew; a take that is being shot ends as the old ones let it."""
        if studio is not self._studio and self.session.active:
            self._studio = studio
            studio.preview.aim(self.view)

    def ask(self, take: Take, event: SessionEvent = SessionEvent.FRAME) -> None:
        """Ask the subject for the pose of a take; raises `InvalidTransition`, and changes nothing, if this is no time for it."""
        self.session.check(event)
        self.take = take
        self._studio.preview.aim(self.view)
        self.session.move(event)

    def following(self) -> Take | None:
        """The take after this one; None after the last view and after a still that was taken again."""
        number = self.take.view + 1
        return Take(number) if self.take.still is None and number < len(self.protocol.views) else None

    def again(self, index: int) -> Take:
        """The take of one still again; raises `InvalidTransition` if the visit has no such still or no room for another."""
        if not 0 <= index < self.protocol.stills:
            raise InvalidTransition(f"a visit of {self.protocol.stills} stills has none of index {index}")
        if self._exposed >= MAX_STILLS:
            raise InvalidTransition(f"a visit has {MAX_STILLS} stills at most: finish it and begin another")
        return Take(index // len(self.protocol.recipe.steps), index)

    async def play(self) -> None:
        """Lead the whole visit; `session` then says how it ended, and its end is on disk.

        An instrument's failure or a full disk ends the visit as failed, with the sentence in `problem`. A cancelled
        visit is aborted. Either way the lights are dark, and what was exposed is on disk or said to be lost.
        """
        try:
            check_recipe(self.protocol.recipe, self._studio.camera, self._studio.lights)
            await completed(self._open())
            await self._pace.lead(self)
        except asyncio.CancelledError:
            if self.session.active:
                self.session.move(SessionEvent.ABORT)
            raise
        except (StationError, ProtocolError) as error:
            self._fail(str(error))
        except Exception:
            self._fail(PROGRAM_FAILED)
            raise
        finally:
            await completed(self._close())

    async def shoot(self, override: str = "", then: Take | None = None) -> None:
        """Shoot the take and return when its stills are on disk; the session is `SHOOTING`.

        The preview is back as soon as the last light is dark, of the pose of the take that comes `then`. Raises what
        instruments and sink raise, when every still whose lamp was proved is on disk or said to be lost.
        """
        try:
            async with asyncio.TaskGroup() as saving, self._studio.preview.paused():
                await self._play(saving, override)
                if then is not None:
                    self._studio.preview.aim(self.protocol.views[then.view])
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _play(self, saving: asyncio.TaskGroup, override: str) -> None:
        first = self.take.view * len(self.protocol.recipe.steps)
        await play(
            self.protocol.recipe,
            self._studio.camera,
            self._studio.lights,
            view=self.view,
            preparation=self.protocol.preparation,
            lighting=lambda step: self._listener.still_lighting(self, first + step),
            exposed=lambda frame: self._keep(saving, first + frame.header.step, frame, override),
            ultraviolet=self._permission(),
            refused=lambda step, why: self._listener.still_refused(self, first + step, why),
            only=None if self.take.still is None else self.take.still - first,
        )

    def _permission(self) -> UvPermission | None:
        guard = self._studio.ultraviolet
        return None if guard is None else guard.permission(self.patient, self.study_instance_uid)

    def _moved(self) -> None:
        self.begun.set()
        if not self.session.active:
            self._studio.preview.aim(self.protocol.views[0])
        self._listener.session_moved(self)

    def _fail(self, problem: str) -> None:
        if self.session.active:
            self.problem = problem
            self.session.move(SessionEvent.FAIL)

    async def _keep(self, saving: asyncio.TaskGroup, index: int, frame: Frame, override: str) -> None:
        """Save the frame beside the next exposure, so that the subject need not sit still for the disk."""
        self._exposed += 1
        still = self._still(index, frame, override)
        saved = saving.create_task(self._save(self._exposed, index, still), name=f"still-{index}")
        self._unsaved.add(saved)
        saved.add_done_callback(self._unsaved.discard)
        await asyncio.sleep(0)  # a task that is cancelled before its first step never begins
        await self._studio.camera.note_still(frame.header, still.sop_instance_uid)
        while len(self._unsaved) > UNSAVED_LIMIT:
            await asyncio.wait(self._unsaved, return_when=asyncio.FIRST_COMPLETED)

    async def _save(self, number: int, index: int, still: TakenStill) -> None:
        """What was exposed is kept, also when the sequence fails or is stopped meanwhile; then without its measures."""
        try:
            quality = await self._studio.examine(still.frame)
        except asyncio.CancelledError:
            await completed(self._put(number, index, still))
            raise
        await completed(self._put(number, index, replace(still, booth_quality=quality)))

    async def _put(self, number: int, index: int, still: TakenStill) -> None:
        try:
            await self._studio.sink.put(still)
        except Exception as error:
            told = isinstance(error, StationError | ProtocolError)
            self._listener.still_lost(self, index, str(error) if told else PROGRAM_FAILED)
            raise
        self._taken[number] = (index, still.sop_instance_uid)
        self._listener.still_taken(self, index, still)

    async def _open(self) -> None:
        message = VisitOpened(
            study_instance_uid=self.study_instance_uid,
            opened_at=self.opened_at,
            protocol=self.protocol,
            patient=self.patient,
            conditions=self.conditions,
            order=self.order,
        )
        await self._studio.sink.open_visit(message)
        self._opened = True

    async def _close(self) -> None:
        if not self._opened:
            return
        message = VisitClosed(
            study_instance_uid=self.study_instance_uid,
            closed_at=time.time(),
            stills=self.taken,
            complete=self.complete,
        )
        try:
            await self._studio.sink.close_visit(message)
        except StationError as error:
            _log.warning("the end of a visit is not on disk: it is closed at the next start")
            self.problem = self.problem or str(error)

    def _still(self, index: int, frame: Frame, override: str) -> TakenStill:
        earlier = [uid for at, uid in self._taken.values() if at == index]
        return TakenStill(
            frame=frame,
            sop_instance_uid=new_uid(),
            series_instance_uid=self._series[index],
            study_instance_uid=self.study_instance_uid,
            series_number=index + 1,
            instance_number=len(earlier) + 1,
            booth_quality=None,
            replaces=self.standing(index),
            override=override,
        )
