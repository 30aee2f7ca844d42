"""Visits: the lights of a recipe played out, stills with identities, and a preview that makes way for them."""

from station.capture.contract import Ordered, Pace, Take, VisitListener
from station.capture.gate import GATING, NOBODY, PoseWatch, wanting
from station.capture.pace import FRESH_S, UNMEASURED, GuidedPace, TimedPace
from station.capture.preview import Preview
from station.capture.sequence import check_recipe, play
from station.capture.session import TRANSITIONS, CaptureSession, SessionEvent, SessionState
from station.capture.studio import Examine, StillSink, Studio
from station.capture.visit import MAX_STILLS, Visit

__all__ = [
    "FRESH_S",
    "GATING",
    "MAX_STILLS",
    "NOBODY",
    "TRANSITIONS",
    "UNMEASURED",
    "CaptureSession",
    "Examine",
    "GuidedPace",
    "Ordered",
    "Pace",
    "PoseWatch",
    "Preview",
    "SessionEvent",
    "SessionState",
    "StillSink",
    "Studio",
    "Take",
    "TimedPace",
    "Visit",
    "VisitListener",
    "check_recipe",
    "play",
    "wanting",
]
