"""What every peer does with a frame, and how it answers the benchmark; for the peers' own environments."""

import asyncio
import json
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.live import stamp


def given() -> dict[str, Any]:
    """What this peer was started with; installs the receive policy if it is asked for."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    if found.pop("policy"):
        from benchmarks.live import peer_policy

        peer_policy.install()
    return found


class Work:
    """Waits as long as the model takes, in the peer's callback, and draws: here the number, a second time."""

    def __init__(self, model_ms: float) -> None:
        self._model_s = model_ms / 1000

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture with its number in the second row of blocks too."""
        number = stamp.number_in(picture)
        time.sleep(self._model_s)
        stamp.paint(picture, number, row=1)
        return picture


async def until_closed(**told: object) -> None:
    """Say that the peer is up, and return when the benchmark wants it no more."""
    print(json.dumps(told), flush=True)
    await asyncio.to_thread(sys.stdin.read)
