"""The daily check: how far a rig has moved since its calibration, and what was found on the days before."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta

from station.calibration.colour import delta_e_2000
from station.calibration.layout import ChartLayout
from station.calibration.making import ChartShot, Readings, output_gain
from station.calibration.matrix import chart_white, patch_colours
from station.calibration.reading import ChartReading
from station.calibration.record import BadRecord, CalibrationRecord, ColourRecord, NamedRecord
from station.protocol import Light, Verdict

HISTORY: Final = "history.jsonl"
MAX_HISTORY_BYTES: Final = 64 << 20
_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True)
class DriftLimits:
    """Drift from which the operator is warned, and from which the rig must be calibrated anew."""

    colour: tuple[float, float] = (0.7, 1.5)
    """Mean dE2000 of the patches, then and now."""
    lamp: tuple[float, float] = (5.0, 15.0)
    """% of the output."""
    scale: tuple[float, float] = (0.5, 2.0)
    """% of px/mm."""
    focus: tuple[float, float] = (10.0, 25.0)
    """% of MTF50 lost."""
    polarisation: tuple[float, float] = (5.0, 15.0)
    """% of the gain between the polarised modes."""


LIMITS: Final = DriftLimits()


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One figure against the record's."""

    name: str
    """`colour`, `lamp` and the light after a slash; `scale`, `focus`, `polarisation`."""
    then: float | None
    """In the record; None where it is the difference itself that is measured."""
    now: float
    drift: float
    unit: str
    warn: float
    fail: float
    verdict: Verdict


class DailyCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One check."""

    checked_at: float
    """Seconds since 1970 UTC."""
    rig: str
    calibration: str
    """Id of the record."""
    made_by: str
    verdict: Verdict
    """The worst of its figures."""
    figures: Annotated[tuple[Drift, ...], Meta(max_length=64)]
    unread: dict[str, str] = {}
    """Lights that could not be checked, and why; a light in the record makes the check fail."""


def check_drift(
    kept: NamedRecord,
    shots: Sequence[ChartShot],
    readings: Readings,
    layout: ChartLayout,
    *,
    checked_at: float,
    made_by: str,
) -> DailyCheck:
    """The readings of today held against the record."""
    record = kept.record
    found = tuple(_figures(record, shots, readings, layout))
    seen = {lamp.light for lamp in readings.lamps}
    unread = {
        str(lamp.light): readings.unread.get(lamp.light, "no picture under it, or its white field is clipped")
        for lamp in record.lamps
        if lamp.light not in seen and lamp.light is not Light.UV  # never lit for a sheet
    }
    worst = max((_ORDER.index(figure.verdict) for figure in found), default=0)
    return DailyCheck(
        checked_at=checked_at,
        rig=record.rig,
        calibration=kept.id,
        made_by=made_by,
        verdict=Verdict.FAIL if unread else _ORDER[worst],
        figures=found,
        unread=unread,
    )


def append_history(check: DailyCheck, path: Path) -> None:
    """Add a check to the end of a history file, durably; a line that a power cut left half written gives way to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        begin = max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE)
        file.seek(begin)
        file.truncate(begin + file.read().rfind(b"\n") + 1)
        file.write(msgspec.json.encode(check) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_history(path: Path) -> list[DailyCheck]:
    """The checks in a history file, oldest first; none where there is no file. Raises `BadRecord` naming a bad line.

    A last line without its end was cut off while it was written, and is left out.
    """
    if not path.exists():
        return []
    if path.stat().st_size > MAX_HISTORY_BYTES:
        raise BadRecord(f"{path.name} is over {MAX_HISTORY_BYTES} bytes: move it aside")
    checks = []
    *lines, _ = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            checks.append(msgspec.json.decode(line, type=DailyCheck))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{path.name} line {number}: {error}; move the file aside") from error
    return checks


_ORDER = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)


def _figures(
    record: CalibrationRecord, shots: Sequence[ChartShot], readings: Readings, layout: ChartLayout
) -> Iterator[Drift]:
    for colour in record.colours:
        reading = readings.by_light.get(colour.light)
        if reading is not None and (moved := _colour_drift(colour, reading, layout)) is not None:
            yield _figure(f"colour/{colour.light}", None, moved, moved, "dE2000", LIMITS.colour)
    now = {lamp.light: float(np.mean(lamp.level_per_s)) for lamp in readings.lamps}
    for lamp in record.lamps:
        if lamp.light in now:
            then = float(np.mean(lamp.level_per_s))
            yield _relative(f"lamp/{lamp.light}", then, now[lamp.light], LIMITS.lamp)
    yield _relative("scale", record.scale.px_per_mm, readings.first.px_per_mm, LIMITS.scale)
    if record.focus is not None and readings.first.mtf50 is not None:
        then, value = record.focus.mtf50, readings.first.mtf50
        lost = 100 * max(1 - value / then, 0.0)
        yield _figure("focus", then, value, lost, "%", LIMITS.focus)
    gain = output_gain(shots, readings.by_light)
    if record.polarisation_gain is not None and gain is not None:
        yield _relative("polarisation", record.polarisation_gain, gain, LIMITS.polarisation)


def _colour_drift(colour: ColourRecord, reading: ChartReading, layout: ChartLayout) -> float | None:
    """Mean dE2000 of the patches as results see them: against the tab's white where the rig has one."""
    white = chart_white(reading, layout)
    if reading.tab is not None and colour.tab_white is not None:
        white = reading.tab * np.array(colour.white) / np.array(colour.tab_white)
    seen = patch_colours(reading, layout, np.reshape(colour.matrix, (3, 3)), white)
    moved = [
        float(delta_e_2000(np.array(colour.patches[name]), lab))
        for name, lab in seen.items()
        if name in colour.patches
    ]
    return float(np.mean(moved)) if moved else None


def _relative(name: str, then: float, now: float, limits: tuple[float, float]) -> Drift:
    return _figure(name, then, now, 100 * abs(now / then - 1), "%", limits)


def _figure(
    name: str, then: float | None, now: float, drift: float, unit: str, limits: tuple[float, float]
) -> Drift:
    warn, fail = limits
    verdict = Verdict.FAIL if drift > fail else Verdict.WARN if drift > warn else Verdict.PASS
    return Drift(name=name, then=then, now=now, drift=drift, unit=unit, warn=warn, fail=fail, verdict=verdict)
