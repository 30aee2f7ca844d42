"""What the booth recalls of the patient in the chair, and keeps of the visit once it is complete."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from station.devices import LatestFrame
from station.kiosk import VisitStatus
from station.memory import Drawing, PatientMemory
from station.protocol import Face, Frame, Light, Patient, View
from station.quality import Baseline
from station.still import TakenStill

FindFace = Callable[[Frame], Awaitable[Face | None]]
CompareWith = Callable[[Callable[[View], Baseline | None] | None], None]

MAX_WAITING = 2
"""Stills that may wait to be drawn; beyond that a view goes without a drawing."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Visit:
    patient: Patient
    study_instance_uid: str
    drawings: dict[View, Drawing] = field(default_factory=dict)


class Recall:
    """Joins a visit to the booth's memory: the ghost and the faces of the last visit while it runs, its own afterwards.

    A visit that was given up is not kept.
    """

    def __init__(
        self, memory: PatientMemory, preview: LatestFrame, find_face: FindFace, compare_with: CompareWith
    ) -> None:
        self._memory = memory
        self._preview = preview
        self._find_face = find_face
        self._compare_with = compare_with
        self._visit: _Visit | None = None
        self._waiting = 0
        self._due: asyncio.Queue[tuple[_Visit, Frame | None]] = asyncio.Queue()

    def begin(self, patient: Patient, study_instance_uid: str) -> None:
        """A visit of somebody starts."""
        self._visit = _Visit(patient, study_instance_uid) if self._memory.knows(patient) else None
        self._compare_with(None if self._visit is None else lambda view: self._memory.baseline(patient, view))

    def note(self, still: TakenStill) -> None:
        """A still of the visit is on disk; a white one is drawn when there is time."""
        visit, header = self._visit, still.frame.header
        if visit is None or visit.study_instance_uid != still.study_instance_uid:
            return
        if header.light is Light.WHITE and self._waiting < MAX_WAITING:
            self._waiting += 1
            self._due.put_nowait((visit, still.frame))

    async def ghost(self, view: View) -> bytes | None:
        """The drawing of the last visit of whoever is in the chair; None without one."""
        return None if self._visit is None else await self._memory.ghost(self._visit.patient, view)

    def heed(self, status: VisitStatus | None) -> None:
        """Let go of the patient once the visit is closed, and keep what was drawn if it is complete."""
        visit = self._visit
        if visit is None or status is None or status.study_instance_uid != visit.study_instance_uid:
            return
        if status.closed:
            self._visit = None
            self._compare_with(None)
            if status.complete:
                self._due.put_nowait((visit, None))

    async def run(self) -> None:
        """Draw and keep, until cancelled."""
        while True:
            visit, frame = await self._due.get()
            try:
                if frame is None:
                    await self._keep(visit)
                else:
                    await self._draw(visit, frame)
            except Exception:  # noqa: BLE001
                # The boundary of an optional part: a visit that cannot be recalled is still a visit.
                _log.exception("a visit is not kept for the next one")

    async def _draw(self, visit: _Visit, frame: Frame) -> None:
        self._waiting -= 1
        face = await self._find_face(frame)
        visit.drawings[frame.header.view] = await self._memory.drawn(frame, face, self._field())

    async def _keep(self, visit: _Visit) -> None:
        for view, drawing in visit.drawings.items():
            await self._memory.keep(visit.patient, view, drawing)

    def close(self) -> None:
        """End the memory's thread; safe to call twice."""
        self._memory.close()

    def _field(self) -> tuple[int, int] | None:
        frame = self._preview.latest
        return None if frame is None else (frame.header.width, frame.header.height)
