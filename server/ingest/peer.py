"""One connected booth: its messages in the order they came, its one still on the way."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import zmq

from server.events import BoothSeen, StillArrived, VisitChanged
from server.ingest.admission import Admission, Admitted
from server.ingest.contract import StillStore
from server.ingest.disk import DiskThreads
from server.ingest.incoming import Incoming
from server.ingest.refusal import TURNED, HangUp, Turned, refusal
from station.protocol import (
    CHUNK_BYTES,
    CREDIT,
    MAX_MESSAGE_BYTES,
    Credit,
    ErrorCode,
    Heartbeat,
    Hello,
    MalformedMessage,
    OversizedMessage,
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
    decode_station,
)

INBOX = 4 * CREDIT
"""Messages of one booth that may wait; an honest one never has more than its credit and a few words under way."""
_FINISHING = 2
_log = logging.getLogger(__name__)

IngestEvent = BoothSeen | VisitChanged | StillArrived
Parts = Sequence[zmq.Frame]


@dataclass(frozen=True)
class Services:
    """What all connections share."""

    store: StillStore
    admission: Admission
    disk: DiskThreads
    welcome: Callable[[str], Welcome]
    on_event: Callable[[IngestEvent], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    """Runs a coroutine that may outlive the connection."""


def decode(parts: Parts) -> StationMessage:
    """The message of a multipart; raises `OversizedMessage` or `MalformedMessage`."""
    if not 1 <= len(parts) <= 2:
        raise MalformedMessage(f"message of {len(parts)} parts, 1 or 2 are accepted")
    if len(parts[0]) > MAX_MESSAGE_BYTES:
        raise OversizedMessage(f"message of {len(parts[0])} bytes, at most {MAX_MESSAGE_BYTES} are accepted")
    if len(parts) == 2 and len(parts[1]) > CHUNK_BYTES:
        raise OversizedMessage(f"chunk of {len(parts[1])} bytes, at most {CHUNK_BYTES} are accepted")
    message = decode_station(parts[0].bytes)
    if isinstance(message, StillChunk) != (len(parts) == 2):
        raise MalformedMessage("a chunk has two parts, every other message one")
    return message


class Peer:
    """The server's side of one conversation; `run` it as a task and `deliver` what comes in."""

    def __init__(self, hello: Hello, services: Services, send: Callable[[ServerMessage], None]) -> None:
        self.booth_id = hello.booth_id
        self._hello = hello
        self._services = services
        self._send = send
        self._inbox: asyncio.Queue[Parts] = asyncio.Queue(INBOX)
        self._receiving: Admitted | None = None
        self._unwritten: list[zmq.Frame] = []
        self._expected = 0
        self._ignored: str | None = None
        self._finishing = asyncio.Semaphore(_FINISHING)

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
                if self._unwritten and (self._inbox.empty() or len(self._unwritten) >= CREDIT):
                    await self._write()
        finally:
            if self._receiving is not None:
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
            case Heartbeat():
                pass
            case Hello():
                raise HangUp(ErrorCode.UNEXPECTED, "Hello is said once in a connection")

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

    async def _take_offer(self, offer: StillOffer) -> None:
        if self._receiving is not None:
            await self._drop(discard=False)
        self._ignored = None
        uid = offer.sop_instance_uid
        try:
            admitted = await self._services.admission.admit(self.booth_id, offer)
        except MalformedMessage as error:
            raise HangUp(error.code, str(error), about=uid) from error
        except TURNED as error:
            self._refuse(error, uid)
            return
        if admitted is None:
            self._send(StillStored(sop_instance_uid=uid, duplicate=True))
        else:
            await self._begin(admitted)

    async def _begin(self, admitted: Admitted) -> None:
        self._receiving = admitted
        if admitted.missing == 0:
            await self._finish()
            return
        self._expected = admitted.offer.size - admitted.missing
        self._send(
            StillWanted(
                sop_instance_uid=admitted.offer.sop_instance_uid, offset=self._expected, credit=CREDIT
            )
        )

    async def _take_chunk(self, chunk: StillChunk, data: zmq.Frame) -> None:
        receiving, uid = self._receiving, chunk.sop_instance_uid
        if receiving is None or receiving.offer.sop_instance_uid != uid:
            # What was under way when the still was refused still arrives.
            if uid != self._ignored:
                self._turn_chunks(Turned(ErrorCode.UNEXPECTED, "no still of this UID is on its way"), uid)
            return
        expected = min(CHUNK_BYTES, receiving.offer.size - self._expected)
        if (chunk.offset, len(data)) != (self._expected, expected):
            await self._drop(discard=True)
            text = f"chunk of {len(data)} bytes at {chunk.offset}; {expected} at {self._expected} were due"
            self._turn_chunks(Turned(ErrorCode.UNEXPECTED, text), uid)
            return
        self._unwritten.append(data)
        self._expected += expected
        if self._expected == receiving.offer.size:
            await self._write()

    async def _write(self) -> None:
        receiving, chunks = self._receiving, self._unwritten
        self._unwritten = []
        if receiving is None or receiving.file is None:
            return
        try:
            await self._services.disk.run(_append, receiving.file, chunks)
        except TURNED as error:
            await self._drop(discard=True)
            self._turn_chunks(error, receiving.offer.sop_instance_uid)
            return
        if receiving.file.complete:
            await self._finish()
        else:
            self._send(Credit(sop_instance_uid=receiving.offer.sop_instance_uid, chunks=len(chunks)))

    async def _finish(self) -> None:
        # The next still arrives while this one is made durable, and a lost connection does not stop it.
        await self._finishing.acquire()
        admitted, self._receiving = self._receiving, None
        if admitted is not None:
            self._services.spawn(self._keep(admitted))

    async def _keep(self, admitted: Admitted) -> None:
        offer = admitted.offer
        try:
            new = await self._services.admission.keep(admitted)
        except Exception as error:  # noqa: BLE001  boundary: whatever one still meets, the others go on
            self._refuse(error, offer.sop_instance_uid)
            return
        finally:
            self._finishing.release()
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
        admitted, self._receiving = self._receiving, None
        self._unwritten = []
        if admitted is not None:
            await self._services.admission.abandon(admitted, discard=discard)

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


def _append(file: Incoming, chunks: list[zmq.Frame]) -> None:
    file.append([memoryview(chunk.buffer) for chunk in chunks])
