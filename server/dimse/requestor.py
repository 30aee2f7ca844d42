"""The requesting side of an association (PS3.8): blocking calls for one thread, without threads of its own.

Whatever the other side does, a call ends in bounded time and memory with an answer or with `PeerUnavailable`.
"""

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from server.dimse import messages, negotiation
from server.dimse.messages import Command, FileData, Message
from server.dimse.negotiation import Agreement, Context, Offer
from server.dimse.peer import Peer
from server.dimse.reasons import Aborted, Closed, Garbage, TooSlow, WireError, of_association
from server.dimse.uids import COMMITMENT, VERIFICATION
from server.dimse.wire import Bounds, Pdu, Wire
from server.errors import PeerUnavailable

_MOST_ANSWER_BYTES = 1_048_576


class Requestor:
    """An association with a peer, from `open` to `release`; what is asked on it is its subclass's."""

    def __init__(self, peer: Peer, offers: Sequence[Offer]) -> None:
        self.peer = peer
        self._offers = tuple(offers)
        self._wire: Wire | None = None
        self._socket: socket.socket | None = None
        self._cut = False
        self._agreement = Agreement((), 0)
        self._assembler = messages.Assembler(_MOST_ANSWER_BYTES)
        self._waiting: list[Message] = []
        self._number = 0

    def open(self) -> Self:
        """Connect and negotiate; raises `PeerUnavailable`."""
        wire = Wire.connect(
            (self.peer.host, self.peer.port),
            Bounds(self.peer.max_pdu + 1024, self.peer.network_timeout_s),
            timeout_s=self.peer.connect_timeout_s,
            tls=self.peer.tls,
            opened=self._opened,
        )
        self._wire = wire
        asked = negotiation.request(self.peer.calling, self.peer.ae_title, self._offers, self.peer.max_pdu)
        with self._told(established=False):
            wire.send(Pdu.ASSOCIATE_RQ, asked)
            kind, content = wire.receive(self.peer.association_timeout_s)
            if kind == Pdu.ASSOCIATE_RJ:
                raise negotiation.read_rejection(content)
            if kind != Pdu.ASSOCIATE_AC:
                raise _unexpected(kind, content)
            self._agreement = negotiation.read_acceptance(content, self._offers)
        return self

    def __enter__(self) -> Self:
        return self if self._wire is not None else self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.release()
        else:
            self.abort()

    def accepted(self, sop_class: str) -> tuple[str, ...]:
        """Transfer syntaxes in which objects of this class are taken."""
        return tuple(one.transfer_syntax for one in self._agreement.contexts if one.sop_class == sop_class)

    def release(self) -> None:
        """End the association in good order; one that is gone already is no error."""
        if self._wire is None:
            return
        with contextlib.suppress(WireError):
            self._wire.send(Pdu.RELEASE_RQ, bytes(4))
            for _ in range(64):  # what is still on its way may come first
                kind, _content = self._wire.receive(self.peer.association_timeout_s)
                if kind != Pdu.P_DATA:
                    break
        self._close()

    def abort(self) -> None:
        """End the association at once; harmless to repeat."""
        if self._wire is not None:
            with contextlib.suppress(WireError):
                self._wire.bounds = Bounds(self._wire.bounds.pdu_bytes, 1.0)
                self._wire.send(Pdu.ABORT, bytes(4))
        self._close()

    def cut(self) -> None:
        """From any thread: free whoever waits in a call, which then raises `PeerUnavailable`."""
        self._cut = True
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._wire is not None:
            self._wire.cut()

    def _unasked(self, message: Message) -> None:
        """Take a message that is no answer; raises `Garbage` for one that has no place."""
        raise Garbage("it sent a message that was not asked for")

    def _ask(self, context: Context, asked: dict[str, Any], data: bytes | FileData | None = None) -> Message:
        number = self._request(context, asked, data)
        return self._answer(number, asked["CommandField"], time.monotonic() + self.peer.answer_timeout_s)

    def _request(self, context: Context, asked: dict[str, Any], data: bytes | FileData | None) -> int:
        self._number = self._number % 65_535 + 1
        try:
            command = {**asked, "MessageID": self._number}
            messages.send(self._connection(), context, self._agreement.largest_pdu, command, data)
        except Closed as error:
            raise self._last_words(error) from error
        return self._number

    def _answer(self, number: int, field: int, deadline: float) -> Message:
        while True:
            message = self._receive(deadline)
            if message.field == field | Command.RESPONSE:
                if message.number("MessageIDBeingRespondedTo") != number:
                    raise Garbage("it answered another request")
                return message
            self._unasked(message)

    def _receive(self, deadline: float) -> Message:
        while not self._waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TooSlow("it did not answer in time")
            kind, content = self._connection().receive(left)
            if kind != Pdu.P_DATA:
                raise _unexpected(kind, content)
            self._waiting.extend(self._assembler.take(content))
        return self._waiting.pop(0)

    def _context(self, sop_class: str, transfer_syntax: str | None = None) -> Context:
        for one in self._agreement.contexts:
            if one.sop_class == sop_class and transfer_syntax in (None, one.transfer_syntax):
                return one
        raise PeerUnavailable(
            f"{self.peer} does not accept {_service(sop_class)}", "have it allowed there for our AE title"
        )

    def _connection(self) -> Wire:
        if self._wire is None:
            raise Closed("the association has ended")
        return self._wire

    def _opened(self, connection: socket.socket) -> None:
        self._socket = connection
        if self._cut:
            raise ConnectionAbortedError("cut while it was opened")

    def _close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = self._socket = None

    def _last_words(self, error: Closed) -> WireError:
        """Why the other side closed: what it may have sent before."""
        try:
            kind, content = self._connection().receive(1.0)
            return error if kind == Pdu.P_DATA else _unexpected(kind, content)
        except WireError:
            return error

    @contextlib.contextmanager
    def _told(self, *, established: bool = True) -> Iterator[None]:
        try:
            yield
        except WireError as error:
            self.abort()
            tls = self.peer.tls is not None
            raise of_association(error, str(self.peer), tls=tls, established=established) from error

    @contextlib.contextmanager
    def _deadline(self, allowed_s: float) -> Iterator[None]:
        """Give up what takes longer, although something still moves."""
        until = time.monotonic() + allowed_s
        self._connection().until = until
        try:
            yield
        finally:
            if self._wire is not None:
                self._wire.until = None


def _unexpected(kind: int, content: bytes) -> WireError:
    match kind:
        case Pdu.ABORT:
            by = "its service" if content[2:3] == b"\x02" else "its application"
            return Aborted(
                f"it aborted the association ({by}, reason {content[3] if len(content) > 3 else 0})"
            )
        case Pdu.RELEASE_RQ:
            return Closed("it released the association")
    return Garbage("it sent a PDU that has no place here", kind)


def _service(sop_class: str) -> str:
    names = {VERIFICATION: "C-ECHO", COMMITMENT: "storage commitment"}
    return names.get(sop_class, f"the SOP class {sop_class}")
