"""Which preview frame to show next, and with which overlay: the overlay of exactly that frame, or none."""

from collections import deque

from station.protocol import Frame, Overlay

HOLD_S = 0.4
"""Longest time a frame waits for its overlay before it is shown without one."""
AWAY_S = 2.0
"""Time without any overlay after which frames no longer wait."""
_LIMIT = 16


class FramePairing:
    """Holds recent frames until their overlay is there.

    Times are seconds of one monotonic clock. At most 16 frames are held; frames come out in rising order of
    `frame_id`, each at most once.
    """

    def __init__(self, *, hold_s: float = HOLD_S, away_s: float = AWAY_S) -> None:
        self._hold_s = hold_s
        self._away_s = away_s
        self._held: deque[tuple[float, Frame]] = deque(maxlen=_LIMIT)
        self._matched: tuple[Frame, Overlay] | None = None
        self._last_overlay_at: float | None = None

    def add_frame(self, frame: Frame, now: float) -> None:
        """Take a new frame in."""
        self._held.append((now, frame))

    def add_overlay(self, overlay: Overlay, now: float) -> None:
        """Match an overlay with its frame and let older frames go; without effect if the frame is gone already."""
        self._last_overlay_at = now
        for _, frame in list(self._held):
            if frame.header.frame_id == overlay.frame_id:
                self._matched = frame, overlay
                self._forget_through(frame)

    def take(self, now: float) -> tuple[Frame, Overlay | None] | None:
        """What to show now: a frame with its overlay, one that has waited long enough, or nothing."""
        matched, self._matched = self._matched, None
        if matched is not None:
            return matched
        late = [frame for arrived, frame in self._held if now - arrived >= self._patience(now)]
        if not late:
            return None
        self._forget_through(late[-1])
        return late[-1], None

    def wait_s(self, now: float) -> float | None:
        """Time until `take` gives a frame even if nothing arrives; None if no frame is held."""
        if not self._held:
            return None
        return max(0.0, self._held[0][0] + self._patience(now) - now)

    def _patience(self, now: float) -> float:
        away = self._last_overlay_at is None or now - self._last_overlay_at > self._away_s
        return 0.0 if away else self._hold_s

    def _forget_through(self, frame: Frame) -> None:
        while self._held and self._held[0][1].header.frame_id <= frame.header.frame_id:
            self._held.popleft()
