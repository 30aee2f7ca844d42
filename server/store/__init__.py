"""The database and the archive: what is acknowledged stays."""

from server.store.archive import Archive
from server.store.correction import Cause, Whose
from server.store.correction_requests import Unwanted, Wanted
from server.store.corrections import Correction, Corrections
from server.store.deliveries import Deliveries, Delivery, DeliverySearch
from server.store.delivery import DeliveryState, Noted
from server.store.finding import VisitSearch
from server.store.headers import (
    Between,
    FoundHeader,
    HeaderRow,
    Headers,
    HeaderSearch,
    Level,
    Like,
    Match,
    Named,
    OneOf,
)
from server.store.outages import through_outages
from server.store.records import Booth, Instance, StepResult, Still, Visit, WorkItem, WorkStatus
from server.store.repository import Store
from server.store.retakes import replaced_by, standing
from server.store.routing import Route, routes_of
from server.store.signature import Content, Covered, Hindrance, Signature
from server.store.signatures import Signatures, SigningState, is_signed_by, need_signable
from server.store.tables import WHOLE_RECORD, CorrectionKind, CorrectionState, WorkState

__all__ = [
    "WHOLE_RECORD",
    "Archive",
    "Between",
    "Booth",
    "Cause",
    "Content",
    "Correction",
    "CorrectionKind",
    "CorrectionState",
    "Corrections",
    "Covered",
    "Deliveries",
    "Delivery",
    "DeliverySearch",
    "DeliveryState",
    "FoundHeader",
    "HeaderRow",
    "HeaderSearch",
    "Headers",
    "Hindrance",
    "Instance",
    "Level",
    "Like",
    "Match",
    "Named",
    "Noted",
    "OneOf",
    "Route",
    "Signature",
    "Signatures",
    "SigningState",
    "StepResult",
    "Still",
    "Store",
    "Unwanted",
    "Visit",
    "VisitSearch",
    "Wanted",
    "Whose",
    "WorkItem",
    "WorkState",
    "WorkStatus",
    "is_signed_by",
    "need_signable",
    "replaced_by",
    "routes_of",
    "standing",
    "through_outages",
]
