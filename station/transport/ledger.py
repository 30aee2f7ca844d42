"""What is known of the spool's stills and visits on their way, over all connections of this run."""

import time
from dataclasses import dataclass, field

from station.protocol import Refused
from station.transport.timing import Timing


@dataclass
class _Retry:
    failures: int
    due: float


@dataclass
class Ledger:
    """Counts, postponed tries, and what is not tried again; UIDs name stills and visits alike."""

    timing: Timing
    sent_bytes: int = 0
    stored: int = 0
    parked: dict[str, Refused] = field(default_factory=dict)
    _retries: dict[str, _Retry] = field(default_factory=dict)

    def refuse(self, refused: Refused, uid: str) -> None:
        """Postpone what can succeed later; park the rest."""
        if not refused.code.retryable:
            self.parked[uid] = refused
            return
        failures = self._retries[uid].failures + 1 if uid in self._retries else 0
        self._retries[uid] = _Retry(failures, time.monotonic() + self.timing.retry_after(failures))

    def settle(self, uid: str) -> None:
        """Forget earlier failures of what has succeeded."""
        self._retries.pop(uid, None)

    def is_due(self, uid: str) -> bool:
        """Whether it may be tried now."""
        if uid in self.parked:
            return False
        retry = self._retries.get(uid)
        return retry is None or retry.due <= time.monotonic()

    def next_due_in(self) -> float | None:
        """Seconds until the next postponed try; None: nothing is postponed."""
        now = time.monotonic()
        waiting = [retry.due - now for retry in self._retries.values() if retry.due > now]
        return min(waiting, default=None)
