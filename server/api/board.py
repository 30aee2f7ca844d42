"""What the pages ask of the live preview."""

from collections.abc import Mapping
from typing import Protocol

import msgspec


class LivePreview(msgspec.Struct, frozen=True, kw_only=True):
    """State of one booth's live picture."""

    width: int = 0
    height: int = 0
    received: int = 0
    """Frames that came in."""
    answered: int = 0
    """Frames that an overlay was made for."""
    dropped: int = 0
    """Frames that a newer one replaced."""
    viewers: int = 0
    frames_per_s: float | None = None
    model_ms: float | None = None
    """Time of the model per frame, median of the last seconds."""


class PreviewBoard(Protocol):
    """The live previews of this process."""

    def previews(self) -> Mapping[str, LivePreview]:
        """State of every booth that sends a picture now, by booth id."""


class NoPreviews:
    """The board of a server that takes no previews."""

    def previews(self) -> Mapping[str, LivePreview]:
        """Nothing."""
        return {}
