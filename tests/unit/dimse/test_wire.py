"""PDUs are told apart however they arrive, and no more is held of them than their bound."""

import contextlib
import itertools
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.dimse.reasons import Closed, Garbage, TooSlow
from server.dimse.wire import Bounds, Pdu, Wire

pytestmark = pytest.mark.unit

PDUS = st.lists(st.tuples(st.sampled_from(list(Pdu)), st.binary(max_size=300)), min_size=1, max_size=8)


@contextlib.contextmanager
def connected(pdu_bytes: int = 1000) -> Iterator[tuple[Wire, socket.socket]]:
    """A wire and the other end of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire.connect(server.getsockname(), Bounds(pdu_bytes, 5.0), timeout_s=5.0)
        other, _ = server.accept()
    with other, contextlib.closing(wire):
        other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield wire, other


def pdu(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(content)) + content


@settings(deadline=None)
@given(pdus=PDUS, cuts=st.lists(st.integers(0, 2500), max_size=6))
def test_any_segmentation_gives_the_pdus(pdus: list[tuple[Pdu, bytes]], cuts: list[int]) -> None:
    sent = b"".join(pdu(*one) for one in pdus)
    places = sorted({0, *(cut for cut in cuts if cut < len(sent)), len(sent)})
    with connected() as (wire, other):
        for begin, end in itertools.pairwise(places):
            other.sendall(sent[begin:end])
        assert [wire.receive() for _ in pdus] == pdus
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(Closed):
            wire.receive()


def test_a_pdu_too_long_is_refused_after_those_before_it() -> None:
    with connected(pdu_bytes=8) as (wire, other):
        other.sendall(pdu(Pdu.P_DATA, bytes(8)) + pdu(Pdu.P_DATA, bytes(9)))
        assert wire.receive() == (Pdu.P_DATA, bytes(8))
        with pytest.raises(Garbage, match="9 bytes; 8 are taken"):
            wire.receive()


def test_half_a_pdu_is_not_waited_for_longer_than_its_time() -> None:
    with connected() as (wire, other):
        other.sendall(pdu(Pdu.P_DATA, b"whole") + pdu(Pdu.P_DATA, b"half")[:8])
        wire.bounds = Bounds(1000, 0.2)
        assert wire.receive() == (Pdu.P_DATA, b"whole")
        with pytest.raises(TooSlow):
            wire.receive()
