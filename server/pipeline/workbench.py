"""A still on the workbench: its pixels and layers, loaded once and kept while its steps run."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np

from server.dicom import read_photo
from server.errors import BadImage
from server.inference import SKIN_FROM
from server.pipeline.examination import Examination, Examiner, Layers, Srgb, as_layers
from server.pipeline.outcome import MappedOutcome, Outcome
from server.pipeline.png import encode_png
from server.store import Archive, Still, Store
from station.protocol import Frame, FrameHeader, Layer, MalformedMessage, Transfer, decode_pixels

KEPT = 2
"""Stills held in memory: the one at work, and its twin under the other polarisation."""
RENDITION_SIDE = 1600


@dataclass
class Held:
    """What is in memory of one still; None: not loaded."""

    frame: Frame | None = None
    srgb: Srgb | None = None
    layers: Layers | None = None
    examination: Examination | None = None


class Workbench:
    """Loads stills from the archive; only the last `KEPT` stay in memory."""

    def __init__(self, store: Store, archive: Archive, examiner: Examiner) -> None:
        self.store = store
        self.archive = archive
        self.examiner = examiner
        self._held: OrderedDict[str, Held] = OrderedDict()

    def held(self, still: Still) -> Held:
        """What is in memory of a still."""
        held = self._held.setdefault(still.sop_instance_uid, Held())
        self._held.move_to_end(still.sop_instance_uid)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
        return held

    async def frame(self, still: Still) -> Frame:
        """The still's own samples; raises `BadImage` if they are not what the header says."""
        held = self.held(still)
        if held.frame is None:
            held.frame = await self.examiner.run(self._load, still)
        return held.frame

    async def srgb(self, still: Still) -> Srgb:
        """The still developed to 8-bit sRGB, (H, W, 3)."""
        held = self.held(still)
        if held.srgb is None:
            held.srgb = await self.examiner.develop(await self.frame(still))
        return held.srgb

    async def layers(self, still: Still) -> Layers:
        """Every layer that was written so far."""
        held = self.held(still)
        if held.layers is None:
            held.layers = await self.examiner.run(self._load_layers, still)
        return held.layers

    async def skin(self, still: Still) -> Srgb:
        """The mask of the facial skin, (H, W), 0 or 255; all 0 where none was found."""
        layers = await self.layers(still)
        if Layer.SKIN in layers:
            return layers[Layer.SKIN].pixels
        return np.zeros((still.header.height, still.header.width), np.uint8)

    async def keep(self, still: Still, step: str, found: MappedOutcome) -> None:
        """Write what a step found: its layers, and last its numbers."""
        for layer, pixels in found.layers.items():
            path = self.archive.layer(still.study_instance_uid, still.sop_instance_uid, layer.value)
            data = await self.examiner.run(encode_layer, layer, pixels)
            await self.examiner.run(self.archive.write, path, data)
        path = self.archive.outcome(still.study_instance_uid, still.sop_instance_uid, step)
        await self.examiner.run(self.archive.write, path, msgspec.json.encode(found.outcome))
        held = self.held(still)
        if held.layers is not None:
            held.layers = {**held.layers, **as_layers(found.layers)}

    async def outcome(self, still: Still, step: str) -> Outcome | None:
        """The numbers that a step kept; None if it kept none."""
        path = self.archive.outcome(still.study_instance_uid, still.sop_instance_uid, step)
        return await self.examiner.run(_read_outcome, path)

    async def write_rendition(self, still: Still, srgb: Srgb) -> None:
        """Write the small picture for pages, unless it is there."""
        path = self.archive.rendition(still.study_instance_uid, still.sop_instance_uid)
        if not path.is_file():
            await self.examiner.run(lambda: self.archive.write(path, _rendition(srgb)))

    def _load(self, still: Still) -> Frame:
        if still.blob is None:
            photo = self.archive.photo(still.study_instance_uid, still.sop_instance_uid)
            return Frame(developed_header(still.header), read_photo(photo).srgb)
        path = self.archive.resolve(still.blob)
        try:
            # A copy, not a map: whoever replaced the file below a map would change a frame at work.
            return decode_pixels(path.read_bytes(), still.header, still.encoding)
        except MalformedMessage as error:
            raise BadImage(f"the still's bytes are not the picture its header describes: {error}") from error

    def _load_layers(self, still: Still) -> Layers:
        maps = {}
        for layer in Layer:
            path = self.archive.layer(still.study_instance_uid, still.sop_instance_uid, layer.value)
            if path.is_file():
                maps[layer] = read_layer(path)
        return as_layers(maps)


def _read_outcome(path: Path) -> Outcome | None:
    return msgspec.json.decode(path.read_bytes(), type=Outcome) if path.is_file() else None


def _rendition(srgb: Srgb) -> bytes:
    scale = min(1.0, RENDITION_SIDE / max(srgb.shape[:2]))
    small = srgb if scale == 1 else cv2.resize(srgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert ok
    return data.tobytes()


def read_layer(path: Path) -> Srgb:
    """The uint8 (H, W) map in a PNG of the archive; raises `FileNotFoundError`, also for one that cannot be read."""
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise FileNotFoundError(path)
    return np.asarray(pixels, np.uint8)


def encode_layer(layer: Layer, pixels: Srgb) -> bytes:
    """The PNG of a uint8 (H, W) map; skin is made 0 or 255."""
    if layer is Layer.SKIN:
        pixels = np.where(pixels >= SKIN_FROM, np.uint8(255), np.uint8(0))
    return encode_png(pixels)


def developed_header(header: FrameHeader) -> FrameHeader:
    """The header of the same picture as the DICOM photo holds it: 8-bit sRGB over the full range."""
    return msgspec.structs.replace(
        header, bit_depth=8, transfer=Transfer.SRGB, black_level=0, white_level=255
    )
