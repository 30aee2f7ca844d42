"""The booth's agent: introduces instruments, visits, spool, uplink, preview and page to each other."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from station.agent.calibration import CalibrationDesk
from station.agent.disk import check_disk
from station.agent.instruments import Instruments
from station.agent.link import Link
from station.agent.page import serve_page
from station.agent.quality import BoothQuality
from station.agent.recall import Recall
from station.agent.sink import SpoolSink, close_left_visits
from station.agent.state import Parts, booth_state
from station.agent.ultraviolet import UvDesk
from station.agent.visits import Visits
from station.agent.worklist import Worklist
from station.calibration import CurrentCalibration
from station.capture import TakenStill
from station.capture.uv import DoseLedger
from station.config import StationConfig
from station.devices import LatestFrame, Progress
from station.errors import InvalidTransition, WorklistUnavailable
from station.kiosk import (
    BoothState,
    CalibrationCheck,
    Excerpt,
    Latest,
    Phase,
    VisitRequest,
    WorklistFound,
)
from station.memory import PatientMemory
from station.protocol import OrdersWanted, Overlay, QualityReport, ServerMessage, View
from station.transport import Spool, SpoolRoom

REFRESH_S = 0.25
"""Time between two looks at what nobody announces: light, connection, latency."""
_NOT_NOW = {
    Phase.STARTING: "The booth is still starting: wait a moment.",
    Phase.SHOOTING: "A visit is under way: wait for its end, or stop it.",
}
"""Why no visit can start; the instruments say it themselves where one failed."""

_log = logging.getLogger(__name__)


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
        self._parts = Parts()
        self._tasks: asyncio.TaskGroup | None = None
        self._visits = Visits(config, self.hints, self._refresh, lambda: self._quality.sees_nobody)
        self.state: Latest[BoothState] = Latest(self._look())

    async def run(self, ready: Callable[["StationAgent"], None] | None = None) -> None:
        """Serve until cancelled; `ready` is called once the page answers. Raises `ConfigError`.

        Things start in flow order and stop in reverse; the lights go dark before anything else stops.
        """
        async with contextlib.AsyncExitStack() as rooms:
            spool = await asyncio.to_thread(self._open_spool)
            rooms.push_async_callback(spool.close)
            await close_left_visits(spool)
            self._parts.room = SpoolRoom(spool, self.config.visit_protocol.stills)
            rooms.callback(self._parts.room.close)
            self._parts.worklist = await asyncio.to_thread(
                Worklist.open, self.config, self._refresh, self._ask_orders, self._knows_no_orders
            )
            rooms.callback(self._parts.worklist.close)
            self._parts.recall = await asyncio.to_thread(self._open_recall)
            rooms.callback(self._parts.recall.close)
            rooms.callback(self._quality.close)
            rooms.callback(self._visits.close)
            rooms.callback(self._end_streams)
            self._parts.link = self._make_link(spool)
            await rooms.enter_async_context(self._parts.link)
            records = await asyncio.to_thread(self.config.current_calibration)
            ultraviolet = await asyncio.to_thread(self._open_ultraviolet, records)
            rooms.callback(ultraviolet.close)
            self._parts.desk = CalibrationDesk(self.config, records, self._refresh)
            rooms.callback(self._parts.desk.close)
            await self._parts.desk.open()
            sink = SpoolSink(spool, self._parts.link.notify, records, self._kept)
            self._parts.instruments = self._make_instruments(sink, ultraviolet)
            if self.config.kiosk.enabled and self._web_root is not None:
                self.kiosk_url = await rooms.enter_async_context(
                    serve_page(self, self._web_root, self.config.kiosk)
                )
            if ready is not None:
                ready(self)
            await self._serve(self._parts.instruments, self._parts.link, self._parts.room)

    async def start_visit(self, request: VisitRequest) -> str:
        """Start a visit in the background and return its Study Instance UID.

        Raises `InvalidTransition` while another visit is under way or the booth is not ready, `SpoolFull` if the
        whole visit would not fit on the disk.
        """
        state = self._look()
        studio = self._parts.studio
        if state.phase is not Phase.READY or studio is None or self._tasks is None:
            raise InvalidTransition(_NOT_NOW.get(state.phase) or state.problem)
        if self._parts.desk is not None and self._parts.desk.busy:
            raise InvalidTransition("The calibration is being checked: wait for its end.")
        check_disk(self._parts.room, studio, self.config.visit_protocol.stills)
        ordered = None if self._parts.worklist is None else self._parts.worklist.ordered(request.worklist_key)
        return await self._visits.start(
            request, studio, self._tasks, lambda study: self._join(request, study), ordered=ordered
        )

    def _join(self, request: VisitRequest, study: str) -> None:
        if self._parts.worklist is not None:
            self._parts.worklist.begin(study, request.worklist_key)
        if self._parts.recall is not None:
            self._parts.recall.begin(request.patient, study)

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
        if self._parts.worklist is None:
            raise WorklistUnavailable(_NOT_NOW[Phase.STARTING])
        return await self._parts.worklist.search(sought)

    async def abort(self) -> None:
        """Give the visit up: lights dark, no further still. Raises `InvalidTransition` if none is under way."""
        await self._visits.abort()

    async def ghost(self, view: View) -> bytes | None:
        """PNG of grey lines on transparency: this view at the last visit of whoever is in the chair; None without one."""
        return None if self._parts.recall is None else await self._parts.recall.ghost(view)

    async def still(self, index: int, excerpt: Excerpt) -> bytes | None:
        """JPEG of the newest still of this index; None without one. Raises `InvalidTransition` once the visit is closed."""
        return await self._visits.still(index, excerpt)

    def check_calibration(self) -> None:
        """Begin a check of the calibration; raises `InvalidTransition` during a visit or a check, and without a record."""
        state, instruments = self._look(), self._parts.instruments
        if state.phase is not Phase.READY or instruments is None or instruments.studio is None:
            raise InvalidTransition(_NOT_NOW.get(state.phase) or state.problem)
        if self._parts.desk is None or self._tasks is None:
            raise InvalidTransition(_NOT_NOW[Phase.STARTING])
        self._parts.desk.start(instruments.studio, instruments.bench, self._tasks)

    def calibration_history(self) -> tuple[CalibrationCheck, ...]:
        """The checks made so far, newest last."""
        return () if self._parts.desk is None else self._parts.desk.history()

    async def _serve(self, instruments: Instruments, link: Link, room: SpoolRoom) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(instruments.run(), name="instruments")
                tasks.create_task(link.run(), name="link")
                tasks.create_task(link.tell(self.hints), name="verdicts")
                tasks.create_task(room.run(self._refresh), name="room")
                if self._parts.worklist is not None:
                    tasks.create_task(self._parts.worklist.run(), name="worklist")
                if self._parts.recall is not None:
                    tasks.create_task(self._parts.recall.run(), name="recall")
                if self._parts.desk is not None:
                    tasks.create_task(self._parts.desk.run(lambda: self._visits.active), name="records")
                hints_hz = self.config.preview.hints_hz
                tasks.create_task(self._quality.run(self.preview, self.hints, hints_hz), name="hints")
                tasks.create_task(self._visits.run(), name="gate")
                tasks.create_task(self._keep_refreshing(), name="state")
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    await instruments.ensure_dark()
        finally:
            self._tasks = None

    async def _kept(self, still: TakenStill) -> None:
        if self._parts.worklist is not None:
            await self._parts.worklist.note_still(still.study_instance_uid)
        if self._parts.recall is not None:
            self._parts.recall.note(still)
        await self._visits.keep(still)

    def _open_recall(self) -> Recall:
        settings, folder = self.config.memory, self.config.data / "memory"
        try:
            memory = PatientMemory.open(folder, patients=settings.patients, days=settings.days)
        except OSError:
            _log.exception("nothing is kept of visits for the next one")
            memory = PatientMemory(folder, b"", patients=0, days=0)
        return Recall(memory, self.preview, self._quality.face, self._quality.compare_with)

    def _open_spool(self) -> Spool:
        uplink = self.config.uplink
        spool = Spool.open(
            self.config.data / "spool", max_bytes=int(uplink.spool_gb * 1e9), encoding=uplink.encoding
        )
        for name in spool.damaged:
            _log.warning("a folder of the spool is damaged and is not sent", extra={"folder": name})
        return spool

    def _heard(self, message: ServerMessage) -> None:
        if self._parts.worklist is not None:
            self._parts.worklist.heard(message)
        self._visits.heard(message)

    def _ask_orders(self, wanted: OrdersWanted) -> bool:
        return self._parts.link is not None and self._parts.link.ask(wanted)

    def _knows_no_orders(self) -> bool:
        return self._parts.link is not None and self._parts.link.told_without_orders

    def _make_link(self, spool: Spool) -> Link:
        return Link(
            self.config,
            spool,
            self.preview,
            self._overlay,
            self._heard,
            self._refresh,
            self._software,
        )

    def _make_instruments(self, sink: SpoolSink, ultraviolet: UvDesk) -> Instruments:
        loop = asyncio.get_running_loop()

        def prepare(share: float, what: str) -> None:
            loop.call_soon_threadsafe(self._note_preparing, share, what)
            if self._progress is not None:
                self._progress(share, what)

        return Instruments(
            self.config,
            self.config.data / "cache",
            self.preview,
            sink,
            self._quality.examine,
            self._refresh,
            prepare,
            make_guard=ultraviolet.make_guard,
        )

    def _open_ultraviolet(self, records: CurrentCalibration) -> UvDesk:
        ledger = DoseLedger(self.config.data / "uv")
        ledger.open()
        return UvDesk(self.config.uv, records, ledger, self._quality.eyes_closed)

    def _note_preparing(self, share: float, what: str) -> None:
        self._preparing = "" if share >= 1 else f"{what}: {share:.0%}"
        self._refresh()

    def _overlay(self, overlay: Overlay) -> None:
        self._quality.note_face(overlay)
        self.overlays.put(overlay)

    def _end_streams(self) -> None:
        self.preview.close()
        self.overlays.close()
        self.hints.close()
        self.state.close()

    async def _keep_refreshing(self) -> None:
        while True:
            self._refresh()
            await asyncio.sleep(REFRESH_S)

    def _refresh(self) -> None:
        self._visits.use(self._parts.studio)
        self._visits.explain(self._quality.problem)
        state = self._look()
        if self._parts.worklist is not None:
            self._parts.worklist.heed(state.visit)
        if self._parts.recall is not None:
            self._parts.recall.heed(state.visit)
        if state != self.state.value:
            self.state.put(state)

    def _look(self) -> BoothState:
        return booth_state(self.config, self._parts, self._visits, self._quality.problem, self._preparing)
