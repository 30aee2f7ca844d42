"""The booth's own page, on loopback."""

from station.kiosk.application import make_kiosk
from station.kiosk.contract import (
    BoothState,
    CalibrationCheck,
    CalibrationStatus,
    CheckPoint,
    DiskStatus,
    Excerpt,
    InstrumentStatus,
    KioskAgent,
    Phase,
    RetakeRequest,
    ShootRequest,
    Step,
    StillStage,
    StillStatus,
    UplinkStatus,
    VisitRequest,
    VisitStatus,
    WorklistEntry,
    WorklistStatus,
)
from station.kiosk.latest import Latest

__all__ = [
    "BoothState",
    "CalibrationCheck",
    "CalibrationStatus",
    "CheckPoint",
    "DiskStatus",
    "Excerpt",
    "InstrumentStatus",
    "KioskAgent",
    "Latest",
    "Phase",
    "RetakeRequest",
    "ShootRequest",
    "Step",
    "StillStage",
    "StillStatus",
    "UplinkStatus",
    "VisitRequest",
    "VisitStatus",
    "WorklistEntry",
    "WorklistStatus",
    "make_kiosk",
]
