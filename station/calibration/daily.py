"""The daily check of a booth: pictures of the sheet held against the record that holds, and what to do about drift."""

from typing import Final

from station.calibration.drift import DailyCheck, Drift, check_drift
from station.calibration.making import Session, read_session
from station.calibration.record import NamedRecord
from station.calibration.validity import Calibration
from station.errors import ConfigError
from station.protocol import Verdict

MAKE: Final = "run `dermabooth calibrate make`"
_CLEAN: Final = "Wipe the chart, the grey card and the lens, then check again"
_ADVICE: Final = {
    "colour": f"{_CLEAN}.",
    "lamp": f"{_CLEAN}; look whether something stands in this lamp's light.",
    "scale": "Stand the chart at its place, square to the camera; look whether camera or chin rest have moved.",
    "focus": f"{_CLEAN}; look whether the focus is still locked.",
    "polarisation": "Look whether a polariser has turned or is dirty.",
}
_ANEW: Final = " If it stays, calibrate anew: results rest on the old record."


def check_session(
    calibration: Calibration, session: Session, *, checked_at: float, made_by: str
) -> DailyCheck:
    """The check of these pictures; slow. Raises `ConfigError` where no record holds for them, or one of another chart,
    and `BadPicture` where they do not show the sheet.
    """
    kept = record_for(calibration, session)
    readings = read_session(session)
    return check_drift(kept, session.shots, readings, session.layout, checked_at=checked_at, made_by=made_by)


def record_for(calibration: Calibration, session: Session) -> NamedRecord:
    """The record that holds for these pictures; raises `ConfigError` with the reason where none does."""
    header = session.shots[0].frame.header
    kept, reason = calibration.holding(header.camera, header.width, header.height)
    if kept is None:
        raise ConfigError(f"{reason}: {MAKE}")
    if kept.record.chart != session.layout.name:
        raise ConfigError(
            f"{kept.id} was made with the chart {kept.record.chart}: check with the same --layout and --pitch"
        )
    return kept


def advice(figure: Drift) -> str:
    """What to do about a figure that has drifted; empty where it has not."""
    if figure.verdict is Verdict.PASS:
        return ""
    return _ADVICE[figure.name.partition("/")[0]] + (_ANEW if figure.verdict is Verdict.FAIL else "")
