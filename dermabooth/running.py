"""Runs a program until it ends or is told to: SIGTERM and SIGINT cancel it, and it cleans up."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def run(program: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine; a signal to stop is a clean end, not an error."""
    asyncio.run(_until_signal(program))


async def _until_signal(program: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(program)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
    if task.cancelled() and not stopped:
        raise asyncio.CancelledError


def set_up_logging(level: str) -> None:
    """Log to standard error: a fixed message, then its values as key=value."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Fields("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These log request lines and peers' addresses at INFO.
    for chatty in ("aiohttp.access", "aioice", "aiortc", "alembic", "av", "highdicom", "pydicom"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


class _Fields(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values = [f"{key}={value!r}" for key, value in vars(record).items() if key not in _KNOWN]
        return " ".join([super().format(record), *values])
