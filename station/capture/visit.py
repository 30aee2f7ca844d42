"""One visit played out: each view seated and shot, each still on disk before it counts."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from station.capture.preview import Preview
from station.capture.sequence import check_recipe, play
from station.capture.session import CaptureSession, SessionEvent
from station.devices import Camera, LightRig, completed
from station.errors import StationError
from station.protocol import (
    Frame,
    Patient,
    ProtocolError,
    QualityReport,
    View,
    VisitClosed,
    VisitOpened,
    VisitProtocol,
    new_uid,
)

UNSAVED_LIMIT = 2
"""Stills that may wait in memory for the disk; the sequence waits beyond that."""

_log = logging.getLogger(__name__)

Examine = Callable[[Frame], Awaitable[QualityReport | None]]


@dataclass(frozen=True, eq=False, kw_only=True)
class TakenStill:
    """A still with the identity it was given at its exposure."""

    frame: Frame
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    series_number: int
    instance_number: int
    booth_quality: QualityReport | None


class StillSink(Protocol):
    """Where visits and stills are made durable; every method returns when they are."""

    async def open_visit(self, message: VisitOpened) -> None:
        """Keep the beginning of a visit."""

    async def put(self, still: TakenStill) -> object:
        """Keep a still."""

    async def close_visit(self, message: VisitClosed) -> None:
        """Keep the end of a visit."""


class VisitListener(Protocol):
    """Who is told how a visit goes on; `index` counts the stills in the order of shooting."""

    def session_moved(self, visit: "Visit") -> None:
        """The visit has another state."""

    def still_lighting(self, visit: "Visit", index: int) -> None:
        """The still's light goes on."""

    def still_taken(self, visit: "Visit", index: int, still: TakenStill) -> None:
        """The still is on disk."""


@dataclass(frozen=True)
class Studio:
    """What a visit is shot with."""

    camera: Camera
    lights: LightRig
    preview: Preview
    sink: StillSink
    examine: Examine
    """Quality of a raw still, measured at the booth; None where it cannot be told."""


class Visit:
    """One visit of one patient: a DICOM Study with one Series per view and light."""

    def __init__(
        self,
        protocol: VisitProtocol,
        patient: Patient,
        studio: Studio,
        listener: VisitListener,
        *,
        seating_s: float,
    ) -> None:
        self.study_instance_uid = new_uid()
        self.opened_at = time.time()
        self.protocol = protocol
        self.problem = ""
        """Why the visit failed, for the operator."""
        self.session = CaptureSession(lambda state: listener.session_moved(self))
        self._patient = patient
        self._studio = studio
        self._listener = listener
        self._seating_s = seating_s
        self._opened = False
        self._taken: dict[int, str] = {}
        self._unsaved = asyncio.Semaphore(UNSAVED_LIMIT)

    @property
    def taken(self) -> tuple[str, ...]:
        """SOP Instance UIDs of the stills on disk, in the order of shooting."""
        return tuple(uid for _, uid in sorted(self._taken.items()))

    @property
    def complete(self) -> bool:
        """Whether every still of the protocol was taken."""
        return len(self._taken) == self.protocol.stills

    async def play(self) -> None:
        """Shoot the whole visit; `session` then says how it ended, and its end is on disk.

        An instrument's failure or a full disk ends the visit as failed, with the sentence in `problem`. A cancelled
        visit is aborted. Either way the lights are dark and stills on disk stay.
        """
        try:
            await self._shoot_views()
        except asyncio.CancelledError:
            self.session.move(SessionEvent.ABORT)
            raise
        except (StationError, ProtocolError) as error:
            self._fail(str(error))
        except Exception:
            self._fail("the booth's program failed: see its log")
            raise
        finally:
            await completed(self._close())

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self.session.move(SessionEvent.FAIL)

    async def _shoot_views(self) -> None:
        check_recipe(self.protocol.recipe, self._studio.camera, self._studio.lights)
        self.session.move(SessionEvent.SEAT)
        await completed(self._open())
        for number, view in enumerate(self.protocol.views):
            if number:
                self.session.move(SessionEvent.SEAT)
            await asyncio.sleep(self._seating_s)
            self.session.move(SessionEvent.SHOOT)
            await self._shoot(view, number * len(self.protocol.recipe.steps))
        self.session.move(SessionEvent.FINISH)

    async def _shoot(self, view: View, first: int) -> None:
        try:
            async with self._studio.preview.paused(), asyncio.TaskGroup() as saving:
                await play(
                    self.protocol.recipe,
                    self._studio.camera,
                    self._studio.lights,
                    view=view,
                    preparation=self.protocol.preparation,
                    lighting=lambda step: self._listener.still_lighting(self, first + step),
                    exposed=lambda frame: self._keep(saving, first + frame.header.step, frame),
                )
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _keep(self, saving: asyncio.TaskGroup, index: int, frame: Frame) -> None:
        """Save the frame beside the next exposure, so that the subject need not sit still for the disk."""
        await self._unsaved.acquire()
        saved = saving.create_task(self._save(index, self._still(frame, index)), name=f"still-{index}")
        saved.add_done_callback(lambda _: self._unsaved.release())

    async def _save(self, index: int, still: TakenStill) -> None:
        quality = await self._studio.examine(still.frame)
        await completed(self._put(index, replace(still, booth_quality=quality)))

    async def _put(self, index: int, still: TakenStill) -> None:
        await self._studio.sink.put(still)
        self._taken[index] = still.sop_instance_uid
        self._listener.still_taken(self, index, still)

    async def _open(self) -> None:
        message = VisitOpened(
            study_instance_uid=self.study_instance_uid,
            opened_at=self.opened_at,
            protocol=self.protocol,
            patient=self._patient,
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

    def _still(self, frame: Frame, index: int) -> TakenStill:
        return TakenStill(
            frame=frame,
            sop_instance_uid=new_uid(),
            series_instance_uid=new_uid(),
            study_instance_uid=self.study_instance_uid,
            series_number=index + 1,
            instance_number=1,
            booth_quality=None,
        )
