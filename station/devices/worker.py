"""One named thread for the blocking calls of one instrument."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """Runs blocking calls one after the other in a thread of its own, `nice` steps behind the event loop."""

    def __init__(self, name: str, *, nice: int = 0) -> None:
        self._executor = ThreadPoolExecutor(1, name, _lower_priority, (nice,))

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result; a cancelled caller does not wait for a call that has begun."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Take no further call; one under way ends by itself. Safe to call twice."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _lower_priority(nice: int) -> None:
    if nice and hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # a sandbox may forbid it; the work is the same
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
