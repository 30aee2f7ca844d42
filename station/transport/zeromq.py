"""The uplink over ZeroMQ: one CURVE connection at a time, a new one whenever it is lost."""

import asyncio
import logging
from collections.abc import Callable
from typing import Self

import zmq.asyncio

from station.protocol import (
    Credit,
    ErrorCode,
    Heartbeat,
    Hello,
    OrdersWanted,
    PreviewVerdict,
    Refused,
    ServerMessage,
    StillWanted,
    VersionMismatch,
    Welcome,
    check_peer_version,
)
from station.transport.base import UplinkState
from station.transport.connection import Connection, ConnectionLost, open_connection
from station.transport.delivery import Delivery
from station.transport.keys import KeyPair
from station.transport.ledger import Ledger
from station.transport.spool import Spool
from station.transport.timing import Timing

_HANG_UP = {ErrorCode.VERSION, ErrorCode.UNKNOWN_BOOTH, ErrorCode.MALFORMED, ErrorCode.OVERSIZED}
_ACT = {ErrorCode.VERSION, ErrorCode.UNKNOWN_BOOTH}
_QUESTIONS = 4
_log = logging.getLogger(__name__)


class ZeroMqUplink:
    """Empties a spool into the server at `endpoint` (`tcp://host:port`); satisfies `Uplink`.

    `server_key` is the server's public key (Z85). `on_message` hears what the server says about visits and stills,
    on the event loop, and must not block. Keys are proved at both ends before anything is said.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        booth_id: str,
        software: str,
        keys: KeyPair,
        server_key: bytes,
        spool: Spool,
        on_message: Callable[[ServerMessage], None] = lambda _message: None,
        timing: Timing | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._hello = Hello(booth_id=booth_id, software=software)
        self._keys = keys
        self._server_key = server_key
        self._spool = spool
        self._on_message = on_message
        self._timing = timing or Timing()
        self._ledger = Ledger(self._timing)
        self._wake = asyncio.Event()
        self._welcome: Welcome | None = None
        self._refused: Refused | None = None
        self._problem = ""
        self._preview: PreviewVerdict | None = None
        self._questions: asyncio.Queue[OrdersWanted] = asyncio.Queue(_QUESTIONS)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="uplink")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the server; what it did not acknowledge stays in the spool."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    @property
    def welcome(self) -> Welcome | None:
        """The server's greeting while connected."""
        return self._welcome

    @property
    def state(self) -> UplinkState:
        """How the way to the server stands now."""
        return UplinkState(
            connected=self._welcome is not None,
            server="" if self._welcome is None else self._welcome.server,
            refused=self._refused,
            problem=self._problem,
            pending=len(self._spool.pending()),
            sent_bytes=self._ledger.sent_bytes,
            stored=self._ledger.stored,
            parked=dict(self._ledger.parked),
        )

    def notify(self) -> None:
        """Say that the spool has something new."""
        self._wake.set()

    def ask(self, wanted: OrdersWanted) -> bool:
        """Ask about the worklist; the answer is a message. False: not connected, or the server keeps none."""
        if self._welcome is None or not self._welcome.orders or self._questions.full():
            return False
        self._questions.put_nowait(wanted)
        return True

    def tell(self, preview: PreviewVerdict | None) -> None:
        """Say how the preview is judged now; only the newest is sent, soon."""
        self._preview = preview

    async def _run(self) -> None:
        context = zmq.asyncio.Context()
        failures = 0
        try:
            while True:
                started = _now()
                try:
                    await self._converse(context)
                except ConnectionLost as lost:
                    self._note_lost(str(lost), lost.refused)
                except Exception:  # noqa: BLE001  boundary: the booth goes on, and tries again
                    _log.exception("uplink failed")
                    self._note_lost("the uplink failed; the log says why", None)
                failures = 0 if _now() - started > self._timing.silence_s else failures + 1
                await asyncio.sleep(self._timing.retry_after(failures))
        finally:
            self._welcome = None
            context.destroy(linger=0)

    async def _converse(self, context: zmq.asyncio.Context) -> None:
        """One connection from beginning to end; always raises."""
        async with open_connection(
            context, self._endpoint, self._keys, self._server_key, self._timing
        ) as connection:
            welcome = await self._greet(connection)
            delivery = Delivery(connection, self._spool, self._ledger, self._wake)
            self._note_connected(welcome)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(connection.wait_lost())
                    tasks.create_task(self._listen(connection, delivery))
                    tasks.create_task(self._keep_alive(connection))
                    tasks.create_task(self._ask(connection))
                    tasks.create_task(delivery.run())
                    tasks.create_task(delivery.settle())
            except ExceptionGroup as group:
                # Before Python 3.13 a group that fails while it is cancelled forgets that it was.
                if self._task is None:
                    raise asyncio.CancelledError from group
                raise _foremost(group) from group

    async def _greet(self, connection: Connection) -> Welcome:
        await connection.send(self._hello)
        while True:
            answer = await connection.receive()
            if isinstance(answer, Refused):
                raise _lost(answer)
            if isinstance(answer, Welcome):
                break
        try:
            check_peer_version(answer.version, answer.minimum, peer="the server")
        except VersionMismatch as error:
            refused = Refused(code=ErrorCode.VERSION, message=str(error))
            raise ConnectionLost(str(error), refused) from error
        return answer

    async def _listen(self, connection: Connection, delivery: Delivery) -> None:
        while True:
            message = await connection.receive()
            if isinstance(message, Welcome):
                # Said again with a new token, or once the preview's place is known.
                self._welcome = message
                continue
            delivery.take(message)
            if not isinstance(message, Heartbeat | Credit | StillWanted):
                self._pass_on(message)
            if isinstance(message, Refused) and (message.about is None or message.code in _HANG_UP):
                raise _lost(message)

    async def _ask(self, connection: Connection) -> None:
        while (
            not self._questions.empty()
        ):  # nobody waits any more for the answers to those of an earlier connection
            self._questions.get_nowait()
        while True:
            await connection.send(await self._questions.get())

    async def _keep_alive(self, connection: Connection) -> None:
        told: PreviewVerdict | None = None
        while True:
            silent = _now() - connection.said_at
            if silent >= self._timing.heartbeat_s or self._preview != told:
                told, silent = self._preview, 0.0
                await connection.send(Heartbeat(preview=told))
            await asyncio.sleep(min(self._timing.judged_s, self._timing.heartbeat_s - silent))

    def _pass_on(self, message: ServerMessage) -> None:
        try:
            self._on_message(message)
        except Exception:  # noqa: BLE001  boundary: a listener's error is not the uplink's
            _log.exception("listener of the uplink failed")

    def _note_connected(self, welcome: Welcome) -> None:
        self._welcome, self._refused, self._problem = welcome, None, ""
        _log.info("uplink connected", extra={"server": welcome.server})

    def _note_lost(self, problem: str, refused: Refused | None) -> None:
        if (problem, refused) != (self._problem, self._refused):
            _log.warning("uplink lost", extra={"problem": problem})
        self._welcome, self._problem = None, problem
        self._refused = refused or self._refused


def _lost(refused: Refused) -> ConnectionLost:
    return ConnectionLost(
        refused.message, refused if refused.code in _ACT and refused.about is None else None
    )


def _foremost(group: ExceptionGroup[Exception]) -> Exception:
    """The error that tells most of those that ended a connection."""
    lost, others = group.split(ConnectionLost)
    if others is not None or lost is None:
        return group
    errors = [error for error in lost.exceptions if isinstance(error, ConnectionLost)]
    return next((error for error in errors if error.refused is not None), errors[0])


def _now() -> float:
    return asyncio.get_running_loop().time()
