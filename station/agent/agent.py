"""The booth's agent: introduces instruments, visits, spool, uplink, preview and page to each other."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from station.agent.disk import check_disk
from station.agent.page import serve_page
from station.agent.parts import Opening, Parts
from station.agent.quality import BoothQuality
from station.agent.state import booth_state
from station.agent.visits import Visits
from station.capture import Studio
from station.config import StationConfig
from station.devices import Latest, LatestFrame, Progress
from station.errors import InvalidTransition, WorklistUnavailable
from station.kiosk import (
    BoothState,
    CalibrationCheck,
    Excerpt,
    Phase,
    VisitRequest,
    WorklistFound,
)
from station.protocol import Overlay, QualityReport, View

REFRESH_S = 0.25
"""Time between two looks at what nobody announces: light, connection, latency."""
_NOT_NOW = {
    Phase.STARTING: "The booth is still starting: wait a moment.",
    Phase.SHOOTING: "A visit is under way: wait for its end, or stop it.",
}
"""Why no visit can start; the instruments say it themselves where one failed."""


class StationAgent:
    """One booth. `run` is its whole life; the rest is what the kiosk page needs.

    `web_root` holds the built pages (None: no page); `progress` hears how far the instruments are prepared;
    `software` is what the server is told; `face_model` is the network by which the booth finds faces itself.

    A failing instrument, a server that is away and a full disk are states that the page shows; the agent stays.
    """

    def __init__(
        self,
        config: StationConfig,
        *,
        web_root: Path | None = None,
        progress: Progress | None = None,
        software: str = "dermabooth",
        face_model: Path | None = None,
    ) -> None:
        self.config = config
        self.preview = LatestFrame()
        self.overlays: Latest[Overlay] = Latest()
        self.hints: Latest[QualityReport] = Latest()
        self.kiosk_url = ""
        """Address of the page; empty without one."""
        self._web_root = web_root
        self._progress = progress
        self._software = software
        self._preparing = ""
        self._quality = BoothQuality(
            config.visit_protocol.recipe.name,
            config.quality_profile,
            face_model=None if config.dermoscope else face_model,  # no face is sought where none can be
        )
        self._parts: Parts | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._visits = Visits(config, self.hints, self._refresh, lambda: self._quality.sees_nobody)
        self.state: Latest[BoothState] = Latest(self._look())

    async def run(self, ready: Callable[["StationAgent"], None] | None = None) -> None:
        """Serve until cancelled; `ready` is called once the page answers. Raises `ConfigError`.

        Things start in flow order and stop in reverse; the lights go dark before anything else stops.
        """
        async with AsyncExitStack() as opened:
            parts = self._parts = await self._opening().open(opened)
            if self.config.kiosk.enabled and self._web_root is not None:
                self.kiosk_url = await opened.enter_async_context(
                    serve_page(self, self._web_root, self.config.kiosk)
                )
            if ready is not None:
                ready(self)
            await self._serve(parts)

    async def start_visit(self, request: VisitRequest) -> str:
        """Start a visit in the background and return its Study Instance UID.

        Raises `InvalidTransition` while another visit is under way or the booth is not ready, `SpoolFull` if the
        whole visit would not fit on the disk.
        """
        parts, studio, tasks = self._ready()
        if parts.desk.busy:
            raise InvalidTransition("The calibration is being checked: wait for its end.")
        check_disk(parts.room, studio, self.config.visit_protocol.stills)

        def named(study: str) -> None:
            parts.worklist.begin(study, request.worklist_key)
            parts.recall.begin(request.patient, study)

        ordered = parts.worklist.ordered(request.worklist_key)
        return await self._visits.start(request, studio, tasks, named, ordered=ordered)

    def shoot(self, reason: str) -> None:
        """Shoot the pose now. Raises `InvalidTransition` if it is no time to, or if the gate asks for a correction and
        there is no reason.
        """
        self._visits.shoot(reason)

    def retake(self, index: int) -> None:
        """Take one still again; raises `InvalidTransition` outside the review."""
        self._visits.retake(index)

    def finish(self) -> None:
        """Close the reviewed visit; raises `InvalidTransition` outside the review."""
        self._visits.finish()

    async def search_worklist(self, sought: str) -> WorklistFound:
        """Who is meant by something that was scanned or typed. Raises `WorklistUnavailable` with what to do."""
        if self._parts is None:
            raise WorklistUnavailable(_NOT_NOW[Phase.STARTING])
        return await self._parts.worklist.search(sought)

    async def abort(self) -> None:
        """Give the visit up: lights dark, no further still. Raises `InvalidTransition` if none is under way."""
        await self._visits.abort()

    async def ghost(self, view: View) -> bytes | None:
        """PNG of grey lines on transparency: this view at the last visit of whoever is in the chair; None without one."""
        return None if self._parts is None else await self._parts.recall.ghost(view)

    async def still(self, index: int, excerpt: Excerpt) -> bytes | None:
        """JPEG of the newest still of this index; None without one. Raises `InvalidTransition` once the visit is closed."""
        return await self._visits.still(index, excerpt)

    def check_calibration(self) -> None:
        """Begin a check of the calibration; raises `InvalidTransition` during a visit or a check, and without a record."""
        parts, studio, tasks = self._ready()
        parts.desk.start(studio, parts.instruments.bench, tasks)

    def calibration_history(self) -> tuple[CalibrationCheck, ...]:
        """The checks made so far, newest last."""
        return () if self._parts is None else self._parts.desk.history()

    def _ready(self) -> tuple[Parts, Studio, asyncio.TaskGroup]:
        """What a visit or a check takes; raises `InvalidTransition` with the reason why the booth is not ready for one."""
        state, parts, tasks = self._look(), self._parts, self._tasks
        studio = None if parts is None else parts.studio
        if state.phase is not Phase.READY or parts is None or studio is None or tasks is None:
            raise InvalidTransition(_NOT_NOW.get(state.phase) or state.problem)
        return parts, studio, tasks

    async def _serve(self, parts: Parts) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(parts.instruments.run(), name="instruments")
                tasks.create_task(parts.link.run(), name="link")
                tasks.create_task(parts.link.tell(self.hints), name="verdicts")
                tasks.create_task(parts.room.run(self._refresh), name="room")
                tasks.create_task(parts.worklist.run(), name="worklist")
                tasks.create_task(parts.recall.run(), name="recall")
                tasks.create_task(parts.desk.run(lambda: self._visits.active), name="records")
                hints_hz = self.config.preview.hints_hz
                tasks.create_task(self._quality.run(self.preview, self.hints, hints_hz), name="hints")
                tasks.create_task(self._visits.run(), name="gate")
                tasks.create_task(self._keep_refreshing(), name="state")
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    await parts.instruments.ensure_dark()
        finally:
            self._tasks = None

    def _opening(self) -> Opening:
        loop = asyncio.get_running_loop()

        def prepare(share: float, what: str) -> None:
            loop.call_soon_threadsafe(self._note_preparing, share, what)
            if self._progress is not None:
                self._progress(share, what)

        return Opening(
            config=self.config,
            preview=self.preview,
            quality=self._quality,
            visits=self._visits,
            changed=self._refresh,
            overlaid=self._overlaid,
            progress=prepare,
            software=self._software,
            close=self._close,
        )

    def _note_preparing(self, share: float, what: str) -> None:
        self._preparing = "" if share >= 1 else f"{what}: {share:.0%}"
        self._refresh()

    def _overlaid(self, overlay: Overlay) -> None:
        self._quality.note_face(overlay)
        self.overlays.put(overlay)

    def _close(self) -> None:
        for stream in (self.preview, self.overlays, self.hints, self.state):
            stream.close()
        self._visits.close()
        self._quality.close()

    async def _keep_refreshing(self) -> None:
        while True:
            self._refresh()
            await asyncio.sleep(REFRESH_S)

    def _refresh(self) -> None:
        parts = self._parts
        self._visits.use(None if parts is None else parts.studio)
        self._visits.explain(self._quality.problem)
        state = self._look()
        if parts is not None:
            parts.worklist.heed(state.visit)
            parts.recall.heed(state.visit)
        if state != self.state.value:
            self.state.put(state)

    def _look(self) -> BoothState:
        return booth_state(self.config, self._parts, self._visits, self._quality.problem, self._preparing)
