"""Calls that must not be left half done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def completed(call: Coroutine[Any, Any, T]) -> T:
    """The result of a call that runs to its end even if the caller is cancelled.

    A cancellation is delivered after the end, unless the call raised: then that is raised instead.
    """
    task = asyncio.create_task(call)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and not task.cancelled() and task.exception() is None:
        raise cancelled
    return task.result()
