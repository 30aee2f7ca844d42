"""The calibration as the page shows it."""

import msgspec


class CheckPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity of a daily check."""

    name: str
    value: float | None
    reference: float | None
    drift: float | None
    unit: str
    verdict: str
    """`pass`, `warn` or `fail`."""
    advice: str = ""
    warn: float | None = None
    """Drift from which the verdict is `warn`."""
    fail: float | None = None
    """Drift from which it is `fail`."""


class CalibrationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The calibration that results rest on."""

    record: str = ""
    """Name of the record that holds; empty: none does, and `problem` says why."""
    made_at: float | None = None
    expires_at: float | None = None
    """None: it does not."""
    taken_up_at: float | None = None
    """When the booth, while it ran, last took up other records than before; None: they are those of its start."""
    problem: str = ""
    running: str = ""
    """What a check under way does now: `starting`, the light that it shoots under, `reading`; empty: none is."""
    failed: str = ""
    """Why the last check came to no result, for the operator; empty if it did."""
    checked_at: float | None = None
    verdict: str = ""
    """Of the last daily check: `pass`, `warn`, `fail`; empty: the record that holds was never checked."""
    points: tuple[CheckPoint, ...] = ()
    """Of the same check."""


class CalibrationCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A daily check of the past."""

    at: float
    """Seconds since 1970 UTC."""
    verdict: str
    points: tuple[CheckPoint, ...]
