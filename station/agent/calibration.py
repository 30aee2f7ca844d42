"""The booth's calibration: the record that holds, one that is new, and the daily check from the booth's own page."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from station.calibration import (
    HISTORY,
    NO_RECORD,
    Calibration,
    ChartLayout,
    CurrentCalibration,
    DailyCheck,
    FolderReading,
    NamedRecord,
    Session,
    advice,
    append_history,
    check_session,
    draw_standing,
    read_history,
    sheet_named,
)
from station.capture import Studio
from station.capture.chart import ChartPhotographer, ordered_steps
from station.config import StationConfig
from station.devices import Bench, Standing, Worker
from station.devices.registry import camera_options
from station.devices.sim import SimCameraOptions, px_per_mm
from station.errors import InvalidTransition, StationError
from station.kiosk import CalibrationCheck, CalibrationStatus, CheckPoint
from station.protocol import CameraInfo

CHECK_LIMIT_S = 300.0
"""Time for a whole check; then it has failed."""
MOST_CHECKS = 400
"""The newest that are told."""
READING = "reading"
"""What `CalibrationStatus.running` says once the pictures are taken."""
LOOK_S = 2.0
"""Time between two looks at the folder of records."""

_DAY_S = 86_400.0

_log = logging.getLogger(__name__)


class CalibrationDesk:
    """Shows which record holds, takes up a new one, checks it, and keeps the history; `changed` is told of every change."""

    def __init__(
        self, config: StationConfig, records: CurrentCalibration, changed: Callable[[], None]
    ) -> None:
        self._config = config
        self._records = records
        self._taken_up_at: float | None = None
        self._changed = changed
        self._worker = Worker("calibration", nice=5)
        self._checks: list[DailyCheck] = []
        self._running = self._failed = ""
        self._checking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the history; one that cannot be read is named in the state."""
        try:
            self._checks = await self._worker.run(read_history, self._history)
        except (StationError, OSError) as error:
            self._failed = str(error)

    async def run(self, visiting: Callable[[], bool]) -> None:
        """Take up what is new in the folder of records, but not during a visit or a check, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if visiting() or self.busy:
                continue
            try:
                found = await self._worker.run(self._records.newer)
            except OSError as error:
                _log.warning("the calibration records cannot be read", extra={"problem": error.strerror})
                continue
            if found is not None and not (visiting() or self.busy):
                self._take_up(found)

    def close(self) -> None:
        """End its thread; safe to call twice."""
        self._worker.close()

    @property
    def busy(self) -> bool:
        """Whether a check is under way, which has camera and lights for itself."""
        return self._checking is not None

    def status(self, camera: CameraInfo | None) -> CalibrationStatus:
        """How the calibration stands, for pictures of this camera; None: of the one it was made with."""
        kept, problem = self._holding(camera)
        status = CalibrationStatus(problem=problem, running=self._running, failed=self._failed)
        if kept is not None:
            status = msgspec.structs.replace(
                status, record=kept.id, made_at=kept.record.made_at, expires_at=self._expires_at(kept)
            )
            status = msgspec.structs.replace(status, taken_up_at=self._taken_up_at)
        last = self._checks[-1] if self._checks else None
        if last is not None and (kept is None or last.calibration == kept.id):
            status = msgspec.structs.replace(
                status, checked_at=last.checked_at, verdict=str(last.verdict), points=_points(last)
            )
        return status

    def history(self) -> tuple[CalibrationCheck, ...]:
        """The newest checks, oldest of them first."""
        return tuple(
            CalibrationCheck(at=check.checked_at, verdict=str(check.verdict), points=_points(check))
            for check in self._checks[-MOST_CHECKS:]
        )

    def start(self, studio: Studio, bench: Bench, tasks: asyncio.TaskGroup) -> None:
        """Check in the background; raises `InvalidTransition` during a check, and where no record holds."""
        if self.busy:
            raise InvalidTransition("a check of the calibration is under way: wait for its end")
        kept, problem = self._holding(studio.camera.info)
        if kept is None:
            raise InvalidTransition(f"there is nothing to check against: {problem}")
        self._failed, self._running = "", "starting"
        checking = self._checking = tasks.create_task(self._check(kept, studio, bench), name="calibration")
        checking.add_done_callback(lambda _: self._end())

    def _take_up(self, found: FolderReading) -> None:
        before = {kept.id for kept in self._calibration.records}
        self._records.use(found)
        now = [kept.id for kept in self._calibration.records]
        if found.calibration.problem:
            _log.warning("a calibration record is not used", extra={"problem": found.calibration.problem})
        if before != set(now):
            self._taken_up_at = time.time()
            _log.info("other calibration records hold from now on", extra={"records": now})
        self._changed()

    async def _check(self, kept: NamedRecord, studio: Studio, bench: Bench) -> None:
        try:
            async with asyncio.timeout(CHECK_LIMIT_S):
                session = await self._shoot(sheet_named(kept.record.chart), studio, bench)
                self._note(READING)
                check = await self._worker.run(self._judge, session)
        except TimeoutError:
            self._failed = f"the check took longer than {CHECK_LIMIT_S:g} s and was given up: try it again"
        except (StationError, ValueError, OSError) as error:
            self._failed = str(error)
        except Exception:  # noqa: BLE001
            # The boundary of one check: the booth goes on.
            _log.exception("a calibration check failed unexpectedly")
            self._failed = "the check failed unexpectedly: the booth's log says why"
        else:
            self._checks.append(check)

    async def _shoot(self, layout: ChartLayout, studio: Studio, bench: Bench) -> Session:
        steps = ordered_steps(self._config.visit_protocol.recipe.steps, studio.lights.lights)
        async with studio.preview.paused():
            bench.standing = await self._worker.run(self._simulated, layout)
            try:
                photographer = ChartPhotographer(studio.camera, studio.lights, layout)
                shots = []
                for step in steps:
                    self._note(step.light)
                    shots.append(await photographer.chart(step))
            finally:
                bench.standing = None
        return Session(layout=layout, shots=shots)

    def _simulated(self, layout: ChartLayout) -> Standing | None:
        """The sheet, for a simulated booth where nobody can put it."""
        options = camera_options(self._config.camera)
        if not isinstance(options, SimCameraOptions):
            return None
        width, height = options.width, options.height
        scene = draw_standing(layout, width, height, px_per_mm(width, height))
        return lambda _width, _height: scene

    def _judge(self, session: Session) -> DailyCheck:
        check = check_session(
            self._calibration, session, checked_at=time.time(), made_by=self._config.booth_id
        )
        append_history(check, self._history)
        return check

    def _holding(self, camera: CameraInfo | None) -> tuple[NamedRecord | None, str]:
        """The record that would hold for the booth's stills, whose size the driver's settings tell where they do."""
        options = camera_options(self._config.camera)
        size = getattr(options, "width", None), getattr(options, "height", None)
        reasons = []
        for kept in self._calibration.records:
            record = kept.record
            width, height = (
                have or made for have, made in zip(size, (record.width, record.height), strict=True)
            )
            found, reason = self._calibration.holding(camera or record.camera, width, height)
            if found is not None:
                return found, ""
            reasons.append(reason)
        if reasons:
            return None, reasons[0]
        return None, self._calibration.problem or NO_RECORD

    def _expires_at(self, kept: NamedRecord) -> float | None:
        days = self._calibration.max_age_days
        return kept.record.made_at + days * _DAY_S if days else None

    @property
    def _calibration(self) -> Calibration:
        return self._records.now

    @property
    def _history(self) -> Path:
        return self._config.data / "calibration" / HISTORY

    def _note(self, running: str) -> None:
        self._running = running
        self._changed()

    def _end(self) -> None:
        self._checking = None
        self._note("")


def _points(check: DailyCheck) -> tuple[CheckPoint, ...]:
    """Its figures, and the lights that could not be checked at all."""
    figures = [
        CheckPoint(
            name=figure.name,
            value=figure.now,
            reference=figure.then,
            drift=figure.drift,
            unit=figure.unit,
            verdict=str(figure.verdict),
            advice=advice(figure),
            warn=figure.warn,
            fail=figure.fail,
        )
        for figure in check.figures
    ]
    unread = [
        CheckPoint(
            name=f"lamp/{light}", value=None, reference=None, drift=None, unit="%", verdict="fail", advice=why
        )
        for light, why in check.unread.items()
    ]
    return (*figures, *unread)
