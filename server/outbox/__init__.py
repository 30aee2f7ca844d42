"""What leaves for the hospital: a durable table of deliveries, and those who carry them out."""

from server.outbox.contract import Destination, Fate, Outcome, Parcel
from server.outbox.destinations import open_destination
from server.outbox.outbox import Outbox

__all__ = ["Destination", "Fate", "Outbox", "Outcome", "Parcel", "open_destination"]
