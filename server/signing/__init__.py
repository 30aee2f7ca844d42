"""A person signs the measures of a visit: verified copies of its structured reports, and a report for people as PDF."""

from server.signing.desk import SigningDesk

__all__ = ["SigningDesk"]
