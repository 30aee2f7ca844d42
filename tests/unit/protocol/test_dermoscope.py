"""A dermoscope on the wire: peers of before and of now understand each other."""

import msgspec
import pytest

from station.protocol import Dermoscope, FrameHeader

pytestmark = pytest.mark.unit

SCOPE = Dermoscope(contact=True, immersion="WATER", polarised=False, magnification=20.0)


class Before(msgspec.Struct, kw_only=True):
    """What a program of before reads of a header."""

    frame_id: int
    width: int
    height: int


def test_it_arrives_as_it_was_sent() -> None:
    header = FrameHeader(frame_id=1, width=8, height=8, dermoscope=SCOPE)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(header), type=FrameHeader) == header


def test_a_header_without_it_is_read_and_one_with_it_by_a_program_of_before() -> None:
    bare = msgspec.msgpack.encode({"frame_id": 1, "width": 8, "height": 8})
    assert msgspec.msgpack.decode(bare, type=FrameHeader).dermoscope is None
    told = msgspec.msgpack.encode(FrameHeader(frame_id=1, width=8, height=8, dermoscope=SCOPE))
    assert msgspec.msgpack.decode(told, type=Before) == Before(frame_id=1, width=8, height=8)


@pytest.mark.parametrize(
    "wrong",
    [{"immersion": "WATER"}, {"contact": False, "immersion": "WATER"}, {"magnification": 0}, {"contact": 1}],
)
def test_what_no_dermoscope_is_is_no_header(wrong: dict[str, object]) -> None:
    told = msgspec.msgpack.encode({"frame_id": 1, "width": 8, "height": 8, "dermoscope": wrong})
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(told, type=FrameHeader)
