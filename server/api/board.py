"""What the pages ask of the live preview."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from server.live import BoothState, LiveHub


class LivePreview(msgspec.Struct, frozen=True, kw_only=True):
    """State of one booth's live picture."""

    width: int = 0
    height: int = 0
    received: int = 0
    """Frames that came in."""
    answered: int = 0
    """Frames that an overlay was made for."""
    dropped: int = 0
    """Frames that a newer one replaced before their analysis."""
    viewers: int = 0
    latency_ms: float | None = None
    """Frame received to overlay sent, median of the last frames."""


class PreviewBoard(Protocol):
    """The live previews of this process."""

    def previews(self) -> Mapping[str, LivePreview]:
        """State of every booth that sends a picture now, by booth id."""


class NoPreviews:
    """The board of a server that takes no previews."""

    def previews(self) -> Mapping[str, LivePreview]:
        """Nothing."""
        return {}


class HubBoard:
    """The board of this process's live plane."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub

    def previews(self) -> Mapping[str, LivePreview]:
        """State of every booth whose stream is connected."""
        return {state.booth: _preview(state) for state in self._hub.state().booths if state.live}


def _preview(state: BoothState) -> LivePreview:
    return LivePreview(
        width=state.width,
        height=state.height,
        received=state.received,
        answered=state.analysed,
        dropped=state.dropped,
        viewers=len(state.viewers),
        latency_ms=round(state.latency_ms.p50, 1) if state.latency_ms.count else None,
    )
