"""Holds claimed deliveries while they are carried, and remembers what became of them."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Self

from server.errors import StorageFull, StoreUnavailable
from server.store import Deliveries, Noted

log = logging.getLogger(__name__)

LEASE_S = 60.0
"""How long after its worker's death a delivery is claimed by another one."""
_RENEW_S = LEASE_S / 3
_GATHER_S = 0.05
"""How long notes gather for one commit; what is lost with a process in that time is sent again."""
_AGAIN_S = 1.0
_LAST_WORDS_S = 2.0
"""Time for the last notes of a worker that is to end."""


class Holding:
    """An async context manager around one claim: its lease is renewed, and notes are written while the carrying goes on.

    Notes that come close together go into one commit. While the database is away they wait:
    nothing that a destination has said is forgotten while the process lives. At the end every note is written.
    """

    def __init__(self, deliveries: Deliveries, worker: str, ids: Iterable[int]) -> None:
        self._deliveries = deliveries
        self._worker = worker
        self._held = set(ids)
        self._notes: list[Noted] = []
        self.noted: dict[int, Noted] = {}
        """What was noted, by delivery."""
        self._wake = asyncio.Event()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def held(self) -> frozenset[int]:
        """Deliveries that nothing was noted of."""
        return frozenset(self._held)

    def note(self, noted: Noted) -> None:
        """Remember what became of a delivery, and let go of it."""
        self._held.discard(noted.id)
        self._notes.append(noted)
        self.noted[noted.id] = noted
        self._wake.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep(), name="outbox-holding")
        return self

    async def __aexit__(self, error: type[BaseException] | None, *_: object) -> None:
        assert self._task is not None
        self._ending.set()
        self._wake.set()
        try:
            await asyncio.wait({self._task}, timeout=None if error is None else _LAST_WORDS_S)
        except asyncio.CancelledError:
            await asyncio.wait({self._task}, timeout=_LAST_WORDS_S)
            raise
        finally:
            self._task.cancel()

    async def _keep(self) -> None:
        while self._notes or not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RENEW_S):
                    await self._wake.wait()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_S):
                    await self._ending.wait()
            try:
                await self._write()
            except (StoreUnavailable, StorageFull) as error:
                log.warning("the table of deliveries is away", extra={"cause": str(error)})
                await asyncio.sleep(_AGAIN_S)
                self._wake.set()

    async def _write(self) -> None:
        if not self._notes:
            if self._held:
                await self._deliveries.renew(self._worker, self._held, lease_s=LEASE_S)
            return
        notes = tuple(self._notes)
        await self._deliveries.note(self._worker, notes)
        del self._notes[: len(notes)]
