"""Visits put right: corrected copies under new UIDs, and key objects that withdraw what was wrong (IHE IOCM)."""

from server.corrections.copies import CopyMaker
from server.corrections.corrector import Corrector

__all__ = ["CopyMaker", "Corrector"]
