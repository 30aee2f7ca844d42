"""The database and the archive: what is acknowledged stays."""

from server.store.archive import Archive
from server.store.finding import VisitSearch
from server.store.records import Booth, Instance, StepResult, Still, Visit, WorkItem, WorkStatus
from server.store.repository import Store
from server.store.retakes import replaced_by, standing
from server.store.tables import WorkState

__all__ = [
    "Archive",
    "Booth",
    "Instance",
    "StepResult",
    "Still",
    "Store",
    "Visit",
    "VisitSearch",
    "WorkItem",
    "WorkState",
    "WorkStatus",
    "replaced_by",
    "standing",
]
