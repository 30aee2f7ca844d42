"""Hands the spool's content to the server over one connection: visits first, stills in the order they were taken.

It holds still while the booth makes a new still durable.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

from station.errors import SpoolDamaged, StationError
from station.protocol import (
    CHUNK_BYTES,
    CREDIT,
    Credit,
    ErrorCode,
    Refused,
    ServerMessage,
    StillChunk,
    StillOffer,
    StillStored,
    StillWanted,
    VisitClosed,
    VisitNoted,
    VisitOpened,
)
from station.transport.connection import Connection, ConnectionLost
from station.transport.ledger import Ledger
from station.transport.read_ahead import ReadAhead
from station.transport.spool import Spool
from station.transport.visit_files import SpooledVisit

_WINDOW = 3
"""Stills offered whose end is not known; the next is offered while the last is being stored."""
_LONGEST_PAUSE_S = 1.0
_NOT_REMOVED = Refused(code=ErrorCode.INTERNAL, message="it cannot be removed from the spool")
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Transfer:
    """The still whose bytes are on their way."""

    offer: StillOffer
    offset: int | None = None
    """Where the server wants it from."""
    sent_to: int = 0
    credit: int = 0
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Delivery:
    """One connection's worth of sending; `run` and `settle` are tasks, `take` gets the server's messages."""

    def __init__(self, connection: Connection, spool: Spool, ledger: Ledger, wake: asyncio.Event) -> None:
        self._connection = connection
        self._spool = spool
        self._ledger = ledger
        self._wake = wake
        self._transfer: _Transfer | None = None
        self._asked: tuple[str, asyncio.Future[VisitNoted | Refused]] | None = None
        self._opened: set[int] = set()
        self._closed: set[int] = set()
        self._unanswered: dict[str, float] = {}
        self._read_ahead = ReadAhead(spool)
        self._held: set[str] = set()
        self._answers: asyncio.Queue[StillStored | Refused] = asyncio.Queue()

    async def run(self) -> None:
        """Send whatever is due until cancelled; raises `ConnectionLost` if the server does not answer in time."""
        while True:
            self._wake.clear()
            if not await self._deliver_next():
                await self._pause()

    async def settle(self) -> None:
        """Let go of what the server has, until cancelled."""
        while True:
            answer = await self._answers.get()
            await self._spool.quiet()
            if isinstance(answer, StillStored):
                await self._forget(answer.sop_instance_uid)
            elif answer.about is not None:
                await self._examine(answer, answer.about)
                self._held.discard(answer.about)
            self._wake.set()

    def take(self, message: ServerMessage) -> None:
        """Act on the server's answer; raises `ConnectionLost` for one that makes no sense."""
        match message:
            case VisitNoted():
                self._answer_visit(message.study_instance_uid, message)
            case StillWanted():
                self._begin(message)
            case Credit():
                self._give(message.sop_instance_uid, message.chunks)
            case StillStored():
                self._end(message.sop_instance_uid, message)
            case Refused() if message.about is not None:
                self._answer_visit(message.about, message)
                self._end(message.about, message)

    # What is due

    async def _deliver_next(self) -> bool:
        """Send one thing; False if nothing is due."""
        now = asyncio.get_running_loop().time()
        if any(deadline < now for deadline in self._unanswered.values()):
            raise ConnectionLost("the server does not say what became of a still")
        for visit in self._spool.visits():
            news = self._news(visit)
            if news is not None:
                await self._tell(visit, news)
                return True
            if visit.sequence in self._closed:
                await self._forget_visit(visit)
        # Looked up after the last wait, during which stills may have been let go of.
        offer = next((offer for offer in self._spool.pending() if self._is_due(offer)), None)
        if offer is None or len(self._unanswered) >= _WINDOW:
            return False
        await self._send_still(offer)
        return True

    def _news(self, visit: SpooledVisit) -> VisitOpened | VisitClosed | None:
        if not self._ledger.is_due(visit.study_instance_uid):
            return None
        if visit.sequence not in self._opened:
            return visit.opened
        return None if visit.sequence in self._closed else visit.closed

    def _is_due(self, offer: StillOffer) -> bool:
        uid, study = offer.sop_instance_uid, offer.study_instance_uid
        if uid in self._unanswered or uid in self._held or not self._ledger.is_due(uid):
            return False
        return all(v.study_instance_uid != study or v.sequence in self._opened for v in self._spool.visits())

    async def _pause(self) -> None:
        due = self._ledger.next_due_in()
        longest = _LONGEST_PAUSE_S if due is None else min(due, _LONGEST_PAUSE_S)
        try:
            async with asyncio.timeout(longest):
                await self._wake.wait()
        except TimeoutError:
            pass

    # Visits

    async def _tell(self, visit: SpooledVisit, news: VisitOpened | VisitClosed) -> None:
        uid = news.study_instance_uid
        future: asyncio.Future[VisitNoted | Refused] = asyncio.get_running_loop().create_future()
        self._asked = uid, future
        await self._connection.send(news)
        try:
            async with asyncio.timeout(self._ledger.timing.answer_s):
                answer = await future
        except TimeoutError:
            raise ConnectionLost("the server does not note a visit") from None
        finally:
            self._asked = None
        if isinstance(answer, Refused):
            self._ledger.refuse(answer, uid)
            return
        self._ledger.settle(uid)
        (self._closed if isinstance(news, VisitClosed) else self._opened).add(visit.sequence)

    def _answer_visit(self, uid: str, answer: VisitNoted | Refused) -> None:
        if self._asked is not None and self._asked[0] == uid and not self._asked[1].done():
            self._asked[1].set_result(answer)

    async def _forget_visit(self, visit: SpooledVisit) -> None:
        # Kept while stills wait: a server that lost its memory must learn of the visit first.
        if all(offer.study_instance_uid != visit.study_instance_uid for offer in self._spool.pending()):
            try:
                await self._spool.forget_visit(visit.study_instance_uid, visit.sequence)
            except StationError:
                _log.exception("a finished visit cannot be removed from the spool")
                self._ledger.refuse(_NOT_REMOVED, visit.study_instance_uid)

    # Stills

    async def _send_still(self, offer: StillOffer) -> None:
        uid = offer.sop_instance_uid
        transfer = self._transfer = _Transfer(offer)
        self._expect_answer(uid)
        try:
            await self._connection.send(offer)
            await self._send_bytes(transfer)
        except SpoolDamaged as error:
            _log.exception("a still in the spool is damaged", extra={"uid": uid})
            self._unanswered.pop(uid, None)
            self._ledger.parked[uid] = Refused(code=ErrorCode.HASH_MISMATCH, message=str(error), about=uid)
        finally:
            self._transfer = None

    async def _send_bytes(self, transfer: _Transfer) -> None:
        if not await self._has_credit(transfer) or transfer.offset is None:
            return
        async with contextlib.aclosing(self._read_ahead.blocks(transfer.offer, transfer.offset)) as blocks:
            async for block in blocks:
                await self._spool.quiet()
                for start in range(0, len(block), CHUNK_BYTES):
                    if not await self._has_credit(transfer):
                        return
                    await self._send_chunk(transfer, block[start : start + CHUNK_BYTES])
        self._expect_answer(transfer.offer.sop_instance_uid)

    async def _send_chunk(self, transfer: _Transfer, part: memoryview) -> None:
        uid, offset = transfer.offer.sop_instance_uid, transfer.sent_to
        await self._connection.send(StillChunk(sop_instance_uid=uid, offset=offset), part)
        transfer.credit -= 1
        transfer.sent_to += len(part)
        self._ledger.sent_bytes += len(part)

    async def _has_credit(self, transfer: _Transfer) -> bool:
        """Wait until a chunk may be sent; False: none is wanted any more."""
        if transfer.credit == 0:
            try:
                async with asyncio.timeout(self._ledger.timing.answer_s):
                    while transfer.credit == 0 and not transfer.ended:
                        transfer.changed.clear()
                        await transfer.changed.wait()
            except TimeoutError:
                raise ConnectionLost("the server does not ask for the rest of a still") from None
        return not transfer.ended

    def _expect_answer(self, uid: str) -> None:
        if self._transfer is not None and not self._transfer.ended:
            self._unanswered[uid] = asyncio.get_running_loop().time() + self._ledger.timing.answer_s

    def _begin(self, message: StillWanted) -> None:
        transfer = self._transfer
        if transfer is None or transfer.offer.sop_instance_uid != message.sop_instance_uid:
            return
        if transfer.offset is not None or message.offset >= transfer.offer.size:
            raise ConnectionLost("the server asks for bytes that a still does not have")
        transfer.offset = transfer.sent_to = message.offset
        self._give(message.sop_instance_uid, min(message.credit, CREDIT))

    def _give(self, uid: str, chunks: int) -> None:
        transfer = self._transfer
        if transfer is not None and transfer.offer.sop_instance_uid == uid:
            transfer.credit += chunks
            transfer.changed.set()

    def _end(self, uid: str, answer: StillStored | Refused) -> None:
        if self._unanswered.pop(uid, None) is None:
            return
        self._held.add(uid)
        self._answers.put_nowait(answer)
        transfer = self._transfer
        if transfer is not None and transfer.offer.sop_instance_uid == uid:
            transfer.ended = True
            transfer.changed.set()
        self._wake.set()

    async def _forget(self, uid: str) -> None:
        try:
            await self._spool.forget(uid)
        except StationError:
            # It stays held, so that it is not offered over and over.
            _log.exception("a stored still cannot be removed from the spool", extra={"uid": uid})
        else:
            self._held.discard(uid)
        self._ledger.settle(uid)
        self._ledger.stored += 1

    async def _examine(self, refused: Refused, uid: str) -> None:
        if refused.code is ErrorCode.HASH_MISMATCH and not await self._spool.is_whole(uid):
            text = "this still is damaged on the booth's disk: retake it"
            self._ledger.parked[uid] = Refused(code=ErrorCode.HASH_MISMATCH, message=text, about=uid)
            return
        self._ledger.refuse(refused, uid)
