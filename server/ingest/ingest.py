"""The server's end of the capture plane: one ROUTER socket, one conversation per booth."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast

import zmq
import zmq.asyncio

from server.errors import ConfigError
from server.events import BoothSeen
from server.ingest.admission import DEFAULT_RESERVE_BYTES, Admission
from server.ingest.allow_list import AllowList
from server.ingest.contract import StillArchive, StillStore
from server.ingest.disk import DiskThreads
from server.ingest.gatekeeper import KEY_PROPERTY, Gatekeeper
from server.ingest.keys import open_server_keys
from server.ingest.peer import INBOX, IngestEvent, Orders, Parts, Peer, Services, decode
from server.ingest.refusal import HangUp, refusal
from server.ingest.timing import Timing
from station.protocol import (
    CHUNK_BYTES,
    CREDIT,
    ErrorCode,
    Heartbeat,
    Hello,
    PreviewVerdict,
    ProtocolError,
    Refused,
    ServerMessage,
    Welcome,
    check_peer_version,
    encode,
)

_MAX_PART_BYTES = 2 * CHUNK_BYTES
_SEND_QUEUE = 256
_MUTED = 1024
_BREACHES = frozenset({ErrorCode.UNKNOWN_BOOTH, ErrorCode.MALFORMED, ErrorCode.OVERSIZED})
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Connection:
    peer: Peer
    key: bytes
    heard_at: float
    said_at: float
    task: "asyncio.Task[None] | None" = None


@dataclass(eq=False)
class _Sockets:
    context: zmq.asyncio.Context
    router: zmq.asyncio.Socket
    gatekeeper: Gatekeeper
    muted: "OrderedDict[bytes, None]" = field(default_factory=OrderedDict)


class Ingest:
    """Receives stills over CURVE from the booths in a key folder, as an async context manager.

    `welcome` makes the greeting of a booth; `on_event` hears of booths, visits and stills, on the event loop; `orders` answers
    what a booth asks of the worklist; `on_refused` hears which booth (or address, of an unknown key) was shut out, and why.
    A part over twice the chunk size never enters memory: ZeroMQ cuts that connection.
    Raises `ConfigError` on entering if the endpoint is taken or the key cannot be used.
    """

    def __init__(
        self,
        endpoint: str,
        keys: Path,
        booths: Path,
        store: StillStore,
        archive: StillArchive,
        welcome: Callable[[str], Welcome],
        on_event: Callable[[IngestEvent], None] = lambda _event: None,
        *,
        orders: Orders | None = None,
        on_refused: Callable[[str, str], None] = lambda _who, _why: None,
        reserve_bytes: int = DEFAULT_RESERVE_BYTES,
        timing: Timing | None = None,
    ) -> None:
        self.endpoint = endpoint
        """Where booths connect; after entering with the port that was bound."""
        self._keys = keys
        self._allow_list = AllowList(booths)
        self._disk = DiskThreads()
        self._store = store
        self._admission = Admission(store, archive, self._disk, reserve_bytes=reserve_bytes)
        self._welcome = welcome
        self._on_event = on_event
        self._orders = orders
        self._on_refused = on_refused
        self._timing = timing or Timing()
        self._connections: dict[bytes, _Connection] = {}
        self._sockets: _Sockets | None = None
        self._main: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sockets = self._bind()
        await self._admission.clean()
        started = asyncio.get_running_loop().create_future()
        self._main = asyncio.create_task(self._run(self._sockets, started), name="ingest")
        await started
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every conversation and let go of the endpoint; stills on their way are continued by the next start."""
        main, self._main = self._main, None
        if main is not None:
            main.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await main
        sockets, self._sockets = self._sockets, None
        if sockets is not None:
            sockets.router.close()
            sockets.gatekeeper.close()
            sockets.context.term()
            self._admission.close()
            self._disk.close()

    async def wait(self) -> None:
        """Return once closed; raises what ended it otherwise."""
        if self._main is not None:
            main = self._main
            await asyncio.wait([main])
            if not main.cancelled():
                main.result()

    @property
    def booths(self) -> tuple[str, ...]:
        """The booths that are connected."""
        return tuple(sorted(self.judged))

    @property
    def judged(self) -> dict[str, PreviewVerdict | None]:
        """How the connected booths judge their previews."""
        return {each.peer.booth_id: each.peer.preview for each in self._connections.values()}

    def send(self, booth_id: str, message: ServerMessage) -> bool:
        """Tell a booth something; False if it is not connected."""
        for identity, connection in list(self._connections.items()):
            if connection.peer.booth_id == booth_id:
                return self._send(identity, message)
        return False

    def _bind(self) -> _Sockets:
        keys = open_server_keys(self._keys)
        context = zmq.asyncio.Context()
        gatekeeper = Gatekeeper(
            context, lambda key: self._disk.run(self._allow_list.booth_of, key), self._on_refused
        )
        router: zmq.asyncio.Socket = context.socket(zmq.ROUTER)
        router.linger = 0
        router.curve_server = True
        router.curve_publickey, router.curve_secretkey = keys.public, keys.secret
        router.setsockopt(zmq.ZAP_DOMAIN, b"dermabooth")
        # Without this, a gatekeeper that is gone would mean that everybody may come in.
        router.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        router.setsockopt(zmq.MAXMSGSIZE, _MAX_PART_BYTES)
        router.setsockopt(zmq.RCVHWM, INBOX)
        router.setsockopt(zmq.SNDHWM, _SEND_QUEUE)
        router.setsockopt(zmq.HANDSHAKE_IVL, round(self._timing.handshake_s * 1000))
        router.setsockopt(zmq.TCP_KEEPALIVE, 1)
        try:
            router.bind(self.endpoint)
        except zmq.ZMQError as error:
            router.close()
            gatekeeper.close()
            context.term()
            raise ConfigError(f"stills cannot be received at {self.endpoint}: {error}") from error
        self.endpoint = router.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        return _Sockets(context, router, gatekeeper)

    async def _run(self, sockets: _Sockets, started: "asyncio.Future[None]") -> None:
        async with asyncio.TaskGroup() as tasks:
            services = Services(
                self._store,
                self._admission,
                self._disk,
                self._welcome,
                self._on_event,
                spawn=tasks.create_task,
                orders=self._orders,
            )
            tasks.create_task(sockets.gatekeeper.run(), name="ingest-gatekeeper")
            tasks.create_task(self._watch(), name="ingest-watch")
            started.set_result(None)
            while True:
                first = await sockets.router.recv_multipart(copy=False)
                for identity, *parts in (first, *_waiting(sockets.router)):
                    self._receive(identity.bytes, parts, tasks, services)
                # A booth that never stops sending must not keep the others' turns from coming.
                await asyncio.sleep(0)

    def _receive(self, identity: bytes, parts: Parts, tasks: asyncio.TaskGroup, services: Services) -> None:
        connection = self._connections.get(identity)
        if connection is not None and _key(parts) != connection.key:
            # Whoever comes under the routing id of a booth that has just gone is not that booth.
            self._hang_up(identity, None)
            connection = None
        try:
            if connection is not None:
                connection.heard_at = _now()
                connection.peer.deliver(parts)
            else:
                hello = self._checked_hello(identity, parts)
                if hello is not None:
                    self._connect(identity, hello, _key(parts), tasks, services)
        except (HangUp, ProtocolError) as error:
            self._note_breach(str(parts[0].get("User-Id")) if parts else "", error, connection is not None)
            self._hang_up(identity, refusal(error))

    def _checked_hello(self, identity: bytes, parts: Parts) -> Hello | None:
        """The greeting of a connection that may speak; None for a muted one."""
        muted = self._sockets is not None and identity in self._sockets.muted
        try:
            message = decode(parts)
        except ProtocolError:
            if muted:
                return None
            raise
        if not isinstance(message, Hello):
            if muted:
                return None
            raise HangUp(ErrorCode.UNEXPECTED, "say Hello first")
        check_peer_version(message.version, message.minimum, peer=f"booth {message.booth_id}")
        if message.booth_id != parts[0].get("User-Id") or not self._is_enrolled(
            message.booth_id, _key(parts)
        ):
            raise HangUp(ErrorCode.UNKNOWN_BOOTH, f"this connection's key is not that of {message.booth_id}")
        return message

    def _connect(
        self, identity: bytes, hello: Hello, key: bytes, tasks: asyncio.TaskGroup, services: Services
    ) -> None:
        for other, connection in list(self._connections.items()):
            if connection.peer.booth_id == hello.booth_id:
                text = "another connection of this booth has taken over"
                self._hang_up(other, Refused(code=ErrorCode.BUSY, message=text))
        if self._sockets is not None:
            self._sockets.muted.pop(identity, None)
        peer = Peer(hello, services, lambda message: self._answer(identity, message))
        connection = _Connection(peer, key, _now(), _now())
        self._connections[identity] = connection
        connection.task = tasks.create_task(self._converse(identity, peer), name=f"ingest-{hello.booth_id}")
        _log.info("booth connected", extra={"booth_id": hello.booth_id, "software": hello.software})
        self._on_event(BoothSeen(booth_id=hello.booth_id, connected=True))

    async def _converse(self, identity: bytes, peer: Peer) -> None:
        try:
            await peer.run()
        except (HangUp, ProtocolError) as error:
            self._note_breach(peer.booth_id, error, True)
            self._hang_up(identity, refusal(error))
        except Exception as error:  # noqa: BLE001  boundary: whatever one booth does, the others go on
            _log.exception("conversation failed", extra={"booth_id": peer.booth_id})
            self._hang_up(identity, refusal(error))

    def _note_breach(self, booth_id: str, error: HangUp | ProtocolError, connected: bool) -> None:
        """Tell of a booth that takes another's name or breaks the limits.

        Speaking before the greeting is none: so does everybody whose server was started anew.
        """
        if error.code in _BREACHES or (connected and error.code is ErrorCode.UNEXPECTED):
            self._on_refused(booth_id, str(error))

    def _hang_up(self, identity: bytes, refused: Refused | None) -> None:
        """Take nothing further from this connection until it says Hello again."""
        connection = self._connections.pop(identity, None)
        if refused is not None:
            self._send(identity, refused)
        if self._sockets is not None:
            self._sockets.muted[identity] = None
            while len(self._sockets.muted) > _MUTED:
                self._sockets.muted.popitem(last=False)
        if connection is None:
            return
        if connection.task is not None and connection.task is not asyncio.current_task():
            connection.task.cancel()
        code = "" if refused is None else refused.code.value
        _log.info("booth disconnected", extra={"booth_id": connection.peer.booth_id, "code": code})
        self._on_event(BoothSeen(booth_id=connection.peer.booth_id, connected=False))

    def _answer(self, identity: bytes, message: ServerMessage) -> None:
        connection = self._connections.get(identity)
        if connection is None or self._send(identity, message):
            return
        self._hang_up(identity, None)
        task = asyncio.current_task()
        if task is not None and task is connection.task:
            # Nothing comes from a booth that is gone: its conversation must not wait for it with a still in hand.
            task.cancel()

    def _send(self, identity: bytes, message: ServerMessage) -> bool:
        """Whether the message was handed over; a booth that is gone or does not read gets none."""
        if self._sockets is None:
            return False
        parts = [identity, encode(message)]
        # Done at once, because it may not wait.
        sent = cast("asyncio.Future[object]", self._sockets.router.send_multipart(parts, flags=zmq.NOBLOCK))
        if sent.exception() is not None:
            return False
        if identity in self._connections:
            self._connections[identity].said_at = _now()
        return True

    def _is_enrolled(self, booth_id: str, key: bytes) -> bool:
        return self._allow_list.booths.get(key) == booth_id

    async def _watch(self) -> None:
        """Heartbeats out, silence and withdrawn keys noticed."""
        while True:
            await asyncio.sleep(self._timing.heartbeat_s / 2)
            try:
                await self._disk.run(self._allow_list.read)
            except OSError:
                _log.exception("the folder of booth keys cannot be read")
            for identity, connection in list(self._connections.items()):
                if not self._is_enrolled(connection.peer.booth_id, connection.key):
                    text = "the key of this booth was withdrawn"
                    self._on_refused(connection.peer.booth_id, text)
                    self._hang_up(identity, Refused(code=ErrorCode.UNKNOWN_BOOTH, message=text))
                elif _now() - connection.heard_at > self._timing.silence_s:
                    self._hang_up(identity, None)
                elif _now() - connection.said_at >= self._timing.heartbeat_s:
                    self._answer(identity, Heartbeat())


def _waiting(router: zmq.asyncio.Socket) -> Iterator[list[zmq.Frame]]:
    """Messages that have arrived, at most as many as one booth may have waiting."""
    direct: zmq.Socket[bytes] = zmq.Socket.shadow(router.underlying)
    with contextlib.suppress(zmq.Again):
        for _ in range(CREDIT):
            yield direct.recv_multipart(zmq.NOBLOCK, copy=False)


def _key(parts: Parts) -> bytes:
    """The key that the connection of a message was admitted with."""
    return str(parts[0].get(KEY_PROPERTY)).encode() if parts else b""


def _now() -> float:
    return asyncio.get_running_loop().time()
