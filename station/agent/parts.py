"""The parts of a booth, opened in flow order and closed in reverse."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from station.agent.calibration import CalibrationDesk
from station.agent.instruments import Instruments
from station.agent.link import Link
from station.agent.quality import BoothQuality
from station.agent.recall import Recall
from station.agent.sink import SpoolSink, close_left_visits
from station.agent.ultraviolet import UvDesk
from station.agent.visits import Visits
from station.agent.worklist import Worklist
from station.calibration import CurrentCalibration
from station.capture import Studio
from station.capture.uv import DoseLedger
from station.config import StationConfig
from station.devices import LatestFrame, Progress
from station.memory import PatientMemory
from station.protocol import Overlay, ServerMessage
from station.still import TakenStill
from station.transport import Spool, SpoolRoom

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Parts:
    """What a booth is made of once it is open."""

    room: SpoolRoom
    worklist: Worklist
    recall: Recall
    link: Link
    desk: CalibrationDesk
    instruments: Instruments

    @property
    def studio(self) -> Studio | None:
        """Camera and lights, once they are ready."""
        return self.instruments.studio


@dataclass(frozen=True, eq=False, kw_only=True)
class Opening:
    """What the parts are opened with."""

    config: StationConfig
    preview: LatestFrame
    quality: BoothQuality
    visits: Visits
    changed: Callable[[], None]
    """Told of whatever the page may show."""
    overlaid: Callable[[Overlay], None]
    """Given the server's overlays."""
    progress: Progress
    """Told how far the instruments are prepared."""
    software: str
    close: Callable[[], None]
    """Ends what was there before the parts; called when the link has ended."""

    async def open(self, opened: AsyncExitStack) -> Parts:
        """The parts, which `opened` closes in reverse. Raises `ConfigError`."""
        config = self.config
        spool = await asyncio.to_thread(_open_spool, config)
        opened.push_async_callback(spool.close)
        await close_left_visits(spool)
        room = SpoolRoom(spool, config.visit_protocol.stills)
        opened.callback(room.close)
        link: Link  # opened below; the worklist asks it once it runs
        worklist = await asyncio.to_thread(
            Worklist.open,
            config,
            self.changed,
            lambda wanted: link.ask(wanted),
            lambda: link.told_without_orders,
        )
        opened.callback(worklist.close)
        recall = await asyncio.to_thread(self._open_recall)
        opened.callback(recall.close)
        opened.callback(self.close)
        link = await opened.enter_async_context(self._link(spool, worklist))
        records = await asyncio.to_thread(config.current_calibration)
        ultraviolet = await asyncio.to_thread(self._open_ultraviolet, records)
        opened.callback(ultraviolet.close)
        desk = CalibrationDesk(config, records, self.changed)
        opened.callback(desk.close)
        await desk.open()
        sink = SpoolSink(spool, link.notify, records, self._keeping(worklist, recall))
        return Parts(room, worklist, recall, link, desk, self._instruments(sink, ultraviolet))

    def _open_recall(self) -> Recall:
        settings, folder = self.config.memory, self.config.data / "memory"
        try:
            memory = PatientMemory.open(folder, patients=settings.patients, days=settings.days)
        except OSError:
            _log.exception("nothing is kept of visits for the next one")
            memory = PatientMemory(folder, b"", patients=0, days=0)
        return Recall(memory, self.preview, self.quality.face, self.quality.compare_with)

    def _open_ultraviolet(self, records: CurrentCalibration) -> UvDesk:
        ledger = DoseLedger(self.config.data / "uv")
        ledger.open()
        return UvDesk(self.config.uv, records, ledger, self.quality.eyes_closed)

    def _link(self, spool: Spool, worklist: Worklist) -> Link:
        def heard(message: ServerMessage) -> None:
            worklist.heard(message)
            self.visits.heard(message)

        return Link(self.config, spool, self.preview, self.overlaid, heard, self.changed, self.software)

    def _keeping(self, worklist: Worklist, recall: Recall) -> Callable[[TakenStill], Awaitable[None]]:
        async def kept(still: TakenStill) -> None:
            await worklist.note_still(still.study_instance_uid)
            recall.note(still)
            await self.visits.keep(still)

        return kept

    def _instruments(self, sink: SpoolSink, ultraviolet: UvDesk) -> Instruments:
        return Instruments(
            self.config,
            self.config.data / "cache",
            self.preview,
            sink,
            self.quality.examine,
            self.changed,
            self.progress,
            make_guard=ultraviolet.make_guard,
        )


def _open_spool(config: StationConfig) -> Spool:
    uplink = config.uplink
    spool = Spool.open(config.data / "spool", max_bytes=int(uplink.spool_gb * 1e9), encoding=uplink.encoding)
    for name in spool.damaged:
        _log.warning("a folder of the spool is damaged and is not sent", extra={"folder": name})
    return spool
