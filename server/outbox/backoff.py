"""How long is waited before another try."""

import random

FIRST_S = 1.0
RETRY_LIMIT_S = 60.0
"""Longest pause before something is sent again: a destination that is back hears of everything within this time."""
CONFIRM_LIMIT_S = 300.0
"""Longest pause before a destination is asked again whether it keeps an object."""


def pause_s(failures: int, limit_s: float) -> float:
    """Seconds to wait after so many failures in a row: doubled each time, up to a limit; by chance half of it or more.

    The chance keeps those that failed together from coming back together.
    """
    longest = min(limit_s, FIRST_S * 2.0 ** min(max(failures - 1, 0), 30))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret
