"""The booth's own page, on loopback."""

from station.kiosk.application import make_kiosk
from station.kiosk.contract.agent import KioskAgent
from station.kiosk.contract.booth import BoothState, DiskStatus, InstrumentStatus, Phase, UplinkStatus
from station.kiosk.contract.calibration import CalibrationCheck, CalibrationStatus, CheckPoint
from station.kiosk.contract.requests import Excerpt, RetakeRequest, ShootRequest, VisitRequest, WorklistSearch
from station.kiosk.contract.visit import Step, StillStage, StillStatus, VisitStatus
from station.kiosk.contract.worklist import WorklistEntry, WorklistFound, WorklistStatus

__all__ = [
    "BoothState",
    "CalibrationCheck",
    "CalibrationStatus",
    "CheckPoint",
    "DiskStatus",
    "Excerpt",
    "InstrumentStatus",
    "KioskAgent",
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
    "WorklistFound",
    "WorklistSearch",
    "WorklistStatus",
    "make_kiosk",
]
