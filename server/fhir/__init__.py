"""A visit as FHIR resources (R4 and R5): study, photographs, measures and report, in one transaction."""

from server.fhir.bundle import bundle, entries, search_for, transactions
from server.fhir.coding import PRIVATE_SYSTEM, Json
from server.fhir.record import VisitRecord, VisitSource, read_record
from server.fhir.telling import Release, Telling, Wording

__all__ = [
    "PRIVATE_SYSTEM",
    "Json",
    "Release",
    "Telling",
    "VisitRecord",
    "VisitSource",
    "Wording",
    "bundle",
    "entries",
    "read_record",
    "search_for",
    "transactions",
]
