"""The hospital's side of the `work` process: what is sent, ordered and corrected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from server.app.recording import Recorder
from server.config import ServerConfig
from server.corrections import CopyMaker, Corrector
from server.orders import OrderDesk, open_desk
from server.outbox import Outbox, open_destination
from server.store import Archive, Correction, Store


@dataclass(frozen=True)
class Hospital:
    """Those who deal with the hospital's systems; `start` them."""

    outbox: Outbox
    corrector: Corrector
    orders: OrderDesk | None
    """None: there is no worklist."""

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Let them work until these tasks are cancelled."""
        tasks.create_task(self.outbox.run(), name="outbox")
        tasks.create_task(self.corrector.run(), name="corrections")
        if self.orders is not None:
            tasks.create_task(self.orders.run(), name="orders")


@asynccontextmanager
async def open_hospital(
    config: ServerConfig,
    store: Store,
    archive: Archive,
    copies: CopyMaker,
    recorder: Recorder,
    *,
    worker: str,
) -> AsyncIterator[Hospital]:
    """All of them, by the settings; nobody is asked or sent anything before `start`. Raises `ConfigError`."""
    outbox = Outbox(
        [open_destination(one, config, store) for one in config.destinations],
        store,
        archive,
        worker=worker,
        keep_days=config.retention.days,
        observer=recorder.transfer,
    )

    def corrected(done: Correction) -> None:
        outbox.poke()
        recorder.correction(done)

    corrector = Corrector(store.corrections, copies, worker=worker, on_end=corrected)
    async with open_desk(
        config.orders, config.dicom, config.data, store.begun_visits, on_query=recorder.query
    ) as orders:
        yield Hospital(outbox, corrector, orders)
