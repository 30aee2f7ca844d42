"""The server's end of the capture plane: one socket, one conversation per booth."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Self

from server.events import BoothSeen
from server.ingest.admission import DEFAULT_RESERVE_BYTES, Admission
from server.ingest.allow_list import AllowList
from server.ingest.connections import Connection, Muted
from server.ingest.contract import StillArchive, StillStore
from server.ingest.conversation import Conversation, IngestEvent, Orders, Services
from server.ingest.disk import DiskThreads
from server.ingest.keys import open_server_keys
from server.ingest.parts import Parts, booth_of, decode, key_of
from server.ingest.refusal import HangUp, refusal
from server.ingest.router import Router
from server.ingest.timing import Timing
from station.protocol import (
    ErrorCode,
    Heartbeat,
    Hello,
    PreviewVerdict,
    ProtocolError,
    Refused,
    ServerMessage,
    Welcome,
    check_peer_version,
)

_BREACHES = frozenset({ErrorCode.UNKNOWN_BOOTH, ErrorCode.MALFORMED, ErrorCode.OVERSIZED})
_log = logging.getLogger(__name__)


class Ingest:
    """Receives stills over CURVE from the booths in a key folder, as an async context manager.

    `welcome` makes the greeting of a booth; `on_event` hears of booths, visits and stills, on the event loop; `orders` answers
    what a booth asks of the worklist; `on_refused` hears which booth (or address, of an unknown key) was shut out, and why.
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
        self._connections: dict[bytes, Connection] = {}
        self._muted = Muted()
        self._router: Router | None = None
        self._main: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._router = self._bind()
        await self._admission.clean()
        started = asyncio.get_running_loop().create_future()
        self._main = asyncio.create_task(self._run(self._router, started), name="ingest")
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
        router, self._router = self._router, None
        if router is not None:
            router.close()
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
        return {each.conversation.booth_id: each.conversation.preview for each in self._connections.values()}

    def send(self, booth_id: str, message: ServerMessage) -> bool:
        """Tell a booth something; False if it is not connected."""
        for identity, connection in list(self._connections.items()):
            if connection.conversation.booth_id == booth_id:
                return self._send(identity, message)
        return False

    def _bind(self) -> Router:
        router = Router(
            self.endpoint,
            open_server_keys(self._keys),
            lambda key: self._disk.run(self._allow_list.booth_of, key),
            self._on_refused,
            handshake_s=self._timing.handshake_s,
        )
        self.endpoint = router.endpoint
        return router

    async def _run(self, router: Router, started: "asyncio.Future[None]") -> None:
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
            tasks.create_task(router.run(), name="ingest-gatekeeper")
            tasks.create_task(self._watch(), name="ingest-watch")
            started.set_result(None)
            while True:
                for identity, parts in await router.receive():
                    self._receive(identity, parts, tasks, services)
                # A booth that never stops sending must not keep the others' turns from coming.
                await asyncio.sleep(0)

    def _receive(self, identity: bytes, parts: Parts, tasks: asyncio.TaskGroup, services: Services) -> None:
        connection = self._connections.get(identity)
        if connection is not None and key_of(parts) != connection.key:
            # Whoever comes under the routing id of a booth that has just gone is not that booth.
            self._hang_up(identity, None)
            connection = None
        try:
            if connection is not None:
                connection.heard_at = _now()
                connection.conversation.deliver(parts)
            else:
                hello = self._checked_hello(identity, parts)
                if hello is not None:
                    self._connect(identity, hello, key_of(parts), tasks, services)
        except (HangUp, ProtocolError) as error:
            self._note_breach(booth_of(parts), error, connection is not None)
            self._hang_up(identity, refusal(error))

    def _checked_hello(self, identity: bytes, parts: Parts) -> Hello | None:
        """The greeting of a connection that may speak; None for a muted one."""
        muted = identity in self._muted
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
        if message.booth_id != booth_of(parts) or not self._is_enrolled(message.booth_id, key_of(parts)):
            raise HangUp(ErrorCode.UNKNOWN_BOOTH, f"this connection's key is not that of {message.booth_id}")
        return message

    def _connect(
        self, identity: bytes, hello: Hello, key: bytes, tasks: asyncio.TaskGroup, services: Services
    ) -> None:
        for other, connection in list(self._connections.items()):
            if connection.conversation.booth_id == hello.booth_id:
                text = "another connection of this booth has taken over"
                self._hang_up(other, Refused(code=ErrorCode.BUSY, message=text))
        self._muted.discard(identity)
        conversation = Conversation(hello, services, lambda message: self._answer(identity, message))
        connection = Connection(conversation, key, _now(), _now())
        self._connections[identity] = connection
        connection.task = tasks.create_task(
            self._converse(identity, conversation), name=f"ingest-{hello.booth_id}"
        )
        _log.info("booth connected", extra={"booth_id": hello.booth_id, "software": hello.software})
        self._on_event(BoothSeen(booth_id=hello.booth_id, connected=True))

    async def _converse(self, identity: bytes, conversation: Conversation) -> None:
        try:
            await conversation.run()
        except (HangUp, ProtocolError) as error:
            self._note_breach(conversation.booth_id, error, True)
            self._hang_up(identity, refusal(error))
        except Exception as error:  # noqa: BLE001  boundary: whatever one booth does, the others go on
            _log.exception("conversation failed", extra={"booth_id": conversation.booth_id})
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
        self._muted.add(identity)
        if connection is None:
            return
        if connection.task is not None and connection.task is not asyncio.current_task():
            connection.task.cancel()
        code = "" if refused is None else refused.code.value
        _log.info("booth disconnected", extra={"booth_id": connection.conversation.booth_id, "code": code})
        self._on_event(BoothSeen(booth_id=connection.conversation.booth_id, connected=False))

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
        if self._router is None or not self._router.send(identity, message):
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
                if not self._is_enrolled(connection.conversation.booth_id, connection.key):
                    text = "the key of this booth was withdrawn"
                    self._on_refused(connection.conversation.booth_id, text)
                    self._hang_up(identity, Refused(code=ErrorCode.UNKNOWN_BOOTH, message=text))
                elif _now() - connection.heard_at > self._timing.silence_s:
                    self._hang_up(identity, None)
                elif _now() - connection.said_at >= self._timing.heartbeat_s:
                    self._answer(identity, Heartbeat())


def _now() -> float:
    return asyncio.get_running_loop().time()
