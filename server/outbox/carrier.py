"""Carries everything that is due to one destination, for ever."""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from pathlib import Path

from server.errors import DestinationUnavailable
from server.outbox.backoff import CONFIRM_LIMIT_S, RETRY_LIMIT_S, pause_s
from server.outbox.contract import Destination, Fate, Observer, Outcome, Parcel, Transfer
from server.outbox.holding import LEASE_S, Holding
from server.outbox.transfers import begun, ended
from server.store import Archive, Deliveries, Delivery, DeliveryState, Noted, through_outages

log = logging.getLogger(__name__)

POLL_S = 1.0
"""How often the table is looked at without a call: what a person changes is seen then."""
MAX_FAULTS = 5
"""Tries of a parcel that fails for no known reason, until it is parked."""
_OBSERVER_S = 2.0
_STATES = {
    Fate.STORED: DeliveryState.STORED,
    Fate.COMMITTED: DeliveryState.COMMITTED,
    Fate.PARKED: DeliveryState.PARKED,
}


class Carrier:
    """The one task of a destination: sends the studies that are due one after the other, then asks whether they are kept.

    A destination that is away is left alone for a while (`RETRY_LIMIT_S` at most); what a person wants now is tried all
    the same. A parcel that must wait holds up the rest of its study, whose order is kept; a parked one does not.
    """

    def __init__(
        self,
        destination: Destination,
        deliveries: Deliveries,
        archive: Archive,
        files: Executor,
        *,
        worker: str,
        observer: Observer | None = None,
    ) -> None:
        self._files = files
        self._observer = observer
        self._destination = destination
        self._name = destination.name
        self._deliveries = deliveries
        self._archive = archive
        self._worker = worker
        self._wake = asyncio.Event()
        self._failures = 0
        self._resume_at = 0.0

    def poke(self) -> None:
        """Look at the table now: there is something new."""
        self._wake.set()

    async def run(self) -> None:
        """Carry for ever; what an earlier run was carrying comes first. Closes the destination at the end."""
        try:
            await through_outages(self._work, table="deliveries", pause_s=POLL_S)
        finally:
            await self._destination.close()

    async def _work(self) -> None:
        released = await self._deliveries.release(self._name, self._worker)
        if released:
            log.info("resuming deliveries", extra={"destination": self._name, "parcels": released})
        while True:
            sent = await self._send_next()
            confirmed = await self._confirm_next()
            if not sent and not confirmed:
                await self._wait()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        self._wake.clear()

    async def _claim(self, state: DeliveryState) -> list[Delivery]:
        return await self._deliveries.claim(
            self._name,
            state,
            self._worker,
            lease_s=LEASE_S,
            only_at_once=time.monotonic() < self._resume_at,
        )

    # Sending

    async def _send_next(self) -> bool:
        """Send what is due of the next study; False: nothing is due."""
        claimed = await self._claim(DeliveryState.WAITING)
        if not claimed:
            return False
        async with Holding(self._deliveries, self._worker, (one.id for one in claimed)) as holding:
            whole = await self._whole(claimed, holding)
            try:
                if whole:
                    await self._tell([begun(self._name, whole)])
                    await self._send(whole, holding)
            finally:
                _put_back(claimed, holding)
                await self._tell(ended(self._name, claimed, holding.noted))
        return True

    async def _tell(self, transfers: Iterable[Transfer]) -> None:
        """Let the observer know; sending waits for it a moment, and never fails with it."""
        if self._observer is None:
            return
        for transfer in transfers:
            try:
                async with asyncio.timeout(_OBSERVER_S):
                    await self._observer(transfer)
            except Exception as error:
                log.error("a transfer could not be told", extra={"destination": self._name}, exc_info=error)

    async def _send(self, deliveries: Sequence[Delivery], holding: Holding) -> None:
        by_uid = {one.instance.sop_instance_uid: one for one in deliveries}
        try:
            async with aclosing(self._destination.send([self._parcel(one) for one in deliveries])) as told:
                async for outcome in told:
                    self._available()
                    one = by_uid.pop(outcome.sop_instance_uid, None)
                    if one is not None:
                        holding.note(_noted(one, outcome))
                    if outcome.fate is Fate.AGAIN:
                        break  # what comes after it in the study may refer to it
        except DestinationUnavailable as error:
            self._away(error)
            _fail_first([*by_uid.values()], holding, str(error))
        except Exception as error:
            log.error("sending failed", extra={"destination": self._name}, exc_info=error)
            _fault_first([*by_uid.values()], holding, error)

    async def _whole(self, claimed: Sequence[Delivery], holding: Holding) -> list[Delivery]:
        """The deliveries whose file is what was written; the others are parked."""
        paths = [self._archive.resolve(one.instance.path) for one in claimed]
        loop = asyncio.get_running_loop()
        digests = await asyncio.gather(*(loop.run_in_executor(self._files, _digest, path) for path in paths))
        whole = []
        for one, digest in zip(claimed, digests, strict=True):
            if digest == one.instance.sha256:
                whole.append(one)
                continue
            reason = "the file is not in the archive" if digest is None else "the file was changed or damaged"
            step = "restore the file from a backup of the archive, then retry"
            log.error("a parcel cannot be sent", extra={"destination": self._name, "cause": reason})
            holding.note(Noted(one.id, DeliveryState.PARKED, reason=reason, next_step=step))
        return whole

    # Confirming

    async def _confirm_next(self) -> bool:
        """Ask whether what was stored of the next study is kept; False: nothing is to be asked."""
        claimed = await self._claim(DeliveryState.STORED) if self._destination.confirms else []
        if not claimed:
            return False
        async with Holding(self._deliveries, self._worker, (one.id for one in claimed)) as holding:
            reason = "the destination has not confirmed it yet"
            try:
                for outcome in await self._destination.confirm([self._parcel(one) for one in claimed]):
                    _note_answer(claimed, outcome, holding)
                self._available()
            except DestinationUnavailable as error:
                self._away(error)
                reason = str(error)
            except Exception as error:
                log.error("asking failed", extra={"destination": self._name}, exc_info=error)
                reason = f"asking failed ({type(error).__name__}); the server's log says more"
            finally:
                for one in claimed:
                    if one.id in holding.held:
                        holding.note(_ask_again(one, reason))
        return True

    def _parcel(self, delivery: Delivery) -> Parcel:
        instance = delivery.instance
        return Parcel(
            sop_instance_uid=instance.sop_instance_uid,
            sop_class_uid=instance.sop_class_uid,
            study_instance_uid=instance.study_instance_uid,
            path=self._archive.resolve(instance.path),
            sha256=instance.sha256,
        )

    def _available(self) -> None:
        self._failures, self._resume_at = 0, 0.0

    def _away(self, error: DestinationUnavailable) -> None:
        self._failures += 1
        pause = max(pause_s(self._failures, RETRY_LIMIT_S), error.retry_after_s or 0.0)
        self._resume_at = time.monotonic() + pause
        extra = {"destination": self._name, "cause": str(error), "pause_s": round(pause, 1)}
        log.warning("a destination is away", extra=extra)


def _note_answer(claimed: Sequence[Delivery], outcome: Outcome, holding: Holding) -> None:
    for one in claimed:
        if one.instance.sop_instance_uid == outcome.sop_instance_uid and outcome.fate is not Fate.STORED:
            holding.note(_noted(one, outcome))


def _noted(delivery: Delivery, outcome: Outcome) -> Noted:
    if outcome.fate is Fate.AGAIN:
        return _later(delivery, outcome.reason or "the destination asks for it again")
    state = _STATES[outcome.fate]
    return Noted(
        delivery.id,
        state,
        reason=outcome.reason,
        next_step=outcome.next_step,
        failed=state is DeliveryState.PARKED,
    )


def _later(delivery: Delivery, reason: str) -> Noted:
    tries = delivery.attempts + 1 if delivery.state is DeliveryState.SENDING else 1
    not_before = time.time() + pause_s(tries, RETRY_LIMIT_S)
    return Noted(delivery.id, DeliveryState.WAITING, not_before=not_before, reason=reason, failed=True)


def _ask_again(delivery: Delivery, reason: str) -> Noted:
    not_before = time.time() + pause_s(delivery.attempts + 1, CONFIRM_LIMIT_S)
    return Noted(delivery.id, DeliveryState.STORED, not_before=not_before, reason=reason, failed=True)


def _fail_first(untold: Sequence[Delivery], holding: Holding, reason: str) -> None:
    """The parcel that the destination went away at has failed; those behind it have not been tried."""
    for one in untold[:1]:
        holding.note(_later(one, reason))


def _fault_first(untold: Sequence[Delivery], holding: Holding, error: Exception) -> None:
    for one in untold[:1]:
        reason = f"sending failed ({type(error).__name__})"
        if one.attempts + 1 < MAX_FAULTS:
            holding.note(_later(one, reason))
        else:
            step = "look into the server's log, then retry"
            holding.note(Noted(one.id, DeliveryState.PARKED, reason=reason, next_step=step, failed=True))


def _put_back(claimed: Sequence[Delivery], holding: Holding) -> None:
    """What was not tried waits again, no sooner than what goes before it."""
    for one in claimed:
        if one.id in holding.held:
            holding.note(Noted(one.id, DeliveryState.WAITING, reason=one.reason))


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
