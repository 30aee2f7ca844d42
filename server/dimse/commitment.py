"""What storage commitment asks and is told (PS3.4 annex J, section J.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from server.dimse.reasons import Garbage
from station.protocol import is_uid

EVENT_SUCCESS = 0x0000
MOST_INSTANCES = 500
"""In one request."""
_ALL_KEPT, _SOME_FAILED = 1, 2
_REASONS = {
    0x0110: "it failed while processing (0x0110)",
    0x0112: "it has no such object (0x0112)",
    0x0119: "it has the object under another SOP class (0x0119)",
    0x0122: "it does not keep this SOP class (0x0122)",
    0x0131: "it knows the transaction already (0x0131)",
    0x0213: "it is short of resources (0x0213)",
}
LATER = frozenset({0x0110, 0x0131, 0x0213})
"""Failures that say nothing about the object: ask again later."""


@dataclass(frozen=True)
class CommitmentAnswer:
    """What is kept, and what is not."""

    transaction_uid: str
    kept: frozenset[str]
    """SOP Instance UIDs."""
    failed: dict[str, int]
    """Failure Reason (0008,1197) by SOP Instance UID."""


def failure_text(reason: int) -> str:
    """A failure reason in words."""
    return _REASONS.get(reason, f"it does not keep the object ({reason:#06x})")


def request_dataset(transaction_uid: str, instances: Sequence[tuple[str, str]]) -> Dataset:
    """The data of the N-ACTION for (class, instance) UIDs (PS3.4 section J.3.2); raises `ValueError` over `MOST_INSTANCES`."""
    if not 0 < len(instances) <= MOST_INSTANCES:
        raise ValueError(f"{len(instances)} instances in one storage commitment")
    dataset = Dataset()
    dataset.TransactionUID = transaction_uid
    dataset.ReferencedSOPSequence = [_reference(*one) for one in instances]
    return dataset


def read_report(dataset: Dataset, event_type: int) -> CommitmentAnswer:
    """The data of the N-EVENT-REPORT; raises `Garbage`."""
    if event_type not in (_ALL_KEPT, _SOME_FAILED):
        raise Garbage(f"it sent a report of type {event_type}")
    try:
        transaction = str(dataset.TransactionUID)
        kept = frozenset(_uid(item) for item in dataset.get("ReferencedSOPSequence") or ())
        failed = {
            _uid(item): int(item.get("FailureReason") or 0)
            for item in (dataset.get("FailedSOPSequence") or ())
        }
    except Garbage:
        raise
    except Exception as error:  # the boundary to what others send; RecursionError among them
        raise Garbage("it sent a report that cannot be read") from error
    if not is_uid(transaction):
        raise Garbage("it sent a report without its transaction's UID")
    return CommitmentAnswer(transaction, kept - failed.keys(), failed)


def _uid(item: Dataset) -> str:
    uid = str(item.ReferencedSOPInstanceUID)
    if not is_uid(uid):
        raise Garbage("it sent a report about something that is no UID")
    return uid


def _reference(sop_class: str, sop_instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
    return item
