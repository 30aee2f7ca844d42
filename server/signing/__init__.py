"""A person signs the measures of a visit: verified copies of its structured reports, and a report for people as PDF."""

from server.signing.desk import SigningDesk
from server.signing.errors import Busy

__all__ = ["Busy", "SigningDesk"]
