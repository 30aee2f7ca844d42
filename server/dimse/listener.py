"""Where a PACS reports storage commitment on an association of its own (PS3.4 annex J): the one port that is open to it.

Written for hostile callers: strangers are dropped before a byte is read, everything has a size and a time, and who only
waits makes room for who talks.
"""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from pynetdicom.presentation import PresentationContext, build_context

from server.config.dicom import ListenerSection
from server.dimse import messages, negotiation
from server.dimse.commitment import CommitmentAnswer, read_report
from server.dimse.messages import Command, Message
from server.dimse.negotiation import Agreement, Context
from server.dimse.reasons import Garbage, WireError
from server.dimse.uids import COMMITMENT, COMMITMENT_INSTANCE, PLAIN, VERIFICATION
from server.dimse.wire import Bounds, Pdu, Wire
from server.errors import ConfigError, StorageFull

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 5.0
"""For the TLS handshake and the association request."""
NETWORK_TIMEOUT_S = 10.0
LONGEST_S = 60.0
"""For one association from its beginning to its end."""
_LARGEST_PDU = 65_536
_MOST_MESSAGE_BYTES = 1_000_000
_MOST_MESSAGES = 64
_LOOK_S = 0.5
_TELL_REFUSALS_S = 10.0
_SUCCESS, _INVALID_ARGUMENT, _NO_RESOURCES, _UNKNOWN_OPERATION = 0x0000, 0x0115, 0x0213, 0x0211

Tell = Callable[[CommitmentAnswer], bool]
"""Keeps an answer; whether anybody had asked. Raises `StorageFull`."""


@dataclass
class _Caller:
    connection: socket.socket
    since: float
    established: bool = False

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)


class Listener:
    """Takes C-ECHO and reports of storage commitment of allowed callers."""

    def __init__(self, section: ListenerSection, ae_title: str, tell: Tell) -> None:
        """Raises `ConfigError`."""
        self._section = section
        self._ae_title = ae_title
        self._tell = tell
        self._tls = None if section.tls is None else section.tls.server_context()
        self._lock = threading.Lock()
        self._callers: list[_Caller] = []
        self._room = threading.Semaphore(section.max_associations)
        self._refused = 0
        self._refusals_told_at = -_TELL_REFUSALS_S
        self._closing = False
        self._server: socket.socket | None = None
        self._thread = threading.Thread(target=self._take_callers, name="commitment-listener")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        assert self._server is not None
        host, port = self._server.getsockname()[:2]
        return str(host), int(port)

    @property
    def is_listening(self) -> bool:
        """Whether callers are taken."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Listen; raises `ConfigError`."""
        section = self._section
        family = socket.AF_INET6 if ":" in section.host else socket.AF_INET
        try:
            self._server = socket.create_server((section.host, section.port), family=family, backlog=16)
        except OSError as error:
            raise ConfigError(
                f"dicom.listener: {section.host}:{section.port} cannot be listened at: {error.strerror}"
            ) from error
        self._server.settimeout(_LOOK_S)
        self._thread.start()

    def close(self) -> None:
        """Cut all callers and end the threads; harmless to repeat."""
        self._closing = True
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            for caller in self._callers:
                caller.cut()
        for _ in range(self._section.max_associations):
            self._room.acquire(timeout=NETWORK_TIMEOUT_S)
        for _ in range(self._section.max_associations):
            self._room.release()

    def _take_callers(self) -> None:
        assert self._server is not None
        with self._server:
            while not self._closing:
                try:
                    self._cut_long_ones()
                    connection, address = self._server.accept()
                    if self._is_allowed(address[0]) and self._make_room():
                        self._begin(_Caller(connection, time.monotonic()))
                    else:
                        self._refuse(connection)
                except TimeoutError:
                    continue
                except (OSError, MemoryError):
                    time.sleep(_LOOK_S)  # no descriptors or memory left: those of others come back

    def _is_allowed(self, host: str) -> bool:
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._section.allowed_addresses)

    def _make_room(self) -> bool:
        """Take a place; of those who have not even asked for an association the oldest gives up its own."""
        if self._room.acquire(blocking=False):
            return True
        with self._lock:
            idle = [caller for caller in self._callers if not caller.established]
            if not idle:
                return False
            min(idle, key=lambda caller: caller.since).cut()
        return self._room.acquire(timeout=_LOOK_S)

    def _refuse(self, connection: socket.socket) -> None:
        connection.close()
        self._refused += 1
        if time.monotonic() - self._refusals_told_at >= _TELL_REFUSALS_S:
            log.warning("callers were refused", extra={"count": self._refused})
            self._refused, self._refusals_told_at = 0, time.monotonic()

    def _begin(self, caller: _Caller) -> None:
        with self._lock:
            self._callers.append(caller)
        thread = threading.Thread(target=self._serve, args=(caller,), name="commitment-caller", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):  # the process is at its limits
            self._end(caller)

    def _end(self, caller: _Caller) -> None:
        caller.connection.close()
        with self._lock:
            self._callers.remove(caller)
        self._room.release()

    def _cut_long_ones(self) -> None:
        with self._lock:
            for caller in self._callers:
                limit = LONGEST_S if caller.established else 2 * REQUEST_TIMEOUT_S
                if time.monotonic() - caller.since > limit:
                    caller.cut()

    def _serve(self, caller: _Caller) -> None:
        try:
            _Conversation(self._wire(caller), self._section, self._ae_title, self._tell).hold(caller)
        except (WireError, OSError, ssl.SSLError) as error:
            log.info("an association ended early", extra={"cause": type(error).__name__})
        except Exception as error:  # noqa: BLE001  the boundary to what others send; MemoryError among them
            log.error("an association failed", extra={"cause": type(error).__name__})
        finally:
            self._end(caller)

    def _wire(self, caller: _Caller) -> Wire:
        caller.connection.settimeout(REQUEST_TIMEOUT_S)
        if self._tls is not None:
            # The handshake comes after, so that it can be cut: wrapping takes the socket from its former object.
            secured = self._tls.wrap_socket(
                caller.connection, server_side=True, do_handshake_on_connect=False
            )
            caller.connection = secured
            secured.do_handshake()
        return Wire(caller.connection, Bounds(_LARGEST_PDU, NETWORK_TIMEOUT_S))


class _Conversation:
    """One association with a caller."""

    def __init__(self, wire: Wire, section: ListenerSection, ae_title: str, tell: Tell) -> None:
        self._wire = wire
        self._section = section
        self._ae_title = ae_title
        self._tell = tell
        self._agreement = Agreement((), 0)

    def hold(self, caller: _Caller) -> None:
        """From the association request to its end; raises `WireError`."""
        kind, content = self._wire.receive(REQUEST_TIMEOUT_S)
        if kind != Pdu.ASSOCIATE_RQ:
            raise Garbage("it did not ask for an association")
        if self._accept(content):
            caller.established = True
            self._answer_messages()

    def _accept(self, content: bytes) -> bool:
        call = negotiation.read_request(content)
        if call.called.strip() != self._ae_title:
            return self._reject(7)
        if call.calling.strip() not in self._section.allowed_ae_titles:
            return self._reject(3)
        answer, self._agreement = negotiation.accept(call, _supported(), _LARGEST_PDU)
        self._wire.send(Pdu.ASSOCIATE_AC, answer)
        return True

    def _reject(self, reason: int) -> bool:
        """As the service user, source 1 (PS3.8 table 9-21)."""
        log.warning("an association was rejected", extra={"source": 1, "reason": reason})
        self._wire.send(Pdu.ASSOCIATE_RJ, negotiation.reject(1, reason))
        return False

    def _answer_messages(self) -> None:
        assembler = messages.Assembler(_MOST_MESSAGE_BYTES)
        answered = 0
        while answered < _MOST_MESSAGES:
            kind, content = self._wire.receive()
            if kind == Pdu.RELEASE_RQ:
                self._wire.send(Pdu.RELEASE_RP, bytes(4))
                return
            if kind != Pdu.P_DATA:
                return
            for message in assembler.take(content):
                self._answer(message)
                answered += 1
        self._wire.send(Pdu.ABORT, bytes(4))

    def _answer(self, message: Message) -> None:
        context = next((one for one in self._agreement.contexts if one.number == message.context), None)
        if context is None:
            raise Garbage("it uses a presentation context that was not agreed")
        if message.field & Command.RESPONSE:
            raise Garbage("it answers what was not asked")
        told = {
            "CommandField": message.field | Command.RESPONSE,
            "MessageIDBeingRespondedTo": message.number("MessageID"),
            "AffectedSOPClassUID": context.sop_class,
            "Status": self._done(message, context),
        }
        if message.field == Command.N_EVENT_REPORT_RQ:
            told |= {
                "AffectedSOPInstanceUID": COMMITMENT_INSTANCE,
                "EventTypeID": message.number("EventTypeID"),
            }
        messages.send(self._wire, context, self._agreement.largest_pdu, told)

    def _done(self, message: Message, context: Context) -> int:
        """Do what is asked, and say how it went."""
        match message.field, context.sop_class:
            case Command.C_ECHO_RQ, _ if context.sop_class == VERIFICATION:
                return _SUCCESS
            case Command.N_EVENT_REPORT_RQ, _ if context.sop_class == COMMITMENT:
                return self._keep(message, context)
        return _UNKNOWN_OPERATION

    def _keep(self, message: Message, context: Context) -> int:
        try:
            dataset = messages.decoded(message.data, context.transfer_syntax)
            answer = read_report(dataset, message.number("EventTypeID"))
        except Garbage:
            return _INVALID_ARGUMENT
        try:
            known = self._tell(answer)
        except StorageFull:
            return _NO_RESOURCES
        counts = {"kept": len(answer.kept), "failed": len(answer.failed), "known": known}
        log.info("storage commitment was reported", extra=counts)
        return _SUCCESS if known else _INVALID_ARGUMENT


def _supported() -> list[PresentationContext]:
    commitment, verification = (build_context(one, list(PLAIN)) for one in (COMMITMENT, VERIFICATION))
    # The caller is the provider of the service: it takes the role that requestors usually do not.
    commitment.scu_role = commitment.scp_role = True
    return [commitment, verification]
