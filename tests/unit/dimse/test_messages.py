"""Messages are put together from any fragmentation, and never beyond their bounds."""

import contextlib
import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.dimse.messages import MOST_COMMAND_BYTES, Assembler, Message
from server.dimse.reasons import Garbage

pytestmark = pytest.mark.unit

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MOST = 10_000


def command(data: bool) -> bytes:
    """C-FIND-RSP, pending."""
    elements = ((0x0100, 0x8020), (0x0120, 7), (0x0800, 1 if data else 0x0101), (0x0900, 0xFF00))
    return b"".join(struct.pack("<HHLH", 0, element, 2, value) for element, value in elements)


def fragment(control: int, piece: bytes) -> bytes:
    return struct.pack(">LBB", len(piece) + 2, 1, control) + piece


def pieces(data: bytes, sizes: list[int]) -> Iterator[tuple[bytes, bool]]:
    for size in sizes:
        if len(data) > size:
            yield data[:size], False
            data = data[size:]
    yield data, True


@UNHURRIED
@given(data=st.binary(min_size=1, max_size=500), sizes=st.lists(st.integers(1, 60)), together=st.booleans())
def test_any_fragmentation_gives_the_message(data: bytes, sizes: list[int], together: bool) -> None:
    fragments = [fragment(1 | 2 * last, piece) for piece, last in pieces(command(data=True), sizes)]
    fragments += [fragment(2 * last, piece) for piece, last in pieces(data, sizes)]
    assembler = Assembler(MOST)
    contents = [b"".join(fragments)] if together else fragments
    (message,) = [message for content in contents for message in assembler.take(content)]
    assert (message.field, message.status, message.data) == (0x8020, 0xFF00, data)


@UNHURRIED
@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_garbage(content: bytes) -> None:
    with contextlib.suppress(Garbage):
        for message in Assembler(MOST).take(content):
            assert isinstance(message, Message)


@UNHURRIED
@given(st.binary(max_size=200))
def test_any_command_is_read_or_garbage(content: bytes) -> None:
    with contextlib.suppress(Garbage):
        for message in Assembler(MOST).take(fragment(3, content)):
            _ = message.field


@pytest.mark.parametrize("damaged", [command(data=False)[:-1], command(data=False) + b"\0\0\0"])
def test_a_command_that_ends_within_an_element(damaged: bytes) -> None:
    with pytest.raises(Garbage, match="damaged"):
        list(Assembler(MOST).take(fragment(3, damaged)))


@pytest.mark.parametrize("value", [b"", b"\1", b"\1\1\0\0"])
def test_a_number_that_is_none(value: bytes) -> None:
    odd = struct.pack("<HHL", 0, 0x0900, len(value)) + value
    without_data = struct.pack("<HHLH", 0, 0x0800, 2, 0x0101)
    (message,) = Assembler(MOST).take(fragment(3, without_data + odd))
    with pytest.raises(Garbage, match="no Status"):
        _ = message.status
    with pytest.raises(Garbage, match="no CommandField"):
        _ = message.field


def test_bounds() -> None:
    assembler = Assembler(MOST)
    assert not list(assembler.take(fragment(3, command(data=True))))
    assert not list(assembler.take(fragment(0, bytes(MOST))))
    with pytest.raises(Garbage, match="more than 10000 bytes"):
        list(assembler.take(fragment(0, b"a")))
    with pytest.raises(Garbage, match="too long"):
        list(Assembler(MOST).take(fragment(1, bytes(MOST_COMMAND_BYTES + 1))))
    with pytest.raises(Garbage, match="without a command"):
        list(Assembler(MOST).take(fragment(2, b"ab")))
