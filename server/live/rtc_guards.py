"""Bounds on what one peer may send, laid where aiortc and aioice have none. The rest of their private attributes that
the server touches is in `rtc_internals`.

They queue every datagram that comes to a peer's port, whoever sent it; keep state for every RTP stream (SSRC) and
every address that a peer shows; repeat every packet that a NACK names; and end a peer's transport for one datagram
that is empty or too large. `guard` bounds all of that. What the peer itself does beyond any use ends its session.
"""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pylibsrtp
from aiortc import RTCPeerConnection, RTCRtpSender

from server.live.allowance import Allowance
from station.rtc import dtls_transports, known

MAX_DATAGRAM_BYTES = 1600
"""More than any packet of WebRTC, and less than aiortc's buffers."""
INBOX = 1024
"""Datagrams of one peer that may wait."""
MAX_ADDRESSES = 128
"""Addresses that a peer may show, those of its candidates included."""
MAX_STREAMS = 8
"""RTP streams of one peer: one video, its repeats, and what a sender may try first."""
MAX_DATA_STREAMS = 16
"""Streams of one peer's data association; one channel is of use."""
_PARTS = 256  # parts of messages that are not whole
_logger = logging.getLogger(__name__)

OnAbuse = Callable[[str], None]


def guard(connection: RTCPeerConnection, on_abuse: OnAbuse) -> None:
    """Bound what comes in; call it once, when the answer is made. `on_abuse` hears why the peer has to go."""
    for dtls in dtls_transports(connection):
        _bound_addresses(_bound_inbox(known(known(dtls, "transport"), "_connection")))
        _bound_media(dtls)
    if connection.sctp is not None:
        _bound_data(connection.sctp, on_abuse)


def bound_repeats(sender: RTCRtpSender) -> None:
    """Repeat no more packets than a link that can carry video at all makes necessary."""
    repeat, allowance = known(sender, "_retransmit"), Allowance(256, 500)

    async def repeat_some(sequence_number: int) -> None:
        if allowance.take():
            await repeat(sequence_number)

    vars(sender)["_retransmit"] = repeat_some


def _bound_inbox(ice: Any) -> Any:
    take, queue = known(ice, "data_received"), known(ice, "_queue")

    def take_some(data: bytes, component: int) -> None:
        if 0 < len(data) <= MAX_DATAGRAM_BYTES and queue.qsize() < INBOX:
            take(data, component)

    vars(ice)["data_received"] = take_some
    return ice


def _bound_addresses(ice: Any) -> None:
    answer, seen = known(ice, "request_received"), known(ice, "_remote_candidates")

    def answer_some(message: Any, address: tuple[str, int], protocol: Any) -> None:
        if len(seen) < MAX_ADDRESSES or address in ((one.host, one.port) for one in seen):
            answer(message, address, protocol)

    vars(ice)["request_received"] = answer_some


def _bound_media(dtls: Any) -> None:
    set_up, read_rtcp = known(dtls, "_setup_srtp"), known(dtls, "_handle_rtcp_data")
    known(dtls, "_rx_srtp")

    def set_up_bounded() -> None:
        set_up()
        if dtls._rx_srtp is not None:
            dtls._rx_srtp = _BoundedSrtp(dtls._rx_srtp)

    async def read_what_can_be_read(data: bytes) -> None:
        try:
            await read_rtcp(data)
        except Exception:  # an exception here would silently end the peer's transport
            _logger.debug("an RTCP packet could not be read", exc_info=True)

    vars(dtls).update(_setup_srtp=set_up_bounded, _handle_rtcp_data=read_what_can_be_read)


class _BoundedSrtp:
    """In the place of `pylibsrtp.Session`: packets of too many streams, or too many at all, are not opened."""

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session
        self._streams: set[bytes] = set()
        self._media, self._control = Allowance(8000, 4000), Allowance(200, 100)

    def unprotect(self, data: bytes) -> bytes:
        """The RTP packet; raises `pylibsrtp.Error`."""
        return self._opened(self._session.unprotect, data, data[8:12], self._media)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """The RTCP packet; raises `pylibsrtp.Error`."""
        return self._opened(self._session.unprotect_rtcp, data, data[4:8], self._control)

    def _opened(
        self, unprotect: Callable[[bytes], bytes], data: bytes, ssrc: bytes, allowance: Allowance
    ) -> bytes:
        if ssrc not in self._streams and len(self._streams) >= MAX_STREAMS:
            raise pylibsrtp.Error("too many streams")
        if not allowance.take():
            raise pylibsrtp.Error("too many packets")
        opened = unprotect(data)
        self._streams.add(ssrc)
        return opened


def _bound_data(sctp: Any, on_abuse: OnAbuse) -> None:
    """A client opens one channel and says nothing on it: it acknowledges overlays, each of up to ten packets."""
    packets, messages = Allowance(1000, 500), Allowance(64, 8)
    vars(sctp).update(
        _handle_data=partial(_checked, known(sctp, "_handle_data"), packets, on_abuse),
        _receive_data_chunk=partial(
            _checked, known(sctp, "_receive_data_chunk"), messages, on_abuse, sctp=sctp
        ),
    )
    for name in ("_inbound_streams", "_sack_duplicates"):
        known(sctp, name)


async def _checked(
    handle: Any, allowance: Allowance, on_abuse: OnAbuse, received: Any, sctp: Any = None
) -> None:
    if not allowance.take():
        on_abuse("it floods its data channel")
        return
    try:
        await handle(received)
    except Exception:  # an exception here would silently end the peer's transport
        _logger.debug("a packet of a data channel could not be handled", exc_info=True)
        on_abuse("its data channel cannot be read")
    if sctp is not None and _too_much_kept(sctp._inbound_streams.values()):
        on_abuse("it opens too many data channels, or begins too many messages")


def _too_much_kept(streams: Iterable[Any]) -> bool:
    lengths = [len(known(stream, "reassembly")) for stream in streams]
    return len(lengths) > MAX_DATA_STREAMS or sum(lengths) > _PARTS
