"""Loaded by Python at its start where this folder is in PYTHONPATH: writes down what holds an event loop up.

Each line of the file `DERMABOOTH_STALLS`/PID: milliseconds, those of them that it computed, what ran. The rest of
the time it waited for a core or for Python's lock.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

LIMIT_S = 0.02
"""A callback that takes longer is written down."""


def _watch(folder: Path) -> None:
    run = asyncio.events.Handle._run
    path = folder / str(os.getpid())

    def timed(handle: Any) -> None:
        started, computed = time.perf_counter(), time.thread_time()
        run(handle)
        took = time.perf_counter() - started
        if took > LIMIT_S:
            computed = time.thread_time() - computed
            with path.open("a") as file:
                file.write(f"{1000 * took:.1f}\t{1000 * computed:.1f}\t{_name(handle)}\n")

    asyncio.events.Handle._run = timed  # type: ignore[method-assign,assignment]


def _name(handle: Any) -> str:
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        coroutine: Any = task.get_coro()
        return f"{task.get_name()}: {getattr(coroutine, '__qualname__', coroutine)}"
    return str(getattr(callback, "__qualname__", callback))


if folder := os.environ.get("DERMABOOTH_STALLS"):
    _watch(Path(folder))
