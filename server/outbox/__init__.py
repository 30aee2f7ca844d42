"""What leaves for the hospital: a durable table of deliveries, and those who carry them out."""

from server.outbox.contract import Destination, Fate, Observer, Outcome, Parcel, Stage, Transfer
from server.outbox.destinations import open_destination
from server.outbox.outbox import Outbox

__all__ = [
    "Destination",
    "Fate",
    "Observer",
    "Outbox",
    "Outcome",
    "Parcel",
    "Stage",
    "Transfer",
    "open_destination",
]
