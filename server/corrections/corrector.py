"""Does what was asked to be corrected, one thing at a time, for ever."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from server.corrections.copies import CopyMaker
from server.errors import BadImage, StorageFull, StoreUnavailable
from server.store import (
    Correction,
    CorrectionKind,
    Corrections,
    CorrectionState,
    Instance,
    through_outages,
)

log = logging.getLogger(__name__)

LEASE_S = 900.0
"""A correction that takes longer is taken for dead."""
POLL_S = 1.0
MAX_ATTEMPTS = 5
"""Tries of a correction that fails for no known reason."""

T = TypeVar("T")
Ended = Callable[[Correction], None]
"""Told of every correction that has come to its end: done, or given up."""


class Corrector:
    """Corrects until it is cancelled; `worker` is this process's own name.

    First the analysis of the visit comes to its end, and whoever sends its objects; meanwhile none is sent anew. Then the
    copies and the key object are written, and in one commit they take the place of what was there. Whoever is killed before
    that has changed nothing: the next one finds its files, and goes on.
    """

    def __init__(self, corrections: Corrections, maker: CopyMaker, *, worker: str, on_end: Ended) -> None:
        self._corrections = corrections
        self._maker = maker
        self._worker = worker
        self._on_end = on_end
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="corrections")

    async def run(self) -> None:
        """Correct for ever; what an earlier run left behind comes first."""
        try:
            await through_outages(self._work, table="corrections", pause_s=POLL_S)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        await self._corrections.release(self._worker)
        while True:
            one = await self._corrections.claim(self._worker, lease_s=LEASE_S)
            if one is None:
                await asyncio.sleep(POLL_S)
            else:
                await self._do(one)

    async def _do(self, one: Correction) -> None:
        try:
            waits_for = await self._corrections.waits_for(one.id) or await self._correct(one)
        except (StoreUnavailable, StorageFull) as error:
            with contextlib.suppress(StoreUnavailable, StorageFull):
                await self._corrections.postpone(one, delay_s=2 * POLL_S, error=str(error))
            raise
        except BadImage as error:
            await self._give_up(one, str(error))
        except Exception as error:
            log.exception("a correction failed", extra={"kind": one.kind, "attempt": one.attempts + 1})
            await self._fail(one, error)
        else:
            if waits_for:
                await self._corrections.postpone(one, delay_s=POLL_S, error=waits_for)
            else:
                self._on_end(replace(one, state=CorrectionState.DONE))

    async def _correct(self, one: Correction) -> str:
        """Make the files and end it; what it has to wait for, empty once it is done."""
        objects = await self._corrections.objects(one.id)
        copies = list[Instance]()
        if one.kind is not CorrectionKind.REJECT:
            making = self._maker.copies(one, objects, await self._corrections.views(one.study_instance_uid))
            while (made := await self._run(lambda: next(making, None))) is not None:
                copies.append(made)
        notice = await self._run(lambda: self._maker.notice(one, objects)) if objects else None
        withdrawn = [old.sop_instance_uid for old in objects]
        if await self._corrections.finish(one, withdrawn=withdrawn, copies=copies, notice=notice):
            return ""
        return "another picture has come"

    async def _fail(self, one: Correction, error: Exception) -> None:
        if one.attempts + 1 >= MAX_ATTEMPTS:
            await self._give_up(
                one, f"{type(error).__name__} after {MAX_ATTEMPTS} tries; see the server's log"
            )
        else:
            delay_s = POLL_S * 2.0**one.attempts
            await self._corrections.postpone(one, delay_s=delay_s, error=type(error).__name__, failed=True)

    async def _give_up(self, one: Correction, reason: str) -> None:
        log.error("a correction was given up", extra={"kind": one.kind, "cause": reason})
        await self._corrections.give_up(one, reason)
        self._on_end(replace(one, state=CorrectionState.FAILED, error=reason))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
