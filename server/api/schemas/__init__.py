"""The JSON of the HTTP interface, by theme."""

from server.api.schemas.corrections import (
    CorrectionInfo,
    CorrectionPage,
    CorrectVisit,
    OrderSaid,
    PatientSaid,
    RejectStill,
)
from server.api.schemas.measures import (
    MeasureSeries,
    PastStill,
    StillAlignment,
    StillHistory,
    StillMeasures,
    VisitMeasures,
)
from server.api.schemas.outbox import DeliveryInfo, DestinationInfo, OutboxPage, Retried, RetryParked
from server.api.schemas.session import Health, PersonInfo, SessionInfo, SignIn
from server.api.schemas.signatures import SignatureInfo, SignaturePage, SignVisit
from server.api.schemas.stills import InstanceInfo, StepInfo, StillInfo, StillQuality, VisitDetail
from server.api.schemas.visits import BoothInfo, LastStill, OrderPage, VisitPage, VisitSummary

__all__ = [
    "BoothInfo",
    "CorrectVisit",
    "CorrectionInfo",
    "CorrectionPage",
    "DeliveryInfo",
    "DestinationInfo",
    "Health",
    "InstanceInfo",
    "LastStill",
    "MeasureSeries",
    "OrderPage",
    "OrderSaid",
    "OutboxPage",
    "PastStill",
    "PatientSaid",
    "PersonInfo",
    "RejectStill",
    "Retried",
    "RetryParked",
    "SessionInfo",
    "SignIn",
    "SignVisit",
    "SignatureInfo",
    "SignaturePage",
    "StepInfo",
    "StillAlignment",
    "StillHistory",
    "StillInfo",
    "StillMeasures",
    "StillQuality",
    "VisitDetail",
    "VisitMeasures",
    "VisitPage",
    "VisitSummary",
]
