"""Ultraviolet light: who may have how much of it, and when."""

from station.capture.uv.guard import EyesClosed, UvGuard, UvLimits, UvPermission
from station.capture.uv.ledger import DoseLedger

__all__ = ["DoseLedger", "EyesClosed", "UvGuard", "UvLimits", "UvPermission"]
