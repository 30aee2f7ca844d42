"""The conversation with one connected booth: its messages in the order they came, its one still on the way."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import zmq

from server.events import BoothJudged, BoothSeen, StillArrived, VisitChanged
from server.ingest.admission import Admission, Admitted
from server.ingest.contract import StillStore
from server.ingest.disk import DiskThreads
from server.ingest.parts import Parts, decode
from server.ingest.reception import Reception
from server.ingest.refusal import TURNED, HangUp, Turned, refusal
from server.ingest.router import INBOX
from station.protocol import (
    CREDIT,
    Credit,
    ErrorCode,
    Heartbeat,
    Hello,
    MalformedMessage,
    OrdersTold,
    OrdersWanted,
    PreviewVerdict,
    ServerMessage,
    StationMessage,
    StillChunk,
    StillOffer,
    StillStored,
    StillWanted,
    VisitClosed,
    VisitNoted,
    VisitOpened,
    Welcome,
)

_UNDER_WAY = 3
"""Stills of one booth that are received or made durable at a time; only the last is received."""
_QUESTIONS = 2
"""Questions of one booth about the worklist that are answered at a time: the list and one search."""
_log = logging.getLogger(__name__)

Orders = Callable[[str, OrdersWanted], Awaitable[Sequence[OrdersTold]]]
"""Of a booth, what it wants to know; the messages that tell it."""
IngestEvent = BoothSeen | BoothJudged | VisitChanged | StillArrived


@dataclass(frozen=True)
class Services:
    """What all connections share."""

    store: StillStore
    admission: Admission
    disk: DiskThreads
    welcome: Callable[[str], Welcome]
    on_event: Callable[[IngestEvent], None]
    spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    """Runs a coroutine that may outlive the connection."""
    orders: Orders | None = None
    """Answers what a booth asks of the worklist; None: there is none."""


class Conversation:
    """The server's side of one conversation; `run` it as a task and `deliver` what comes in."""

    def __init__(self, hello: Hello, services: Services, send: Callable[[ServerMessage], None]) -> None:
        self.booth_id = hello.booth_id
        self._hello = hello
        self._services = services
        self._send = send
        self._inbox: asyncio.Queue[Parts] = asyncio.Queue(INBOX)
        self._reception: Reception | None = None
        self._writer: asyncio.Task[None] | None = None
        self._ignored: str | None = None
        self.preview: PreviewVerdict | None = None
        """How it judges its own preview."""
        self._under_way = asyncio.Semaphore(_UNDER_WAY)
        self._questions = 0

    def deliver(self, parts: Parts) -> None:
        """Take in a message; raises `HangUp` if the booth sends more than it was given credit for."""
        try:
            self._inbox.put_nowait(parts)
        except asyncio.QueueFull:
            raise HangUp(ErrorCode.UNEXPECTED, "more messages at once than credit allows") from None

    async def run(self) -> None:
        """Converse until cancelled; raises `HangUp` or `ProtocolError` when the booth must go."""
        try:
            await self._greet()
            while True:
                message, parts = await self._next()
                await self._handle(message, parts)
        finally:
            await self._drop(discard=False)

    async def _greet(self) -> None:
        try:
            await self._services.store.note_booth(self.booth_id, self._hello.software, time.time())
        except TURNED as error:
            raise HangUp(refusal(error).code, refusal(error).message) from error
        self._send(self._services.welcome(self.booth_id))

    async def _next(self) -> tuple[StationMessage, Parts]:
        parts = await self._inbox.get()
        return decode(parts), parts

    async def _handle(self, message: StationMessage, parts: Parts) -> None:
        match message:
            case StillChunk():
                await self._take_chunk(message, parts[1])
            case StillOffer():
                await self._take_offer(message)
            case VisitOpened() | VisitClosed():
                await self._note_visit(message)
            case OrdersWanted():
                self._take_question(message)
            case Heartbeat(preview=verdict):
                self._note_preview(verdict)
            case Hello():
                raise HangUp(ErrorCode.UNEXPECTED, "Hello is said once in a connection")

    def _note_preview(self, verdict: PreviewVerdict | None) -> None:
        if verdict != self.preview:
            self.preview = verdict
            self._services.on_event(BoothJudged(booth_id=self.booth_id, preview=verdict))

    async def _note_visit(self, message: VisitOpened | VisitClosed) -> None:
        uid = message.study_instance_uid
        try:
            if isinstance(message, VisitOpened):
                await self._services.store.open_visit(self.booth_id, message)
            else:
                await self._services.store.close_visit(self.booth_id, message)
        except TURNED as error:
            self._refuse(error, uid)
            return
        self._send(VisitNoted(study_instance_uid=uid, closed=isinstance(message, VisitClosed)))
        self._services.on_event(VisitChanged(booth_id=self.booth_id, study_instance_uid=uid))

    def _take_question(self, wanted: OrdersWanted) -> None:
        """Answer beside the stills; a booth that asks more than it may hears nothing, and asks again."""
        orders = self._services.orders
        if orders is not None and self._questions < _QUESTIONS:
            self._questions += 1
            self._services.spawn(self._tell_orders(orders, wanted))

    async def _tell_orders(self, orders: Orders, wanted: OrdersWanted) -> None:
        try:
            for told in await orders(self.booth_id, wanted):
                self._send(told)
        except Exception:  # noqa: BLE001  boundary: whatever one question meets, the stills go on
            _log.exception(
                "a question about the worklist was not answered", extra={"booth_id": self.booth_id}
            )
        finally:
            self._questions -= 1

    async def _take_offer(self, offer: StillOffer) -> None:
        await self._drop(discard=False)
        self._ignored = None
        uid = offer.sop_instance_uid
        # The next still arrives while earlier ones are made durable, but not while many are.
        await self._under_way.acquire()
        try:
            admitted = await self._services.admission.admit(self.booth_id, offer)
        except BaseException as error:
            self._under_way.release()
            if isinstance(error, MalformedMessage):
                raise HangUp(error.code, str(error), about=uid) from error
            if not isinstance(error, TURNED):
                raise
            self._refuse(error, uid)
            return
        if admitted is None:
            self._under_way.release()
            self._send(StillStored(sop_instance_uid=uid, duplicate=True))
        else:
            self._begin(admitted)

    def _begin(self, admitted: Admitted) -> None:
        uid, file = admitted.offer.sop_instance_uid, admitted.file
        if file is None or file.complete:
            self._services.spawn(self._keep(admitted))
            return
        self._reception = Reception(
            admitted, file, self._services.disk, lambda n: self._send(Credit(sop_instance_uid=uid, chunks=n))
        )
        self._writer = self._services.spawn(self._write(self._reception))
        self._send(StillWanted(sop_instance_uid=uid, offset=file.received, credit=CREDIT))

    async def _take_chunk(self, chunk: StillChunk, data: zmq.Frame) -> None:
        reception, uid = self._reception, chunk.sop_instance_uid
        if reception is None or reception.uid != uid:
            # What was under way when the still was refused still arrives.
            if uid != self._ignored:
                self._turn_chunks(Turned(ErrorCode.UNEXPECTED, "no still of this UID is on its way"), uid)
            return
        try:
            reception.take(chunk, data)
        except Turned as error:
            await self._drop(discard=True)
            self._turn_chunks(error, uid)
            return
        if reception.complete:
            self._reception = self._writer = None

    async def _write(self, reception: Reception) -> None:
        try:
            await reception.write()
        except Exception as error:  # noqa: BLE001  boundary: whatever one still meets, the others go on
            if self._reception is reception:
                self._reception = self._writer = None
                self._ignored = reception.uid
            self._under_way.release()
            await self._services.admission.abandon(reception.admitted, discard=True)
            self._refuse(error, reception.uid)
        else:
            await self._keep(reception.admitted)

    async def _keep(self, admitted: Admitted) -> None:
        offer = admitted.offer
        try:
            new = await self._services.admission.keep(admitted)
        except Exception as error:  # noqa: BLE001  boundary: whatever one still meets, the others go on
            self._refuse(error, offer.sop_instance_uid)
            return
        finally:
            self._under_way.release()
        self._send(StillStored(sop_instance_uid=offer.sop_instance_uid, duplicate=not new))
        if new:
            self._services.on_event(
                StillArrived(
                    booth_id=self.booth_id,
                    study_instance_uid=offer.study_instance_uid,
                    sop_instance_uid=offer.sop_instance_uid,
                )
            )

    async def _drop(self, *, discard: bool) -> None:
        """Stop receiving a still that has not come in whole."""
        reception, writer = self._reception, self._writer
        self._reception = self._writer = None
        if reception is None or writer is None:
            return
        cancelled = await _ended(writer)
        self._under_way.release()
        await self._services.admission.abandon(reception.admitted, discard=discard)
        if cancelled:
            raise asyncio.CancelledError

    def _turn_chunks(self, error: Exception, uid: str) -> None:
        self._ignored = uid
        self._refuse(error, uid)

    def _refuse(self, error: Exception, uid: str) -> None:
        refused = refusal(error, uid)
        _log.warning(
            "refused",
            extra={"booth_id": self.booth_id, "code": refused.code.value, "uid": uid},
            exc_info=error if refused.code is ErrorCode.INTERNAL else None,
        )
        self._send(refused)


async def _ended(writer: asyncio.Task[None]) -> bool:
    """Cancel a writer and wait for its end; whether this task was cancelled meanwhile."""
    writer.cancel()
    cancelled = False
    while not writer.done():
        try:
            await asyncio.wait([writer])
        except asyncio.CancelledError:
            # It ends within one write; a still that is not let go of would keep the booth out for ever.
            cancelled = True
    return cancelled
