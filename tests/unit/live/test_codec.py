"""What RTP payloads say about frames, by codec."""

import pytest
from aiortc.codecs import depayload
from aiortc.codecs.h264 import H264Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from server.live.codec import VideoCodec
from server.live.reassembly import EncodedFrame, FrameAssembler, VideoPacket

pytestmark = pytest.mark.unit

START = b"\x00\x00\x00\x01"
SPS, PPS, DELIMITER = (START + bytes([kind]) + b"xyz" for kind in (0x67, 0x68, 0x09))
KEY, OTHER = START + b"\x65" + b"k" * 3000, START + b"\x41" + b"o" * 3000


def packets(first: int, timestamp: int, stream: bytes) -> list[VideoPacket]:
    """The frame in `stream` as packets, by aiortc's own packetiser."""
    codec = RTCRtpCodecParameters(mimeType="video/H264", clockRate=90_000)
    payloads = H264Encoder._packetize(H264Encoder._split_bitstream(stream))
    made = []
    for at, payload in enumerate(payloads):
        data = depayload(codec, payload)
        made.append(
            VideoPacket(
                sequence_number=first + at,
                timestamp=timestamp,
                marker=at == len(payloads) - 1,
                starts_frame=VideoCodec.H264.begins(payload, data),
                key=VideoCodec.H264.begins_key_frame(payload, data),
                data=data,
            )
        )
    return made


def assembled(given: list[VideoPacket]) -> list[EncodedFrame]:
    assembler = FrameAssembler()
    for packet in given:
        assembler.add(packet, 0.0)
    return list(assembler.frames(0.0))


@pytest.mark.parametrize("head", [SPS + PPS, DELIMITER + SPS + PPS])
def test_h264_begins_at_its_parameters(head: bytes) -> None:
    key, other = packets(10, 0, head + KEY), packets(20, 3000, OTHER)
    other = [replaced(packet, 10 + len(key) + at) for at, packet in enumerate(other)]
    frames = assembled(key + other)
    assert [(frame.timestamp, frame.key) for frame in frames] == [(0, True), (3000, False)]
    assert frames[0].data == head + KEY
    assert frames[1].data == OTHER


def test_h264_without_parameters_is_not_begun() -> None:
    assert assembled(packets(1, 0, KEY)) == []


def replaced(packet: VideoPacket, number: int) -> VideoPacket:
    return VideoPacket(number, packet.timestamp, packet.marker, packet.starts_frame, packet.key, packet.data)


def test_vp8_begins_at_its_first_partition() -> None:
    assert VideoCodec.VP8.begins_key_frame(b"\x10\x00", b"\x00")
    assert not VideoCodec.VP8.begins_key_frame(b"\x10\x01", b"\x01")
    assert VideoCodec.VP8.begins(b"\x10\x01", b"\x01")
    assert not VideoCodec.VP8.begins(b"\x00\x01", b"\x01")
    assert not VideoCodec.VP8.begins(b"", b"")
    assert not VideoCodec.H264.begins_key_frame(b"", b"")
