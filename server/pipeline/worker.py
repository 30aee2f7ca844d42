"""Takes due steps from the work table, one at a time, for ever."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from server.errors import (
    BadImage,
    InferenceError,
    InferenceFailed,
    InferenceUnavailable,
    StorageFull,
    StoreUnavailable,
)
from server.store import StepResult, Still, Store, WorkItem, through_outages

log = logging.getLogger(__name__)

LEASE_S = 900.0
"""A step that takes longer is taken for dead."""
POLL_S = 1.0
"""How often the table is looked at without a call."""
MAX_ATTEMPTS = 5
"""Tries of a step that fails for no known reason."""
RETRY_S = 1.0
"""Pause after the first of them; doubled after each."""


class NotYet(Exception):
    """What the step builds on is still to come; not a failed try."""


class Step(Protocol):
    """One step of a still."""

    async def __call__(self, still: Still) -> StepResult:
        """What the step found; harmless to repeat. Raises `NotYet` to be called again later."""


StepEnd = Callable[[Still, str, bool, StepResult | None], Awaitable[None]]
"""Told of every step that ended: still, step, done, result."""


class Worker:
    """Runs steps until it is cancelled.

    A fault of the surroundings (Triton, disk, database away) lets a step wait; a bad picture ends it; anything else is
    tried `MAX_ATTEMPTS` times, a model that fails among it. With a step that was given up go those that need its result (`needs`: step, and the
    steps that it builds on); the rest are done with what is there. A worker may be told to do `only` some steps, and some
    `first`; several of different names work side by side.
    """

    def __init__(
        self,
        store: Store,
        steps: Mapping[str, Step],
        *,
        name: str,
        on_end: StepEnd,
        needs: Mapping[str, Collection[str]] | None = None,
        only: Collection[str] | None = None,
        first: Collection[str] = (),
    ) -> None:
        self._store = store
        self._only = only
        self._first = first
        self._steps = steps
        self._needs = needs or {}
        self._name = name
        self._on_end = on_end
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Look at the table now: a still has come."""
        self._wake.set()

    async def run(self) -> None:
        """Work for ever; steps that an earlier run left behind come first."""
        await through_outages(self._work, table="work", pause_s=POLL_S)

    async def _work(self) -> None:
        """Work until the table is away; its answer to the last step may have been lost, so begin by letting go."""
        released = await self._store.release_work(self._name)
        if released:
            log.info("resuming work", extra={"steps": released})
        while True:
            _heed_cancellation()
            item = await self._store.claim(self._name, lease_s=LEASE_S, steps=self._only, first=self._first)
            if item is None:
                await self._wait()
            else:
                await self._do(item)

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        self._wake.clear()

    async def _do(self, item: WorkItem) -> None:
        still = await self._store.still(item.sop_instance_uid)
        step = self._steps.get(item.step)
        if step is None:
            await self._give_up(item, still, f"this version knows no step {item.step!r}")
            return
        try:
            # In a task of its own: what a task group does to the task that it fails in stays there.
            result = await asyncio.create_task(step(still), name=f"step-{item.step}")
        except NotYet as reason:
            await self._store.postpone(item, delay_s=POLL_S, error=str(reason))
        except (InferenceUnavailable, StoreUnavailable, StorageFull) as error:
            log.warning("a step waits", extra={"step": item.step, "cause": str(error)})
            await self._store.postpone(item, delay_s=2 * POLL_S, error=str(error))
        except InferenceFailed as error:
            await self._fail(item, still, error)
        except (BadImage, InferenceError) as error:
            await self._give_up(item, still, str(error))
        except Exception as error:  # noqa: BLE001  one bad still must not stop the others
            await self._fail(item, still, error)
        else:
            await self._store.finish(item, result)
            await self._on_end(still, item.step, True, result)

    async def _fail(self, item: WorkItem, still: Still, error: Exception) -> None:
        log.error("a step failed", extra={"step": item.step, "attempt": item.attempts + 1}, exc_info=error)
        if item.attempts + 1 >= MAX_ATTEMPTS:
            reason = str(error) if isinstance(error, InferenceFailed) else type(error).__name__
            await self._give_up(item, still, f"{reason[:400]} after {MAX_ATTEMPTS} tries")
        else:
            await self._store.postpone(
                item, delay_s=RETRY_S * 2.0**item.attempts, error=type(error).__name__, failed=True
            )

    async def _give_up(self, item: WorkItem, still: Still, reason: str) -> None:
        log.error("a step was given up", extra={"step": item.step, "cause": reason})
        await self._store.give_up(item, reason, with_it=self._lost_with(item.step))
        await self._on_end(still, item.step, False, None)

    def _lost_with(self, step: str) -> set[str]:
        lost = {step}
        for other in self._steps:
            if lost & set(self._needs.get(other, ())):
                lost.add(other)
        return lost - {step}


def _heed_cancellation() -> None:
    """Stop if the step ended otherwise than by the cancellation that it was given."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
