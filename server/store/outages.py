"""Work on a table that goes on once the database, or room on its disk, is there again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from server.errors import StorageFull, StoreUnavailable

log = logging.getLogger(__name__)


async def through_outages(work: Callable[[], Awaitable[None]], *, table: str, pause_s: float) -> NoReturn:
    """Do `work`, which begins by letting go of what it held, for ever; while its table is away, again after a pause."""
    while True:
        try:
            await work()
        except (StoreUnavailable, StorageFull) as error:
            log.warning("a table is away", extra={"table": table, "cause": str(error)})
            await asyncio.sleep(pause_s)
