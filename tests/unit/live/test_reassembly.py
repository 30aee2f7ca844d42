"""The receive policy under loss, reordering and outages."""

import random
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.live.reassembly import (
    CAPACITY,
    HOLD_S,
    NACK_S,
    PLI_S,
    EncodedFrame,
    FrameAssembler,
    VideoPacket,
)

pytestmark = pytest.mark.unit

STEP = 6000  # 90 kHz ticks of 15 frames per second


def frame_packets(number: int, first: int, size: int = 3, key: bool = False) -> list[VideoPacket]:
    return [
        VideoPacket(
            sequence_number=(first + part) & 0xFFFF,
            timestamp=number * STEP & 0xFFFFFFFF,
            marker=part == size - 1,
            starts_frame=part == 0,
            key=key and part == 0,
            data=bytes([number & 0xFF, part]),
        )
        for part in range(size)
    ]


def stream(
    frames: int, *, first: int = 0, start: int = 0, keys: Iterable[int] = (0,)
) -> list[list[VideoPacket]]:
    wanted = set(keys)
    return [frame_packets(start + n, first + 3 * n, key=n in wanted) for n in range(frames)]


def fed(assembler: FrameAssembler, packets: Iterable[VideoPacket], now: float) -> list[EncodedFrame]:
    released: list[EncodedFrame] = []
    for packet in packets:
        assembler.add(packet, now)
        released += assembler.frames(now)
    return released


def test_a_frame_is_released_with_its_last_packet() -> None:
    assembler = FrameAssembler()
    first, second = stream(2)
    assert fed(assembler, first[:-1], 0) == []
    assert [frame.key for frame in fed(assembler, first[-1:], 0)] == [True]
    (frame,) = fed(assembler, second, 0.07)
    assert frame == EncodedFrame(STEP, False, bytes([1, 0, 1, 1, 1, 2]))


def test_reordered_packets_give_the_same_frames() -> None:
    assembler = FrameAssembler()
    frames = stream(3)
    mixed = [frames[0][0], frames[0][2], frames[1][0], frames[0][1], *frames[2], *frames[1][1:]]
    assert [frame.timestamp for frame in fed(assembler, mixed, 0)] == [0, STEP, 2 * STEP]
    assert not assembler.disturbed


def test_without_markers_the_next_frame_ends_the_one_before() -> None:
    assembler = FrameAssembler()
    unmarked = [
        VideoPacket(p.sequence_number, p.timestamp, False, p.starts_frame, p.key, p.data)
        for packets in stream(3)
        for p in packets
    ]
    assert [frame.timestamp for frame in fed(assembler, unmarked, 0)] == [0, STEP]


def test_lost_packets_are_requested_again_and_again() -> None:
    assembler = FrameAssembler()
    first, second = stream(2, first=0xFFFE)
    fed(assembler, [first[0], first[2], *second], 0)
    assert assembler.numbers_to_request(0) == [0xFFFF]
    assert assembler.numbers_to_request(NACK_S / 2) == []
    assert assembler.numbers_to_request(NACK_S) == [0xFFFF]
    assert len(fed(assembler, [first[1]], 2 * NACK_S)) == 2
    assert assembler.numbers_to_request(3 * NACK_S) == []


def test_after_the_hold_time_it_goes_on_at_the_next_key_frame() -> None:
    assembler = FrameAssembler()
    frames = stream(5, keys=(0, 3))
    fed(assembler, frames[0], 0)
    assert fed(assembler, [*frames[1][1:], *frames[2]], 0.1) == []
    assert not assembler.key_frame_due(0.1)
    assert list(assembler.frames(0.1 + HOLD_S)) == []
    assert assembler.given_up == 1
    assert assembler.key_frame_due(0.1 + HOLD_S)
    assert not assembler.key_frame_due(0.1 + HOLD_S + PLI_S / 2)
    assert assembler.key_frame_due(0.1 + HOLD_S + PLI_S)
    released = fed(assembler, [*frames[3], *frames[4]], 0.5)
    assert [(frame.timestamp, frame.key) for frame in released] == [(3 * STEP, True), (4 * STEP, False)]
    assert not assembler.disturbed


def test_a_key_frame_ends_the_wait_for_older_packets() -> None:
    assembler = FrameAssembler()
    frames = stream(6, keys=(0, 5))
    fed(assembler, frames[0], 0)
    fed(assembler, frames[1][1:], 0)
    assembler.require_key_frame()
    released = fed(assembler, [*frames[3][1:], *frames[5]], 0.01)
    assert [frame.timestamp for frame in released] == [5 * STEP]
    assert not assembler.disturbed


def test_a_stream_joined_in_the_middle_asks_for_a_key_frame() -> None:
    assembler = FrameAssembler()
    frames = stream(3, keys=(2,))
    assert fed(assembler, frames[0][1:], 0) == []
    assert assembler.key_frame_due(0)
    assert fed(assembler, frames[1], 0) == []
    assert [frame.timestamp for frame in fed(assembler, frames[2], 0)] == [2 * STEP]


def test_numbers_and_timestamps_wrap() -> None:
    assembler = FrameAssembler()
    start = (1 << 32) // STEP
    frames = stream(4, first=0xFFFA, start=start)
    times = [frame.timestamp for packets in frames for frame in fed(assembler, packets, 0)]
    assert [time - times[0] for time in times] == [0, STEP, 2 * STEP, 3 * STEP]
    assert times[-1] >= 1 << 32


def test_a_restarted_sender_is_followed() -> None:
    assembler = FrameAssembler()
    fed(assembler, stream(1)[0], 0)
    assert fed(assembler, stream(1, first=30_000, start=900, keys=())[0], 1) == []
    assert assembler.key_frame_due(1)
    assert len(fed(assembler, stream(1, first=30_003, start=901)[0], 1.1)) == 1


def test_late_and_doubled_packets_change_nothing() -> None:
    assembler = FrameAssembler()
    frames = stream(3)
    assert len(fed(assembler, [*frames[0], *frames[0], *frames[1], *frames[0]], 0)) == 2
    assert len(fed(assembler, frames[2], 0)) == 1


@given(st.lists(st.integers(0, 0xFFFF), max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_numbers_stay_bounded(numbers: list[int]) -> None:
    assembler = FrameAssembler()
    for at, number in enumerate(numbers):
        assembler.add(VideoPacket(number, at, at % 3 == 0, at % 5 == 0, at % 7 == 0, b"x"), at * 0.01)
        list(assembler.frames(at * 0.01))
        assert len(assembler.numbers_to_request(at * 0.01)) <= CAPACITY


@pytest.mark.parametrize("seed", range(6))
def test_a_lossy_link_with_repeats_delivers_every_frame_in_order(seed: int) -> None:
    """5 % loss and reordering, repeats answered after 20 ms: nothing is given up."""
    released = list(_through_lossy_link(seed, loss=0.05, repeats=True))
    assert [frame.timestamp for frame in released] == [n * STEP for n in range(120)]


@pytest.mark.parametrize("seed", range(6))
def test_without_repeats_only_whole_chains_come_through(seed: int) -> None:
    """A frame is released only if every frame since its key frame was."""
    last = -1
    for frame in _through_lossy_link(seed, loss=0.02, repeats=False):
        number = frame.timestamp // STEP
        assert frame.key or number == last + 1
        assert len(frame.data) == 6
        last = number
    assert last > 90


def _through_lossy_link(seed: int, *, loss: float, repeats: bool) -> Iterator[EncodedFrame]:
    chance = random.Random(seed)
    frames = stream(120, first=65_000, keys=range(0, 120, 15))
    sent = {packet.sequence_number: packet for packets in frames for packet in packets}
    events = []
    for number, packets in enumerate(frames):
        for packet in packets:
            keyed = number == 0  # the start of the stream is not what is tested here
            if keyed or chance.random() >= loss:
                late = 0 if keyed else (chance.random() < 0.1) * chance.uniform(0.002, 0.025)
                events.append((number / 15 + late, packet.sequence_number))
    assembler, now = FrameAssembler(), 0.0
    pending = sorted(events)
    while pending:
        now, sequence_number = pending.pop(0)
        assembler.add(sent[sequence_number], now)
        yield from assembler.frames(now)
        wanted = assembler.numbers_to_request(now)
        if repeats:
            pending = sorted(pending + [(now + 0.02, n) for n in wanted if chance.random() >= loss])
