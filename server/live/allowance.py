"""How much somebody may do per time."""

import time
from collections.abc import Callable


class Allowance:
    """Up to `burst` at once, and `per_s` a second in the long run (a token bucket)."""

    def __init__(self, burst: float, per_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_s = per_s
        self._clock = clock
        self._left = burst
        self._at = clock()

    def take(self) -> bool:
        """Use one, if there is one."""
        self._refill()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def wait_s(self) -> float:
        """Until there is one again; 0: there is."""
        self._refill()
        return max(0.0, (1 - self._left) / self._per_s)

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
