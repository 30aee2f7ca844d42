"""Which record holds for a picture, and what is refused where none does."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from station.calibration.record import (
    BadRecord,
    CalibrationRecord,
    IrradianceRecord,
    NamedRecord,
    load_record,
)
from station.protocol import CameraInfo, Frame, FrameHeader, Light

DAY_S: Final = 86_400.0
NO_RECORD: Final = "no calibration record of this booth"
BARE_LENS: Final = "a calibration record is of the bare lens, this picture was taken through a dermoscope"


@dataclass(frozen=True)
class Calibration:
    """The records of one booth; it names the one that holds in every header, or says why none does."""

    rig: str
    records: tuple[NamedRecord, ...] = ()
    """Newest first."""
    max_age_days: float = 0.0
    """0: they do not expire."""
    problem: str = ""
    """Of a file that cannot be used, where nothing else holds."""
    clock: Callable[[], float] = field(default=time.time, compare=False)

    def stamped(self, frame: Frame) -> Frame:
        """The frame with scale, colour matrix and record's name in its header, or the reasons why it has none.

        What the driver claimed of them is dropped: they come from records alone.
        """
        return Frame(self.stamp(frame.header), frame.pixels)

    def stamp(self, header: FrameHeader) -> FrameHeader:
        """`stamped` of a header."""
        bare = msgspec.structs.replace(
            header, px_per_mm=None, calibration=None, color_matrix=None, color_refused="", scale_refused=""
        )
        kept, reason = self.holding(header.camera, header.width, header.height)
        if header.dermoscope is not None:
            kept, reason = None, BARE_LENS
        if kept is None:
            return msgspec.structs.replace(bare, color_refused=reason, scale_refused=reason)
        scale = kept.record.failure("scale")
        colour, colour_reason = None, f"calibration {kept.id} has no colours under {header.light} light"
        if header.neutral_tab is None:
            colour_reason = "no neutral tab in the picture"
        elif (fitted := kept.record.colour_under(header.light)) is not None:
            colour = fitted.from_tab
            failed = kept.record.failure(f"colour/{header.light}", "colour")
            colour_reason = f"calibration {kept.id} failed: {failed}" if failed else ""
        return msgspec.structs.replace(
            bare,
            calibration=kept.id,
            px_per_mm=None if scale else kept.record.scale.px_per_mm,
            color_matrix=None if colour_reason else colour,
            scale_refused=f"calibration {kept.id} failed: {scale}" if scale else "",
            color_refused=colour_reason,
        )

    def holding(self, camera: CameraInfo | None, width: int, height: int) -> tuple[NamedRecord | None, str]:
        """The newest record that holds for such a picture now; otherwise None and the reason."""
        reasons = []
        for kept in self.records:
            reason = self._objection(kept, camera, width, height)
            if not reason:
                return kept, ""
            reasons.append(reason)
        return None, next(iter(reasons), self.problem or NO_RECORD)

    def irradiance(self, light: Light) -> tuple[IrradianceRecord | None, str]:
        """The lamp's irradiance by the newest record of this rig that has one and holds; otherwise None and the reason.

        It is a figure of the lamp, so it holds whatever the camera and the size of its pictures.
        """
        reasons = []
        for kept in self.records:
            found = next((one for one in kept.record.irradiances if one.light is light), None)
            reason = self._rig_objection(kept)
            if found is not None and not reason:
                return found, ""
            reasons.append(reason or f"calibration {kept.id} has no irradiance of the {light} lamp")
        return None, next(iter(reasons), self.problem or NO_RECORD)

    def _rig_objection(self, kept: NamedRecord) -> str:
        """Why a record does not hold for the rig, whatever the picture; empty if it does."""
        record = kept.record
        if record.rig != self.rig:
            return f"calibration {kept.id} is of rig {record.rig}, this is {self.rig}"
        if failed := record.failure("rig"):
            return f"calibration {kept.id} failed: {failed}"
        ends = record.made_at + self.max_age_days * DAY_S
        if self.max_age_days and self.clock() > ends:
            return f"calibration {kept.id} expired on {datetime.fromtimestamp(ends, UTC):%Y-%m-%d}"
        return ""

    def _objection(self, kept: NamedRecord, camera: CameraInfo | None, width: int, height: int) -> str:
        record = kept.record
        if record.rig == self.rig and not _same_camera(record, camera):
            return f"calibration {kept.id} is of another camera"
        if record.rig == self.rig and (record.width, record.height) != (width, height):
            return f"calibration {kept.id} is of {record.width} x {record.height} pictures, this is {width} x {height}"
        return self._rig_objection(kept)


def load_calibration(folder: Path, rig: str, max_age_days: float = 0.0) -> Calibration:
    """The records in a folder; files that cannot be used are left out, and the last of them is named as the problem."""
    problems: list[str] = []
    records = sorted(_readable(folder.glob("*.json"), problems), key=lambda kept: -kept.record.made_at)
    return Calibration(rig, tuple(records), max_age_days, problems[-1] if problems else "")


def _readable(paths: Iterable[Path], problems: list[str]) -> Iterator[NamedRecord]:
    for path in sorted(paths):
        try:
            yield load_record(path)
        except BadRecord as error:
            problems.append(str(error))


def _same_camera(record: CalibrationRecord, camera: CameraInfo | None) -> bool:
    if camera is None:
        return False
    known = record.camera
    if known.serial and known.serial != camera.serial:
        return False
    return (known.manufacturer, known.model, known.lens) == (camera.manufacturer, camera.model, camera.lens)
