"""The outbox of a work process: one carrier per destination, and the keeper of the archive."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from server.outbox.carrier import Carrier
from server.outbox.contract import Destination, Observer
from server.outbox.keeper import Keeper
from server.store import Archive, Store

log = logging.getLogger(__name__)


class Outbox:
    """Brings objects to their destinations until it is cancelled; `worker` is this process's own name."""

    def __init__(
        self,
        destinations: Sequence[Destination],
        store: Store,
        archive: Archive,
        *,
        worker: str,
        keep_days: float | None = None,
        observer: Observer | None = None,
    ) -> None:
        deliveries, self._deliveries = store.deliveries, store.deliveries
        self._files = ThreadPoolExecutor(2, thread_name_prefix="outbox-files")
        self._carriers = [
            Carrier(one, deliveries, archive, self._files, worker=f"{worker}/{one.name}", observer=observer)
            for one in destinations
        ]
        self._keeper = None
        if keep_days is not None:
            self._keeper = Keeper(deliveries, archive, self._files, keep_days)

    def poke(self) -> None:
        """There is something new."""
        for carrier in self._carriers:
            carrier.poke()

    async def run(self) -> None:
        """Carry for ever; objects that are older than their destination are lined up first."""
        try:
            late = await self._deliveries.enqueue_backlog()
            if late:
                log.info("older objects are sent as well", extra={"deliveries": late})
            async with asyncio.TaskGroup() as tasks:
                for carrier in self._carriers:
                    tasks.create_task(carrier.run(), name="outbox-carrier")
                if self._keeper is not None:
                    tasks.create_task(self._keeper.run(), name="outbox-keeper")
        finally:
            self._files.shutdown(wait=False, cancel_futures=True)
