"""Visits: the lights of a recipe played out, stills with identities, and a preview that makes way for them."""

from station.capture.preview import Preview
from station.capture.sequence import check_recipe, play
from station.capture.session import TRANSITIONS, CaptureSession, SessionEvent, SessionState
from station.capture.visit import Examine, StillSink, Studio, TakenStill, Visit, VisitListener

__all__ = [
    "TRANSITIONS",
    "CaptureSession",
    "Examine",
    "Preview",
    "SessionEvent",
    "SessionState",
    "StillSink",
    "Studio",
    "TakenStill",
    "Visit",
    "VisitListener",
    "check_recipe",
    "play",
]
