"""How long the uplink waits."""

import random
from dataclasses import dataclass

from station.protocol import HEARTBEAT_S, SILENCE_LIMIT_S


@dataclass(frozen=True)
class Timing:
    """Times in seconds."""

    heartbeat_s: float = HEARTBEAT_S
    """Silence of this side after which it says that it is there."""
    judged_s: float = 0.5
    """The preview's verdict is sent no more often than this."""
    silence_s: float = SILENCE_LIMIT_S
    """Silence of the server after which it is taken for gone."""
    answer_s: float = 60.0
    """Time for the server to answer an offer, to give credit, to store a still."""
    first_retry_s: float = 0.25
    longest_retry_s: float = 15.0

    def retry_after(self, failures: int) -> float:
        """Time to wait after so many failures in a row: doubling, with jitter, so that booths do not come at once."""
        longest = min(self.longest_retry_s, self.first_retry_s * 2.0 ** min(failures, 30))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  spreads load, guards nothing
