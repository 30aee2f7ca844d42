"""Where the face of a picture is: its box by the cascade, its landmarks, hair and glasses by the trained segmenter."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dermabooth import resources
from dermabooth.settings import with_triton_environment
from server.analysis import find_face
from server.config import ServerConfig
from server.errors import InferenceError, InferenceUnavailable
from server.inference import (
    SEGMENTER,
    FaceCrop,
    SegmentedFace,
    TritonClient,
    TritonNotInstalled,
    segment_face,
    triton_address,
)
from station.protocol import Box, Face, Landmark

Srgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

PARTS: Final = {"hair": 5, "glasses": 9}
"""Of the parts that the segmenter tells apart, those that hide skin, with their index."""
_MARGIN: Final = 1.9
_SIDE: Final = 256
NO_TRITON: Final = "none"
BOX_ONLY: Final = "asked for the box of the face only"


@dataclass(frozen=True, eq=False)
class Look:
    """What was found in a picture."""

    face: Face | None = None
    parts: Mapping[str, Mask] | None = None


class FaceFinder:
    """Looks at one picture after the other; `lacks` says why it tells boxes only, empty if it does not."""

    def __init__(self, client: TritonClient | None, lacks: str = "") -> None:
        self._client = client
        self.lacks = lacks

    async def look(self, srgb: Srgb) -> Look:
        """The largest face, with landmarks and parts where the segmenter tells them."""
        face = await asyncio.to_thread(find_face, srgb)
        if self._client is None:
            return Look(face)
        box = None if face is None else _floats(face.box)
        try:
            seen = await segment_face(self._client, srgb, box)
            if seen is None:
                return Look(face)
            face = _with_landmarks(face, seen)
            return Look(face, await _parts(self._client, srgb, face))
        except InferenceError:
            return Look(face)


@contextlib.asynccontextmanager
async def open_finder(triton: str = "") -> AsyncIterator[FaceFinder]:
    """A finder on the Triton at `triton`, on one that runs as long as the context, or on none where there is none."""
    if triton == NO_TRITON:
        yield FaceFinder(None, BOX_ONLY)
        return
    async with contextlib.AsyncExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dermabooth-")))
            config = _settings(triton).triton
            address = await stack.enter_async_context(
                triton_address(config, _segmenter(folder), folder / "run")
            )
            client = await stack.enter_async_context(TritonClient(address))
        except (TritonNotInstalled, InferenceUnavailable) as error:
            yield FaceFinder(None, str(error))
            return
        yield FaceFinder(client)


def _segmenter(folder: Path) -> Path:
    """A repository of the segmenter alone, which is ready sooner than one of every model."""
    repository = folder / "models"
    repository.mkdir()
    (repository / SEGMENTER).symlink_to(resources.triton_models() / SEGMENTER)
    return repository


def _settings(triton: str) -> ServerConfig:
    if triton:
        return ServerConfig.load(triton={"mode": "external", "url": triton})
    return with_triton_environment(ServerConfig.load(triton={"url": "127.0.0.1:0"}))


def _with_landmarks(face: Face | None, seen: SegmentedFace) -> Face | None:
    """The cascade's box, or where it found none one around the skin."""
    marks = tuple(Landmark(float(x), float(y), float(np.clip(sure, 0, 1))) for x, y, sure in seen.landmarks)
    if face is None:
        rows, columns = np.nonzero(seen.skin >= 128)
        if rows.size == 0:
            return None
        side = int(np.ptp(columns)) + 1
        box = Box(int(columns.min()), max(int(rows.max()) + 1 - side, 0), side, side)
        return Face(box=box, source="segmented", landmarks=marks)
    return Face(box=face.box, source=face.source, landmarks=marks)


async def _parts(client: TritonClient, srgb: Srgb, face: Face | None) -> Mapping[str, Mask] | None:
    if face is None:
        return None
    box = face.box
    centre = box.x + box.width / 2, box.y + box.height / 2
    crop = FaceCrop.square(centre, _MARGIN * max(box.width, box.height), _SIDE)
    answer = await client.infer(SEGMENTER, {"image": crop.cut(srgb)[None]}, outputs=("parts",))
    labels, size = answer["parts"][0], (srgb.shape[0], srgb.shape[1])
    return {
        name: crop.paste(np.where(labels == index, np.uint8(255), np.uint8(0)), size) & np.uint8(128)
        for name, index in PARTS.items()
    }


def _floats(box: Box) -> tuple[float, float, float, float]:
    return float(box.x), float(box.y), float(box.width), float(box.height)
