"""Video frames out of RTP packets that were lost, doubled or overtaken on the way.

A frame is released as soon as its last packet is there, which the marker bit tells (RFC 3550 section 5.1), and not
only when the next frame begins. A missing packet is asked for at once and again every `NACK_S` (RFC 4585). What is
still missing after `HOLD_S` is given up: everything up to the next key frame is dropped, because it refers to pictures
that are gone, and a key frame is asked for every `PLI_S` until one comes. Pure: the caller passes the time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HOLD_S = 0.150
"""How long the stream waits for a lost packet."""
NACK_S = 0.030
"""Between two requests for the same packet."""
PLI_S = 0.200
"""Between two requests for a key frame."""
CAPACITY = 512
"""Most packets that are kept, and most that a sequence number may run ahead."""


@dataclass(frozen=True, slots=True)
class VideoPacket:
    """An RTP packet of one video stream."""

    sequence_number: int
    """16 bits, wrapping."""
    timestamp: int
    """32 bits, wrapping; 90 kHz."""
    marker: bool
    """It is the last one of its frame."""
    starts_frame: bool
    """Its payload is the first one of a frame, or in H.264 of a NAL unit."""
    key: bool
    """Decoding can begin with it."""
    data: bytes
    """Payload without descriptor."""


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One coded picture."""

    timestamp: int
    """RTP timestamp, unwrapped: its lower 32 bits are those on the wire."""
    key: bool
    data: bytes


@dataclass(slots=True)
class _Missing:
    noticed: float
    asked: float | None = None


class FrameAssembler:
    """Puts the packets of one stream in order and cuts them into frames."""

    def __init__(self) -> None:
        self._packets: dict[int, VideoPacket] = {}
        self._missing: dict[int, _Missing] = {}
        self._next: int | None = None
        self._highest = 0
        self._timestamp: int | None = None
        self._needs_key = True
        self._asks_key = False
        self._pli_sent = float("-inf")
        self.given_up = 0
        """Times that the stream stopped waiting for a packet."""

    @property
    def disturbed(self) -> bool:
        """Whether something is missing, so that time alone can change the state."""
        return bool(self._missing) or self._asks_key

    def add(self, packet: VideoPacket, now: float) -> None:
        """Take a packet; a late or doubled one is ignored."""
        number = self._unwrapped(packet.sequence_number)
        if self._next is None or abs(number - self._highest) > CAPACITY:
            self._begin_at(number)
        assert self._next is not None
        if number < self._next:
            return
        for gap in range(self._highest + 1, number):
            self._missing[gap] = _Missing(now)
        self._missing.pop(number, None)
        self._packets[number] = packet
        self._highest = max(self._highest, number)
        if self._highest - self._next >= CAPACITY:
            self._give_up(number)

    def frames(self, now: float) -> Iterator[EncodedFrame]:
        """Every frame that is complete, in order, and can be decoded."""
        while self._packets:
            if self._needs_key:
                self._advance_to_key()
            run, complete = self._head()
            if complete:
                frame = self._released(run)
                if frame is not None:
                    yield frame
            elif self._overdue(len(run), now):
                self._give_up(self._after_broken(run))
            else:
                return

    def numbers_to_request(self, now: float) -> list[int]:
        """16-bit sequence numbers to ask the sender for now."""
        due = [n for n, gap in self._missing.items() if gap.asked is None or now - gap.asked >= NACK_S]
        for number in due:
            self._missing[number].asked = now
        return [number & 0xFFFF for number in due]

    def key_frame_due(self, now: float) -> bool:
        """Whether to ask the sender for a key frame now."""
        if not self._asks_key or now - self._pli_sent < PLI_S:
            return False
        self._pli_sent = now
        return True

    def require_key_frame(self) -> None:
        """Drop everything up to the next key frame, and ask for one."""
        self._needs_key = self._asks_key = True

    def begin_anew(self) -> None:
        """Another stream follows: forget what of the old one is not whole."""
        self._packets.clear()
        self._asks_key, self._next = self._next is not None, None

    def _unwrapped(self, number: int) -> int:
        return self._highest + ((number - self._highest + 0x8000) & 0xFFFF) - 0x8000

    def _begin_at(self, number: int) -> None:
        self._packets.clear()
        self._missing.clear()
        self._asks_key = self._asks_key or self._next is not None
        self._next, self._highest, self._needs_key = number, number, True

    def _head(self) -> tuple[list[VideoPacket], bool]:
        """The unbroken beginning of the oldest frame, and whether that is all of it."""
        assert self._next is not None
        run: list[VideoPacket] = []
        while (packet := self._packets.get(self._next + len(run))) is not None:
            if run and packet.timestamp != run[0].timestamp:
                return run, True
            run.append(packet)
            if packet.marker:
                return run, True
        return run, False

    def _released(self, run: list[VideoPacket]) -> EncodedFrame | None:
        assert self._next is not None
        self._move_to(self._next + len(run))
        first = run[0]
        key = first.starts_frame and any(part.key for part in run)
        if not first.starts_frame or (self._needs_key and not key):
            self.require_key_frame()
            return None
        if key:
            self._needs_key = self._asks_key = False
        return EncodedFrame(self._unwrapped_time(first.timestamp), key, b"".join(part.data for part in run))

    def _unwrapped_time(self, timestamp: int) -> int:
        if self._timestamp is not None:
            step = ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            timestamp = self._timestamp + step
        self._timestamp = timestamp
        return timestamp

    def _overdue(self, length: int, now: float) -> bool:
        assert self._next is not None
        gap = self._missing.get(self._next + length)
        return gap is not None and now - gap.noticed >= HOLD_S

    def _after_broken(self, run: list[VideoPacket]) -> int:
        """Where the frame that lacks a packet certainly has ended."""
        for number in sorted(self._packets):
            if not run or self._packets[number].timestamp != run[0].timestamp:
                return number
        return self._highest + 1

    def _advance_to_key(self) -> None:
        """Forget what lies before a key frame that has begun to arrive."""
        starts = [n for n, packet in self._packets.items() if packet.starts_frame and packet.key]
        if starts:
            self._move_to(min(starts))

    def _give_up(self, number: int) -> None:
        self.given_up += 1
        self._move_to(number)
        self.require_key_frame()

    def _move_to(self, number: int) -> None:
        self._next = number
        self._highest = max(self._highest, number - 1)
        self._packets = {n: packet for n, packet in self._packets.items() if n >= number}
        self._missing = {n: gap for n, gap in self._missing.items() if n >= number}
