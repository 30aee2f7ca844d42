"""Deletes local copies that every destination keeps, once they are old enough."""

import asyncio
import logging
import time
from concurrent.futures import Executor

from server.errors import StorageFull, StoreUnavailable
from server.store import Archive, Deliveries, Instance

log = logging.getLogger(__name__)

ROUND_S = 60.0
"""How often is looked for files that may go."""
_DAY_S = 86400.0


class Keeper:
    """Deletes the DICOM files of objects that all their destinations have kept for `days`, never anything else.

    A file goes before the database says so: whoever dies in between finds it in the next round again.
    """

    def __init__(self, deliveries: Deliveries, archive: Archive, files: Executor, days: float) -> None:
        self._deliveries = deliveries
        self._archive = archive
        self._files = files
        self._kept_s = days * _DAY_S

    async def run(self) -> None:
        """Delete for ever."""
        while True:
            try:
                while await self.round():
                    pass
            except (StoreUnavailable, StorageFull) as error:
                log.warning("the table of deliveries is away", extra={"cause": str(error)})
            await asyncio.sleep(ROUND_S)

    async def round(self) -> int:
        """Delete some files that may go; how many."""
        found = await self._deliveries.removable(time.time() - self._kept_s)
        if found:
            await asyncio.get_running_loop().run_in_executor(self._files, self._delete, found)
            await self._deliveries.mark_released([one.sop_instance_uid for one in found])
            log.info("local copies deleted", extra={"files": len(found)})
        return len(found)

    def _delete(self, instances: list[Instance]) -> None:
        for one in instances:
            self._archive.delete(one.path)
