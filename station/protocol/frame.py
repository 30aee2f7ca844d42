"""A picture and everything that must be known to read its numbers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from station.protocol.dermoscope import Dermoscope
from station.protocol.errors import MalformedMessage
from station.protocol.lighting import Exposure, Light, Preparation, View

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

MAX_SIDE = 20_000
"""Largest width or height of a picture, px."""
MAX_PIXELS = 160_000_000
"""Largest area of a picture, px."""


class Transfer(StrEnum):
    """Relation between numbers and light."""

    LINEAR = "linear"
    """Proportional to light between black and white level, sRGB primaries."""
    SRGB = "srgb"
    """IEC 61966-2-1."""


class Box(msgspec.Struct, frozen=True):
    """Axis-aligned rectangle in pixels of the full picture."""

    x: int
    y: int
    width: Annotated[int, Meta(ge=0)]
    height: Annotated[int, Meta(ge=0)]

    def scaled(self, factor_x: float, factor_y: float) -> "Box":
        """The same rectangle in a picture resized by these factors."""
        return Box(
            round(self.x * factor_x),
            round(self.y * factor_y),
            round(self.width * factor_x),
            round(self.height * factor_y),
        )


class NeutralTab(msgspec.Struct, frozen=True):
    """A grey card of known reflectance that stays in the picture."""

    box: Box
    reflectance: Annotated[float, Meta(gt=0, le=1)]


class CameraInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Nameplate of the camera."""

    manufacturer: Annotated[str, Meta(max_length=64)]
    model: Annotated[str, Meta(max_length=64)]
    serial: Annotated[str, Meta(max_length=64)] = ""
    lens: Annotated[str, Meta(max_length=64)] = ""


class FrameHeader(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a picture's numbers and how it was made."""

    frame_id: Annotated[int, Meta(ge=0)]
    """Counts up within one run of one booth."""
    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    bit_depth: Annotated[int, Meta(ge=8, le=16)] = 8
    """Significant bits of a sample; over 8 a sample takes two bytes, little endian."""
    transfer: Transfer = Transfer.SRGB
    black_level: Annotated[int, Meta(ge=0, le=65535)] = 0
    white_level: Annotated[int, Meta(ge=1, le=65535)] = 255
    """Sample value of a white that just saturates."""
    light: Light = Light.UNCONTROLLED
    view: View = View.UNSPECIFIED
    preparation: Preparation = Preparation.UNSPECIFIED
    step: Annotated[int, Meta(ge=0, le=15)] = 0
    """Index of the light within the recipe."""
    requested: Exposure | None = None
    actual: Exposure | None = None
    captured_at: float = 0.0
    """Middle of the exposure, seconds since 1970 UTC."""
    camera: CameraInfo | None = None
    dermoscope: Dermoscope | None = None
    """What the camera looks through at a piece of skin; None: it looks at the whole subject."""
    neutral_tab: NeutralTab | None = None
    px_per_mm: Annotated[float, Meta(gt=0, le=1000)] | None = None
    """Scale at the face, known only where the rig is calibrated."""
    calibration: Annotated[str, Meta(max_length=64)] | None = None
    """Name of the calibration record that colour and scale rest on; None: uncalibrated."""
    color_matrix: Annotated[tuple[float, ...], Meta(min_length=9, max_length=9)] | None = None
    """Row by row, from linear RGB over that of a perfect white (by the neutral tab where there is one) to linear sRGB, as the
    calibration record has it; None: the primaries are those of sRGB."""
    color_refused: Annotated[str, Meta(max_length=256)] = ""
    """Why the record does not hold for colour; empty where it does, or where nothing is known."""
    scale_refused: Annotated[str, Meta(max_length=256)] = ""
    """Why the record does not hold for the scale."""

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 1 if self.bit_depth == 8 else 2

    @property
    def nbytes(self) -> int:
        """Bytes of the raw RGB picture."""
        return self.width * self.height * 3 * self.sample_bytes

    def check_size(self) -> None:
        """Raise `MalformedMessage` if the picture is larger than any camera makes."""
        if self.width * self.height > MAX_PIXELS:
            raise MalformedMessage(f"{self.width}x{self.height} is over {MAX_PIXELS} pixels")


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture with its header.

    `pixels` is (height, width, 3) RGB, C-contiguous, uint8 for 8 bits and uint16 above. Treat it as read-only:
    it is shared between readers.
    """

    header: FrameHeader
    pixels: Pixels

    def __post_init__(self) -> None:
        header = self.header
        if self.pixels.shape != (header.height, header.width, 3):
            raise MalformedMessage(
                f"pixels are {self.pixels.shape}, header says {(header.height, header.width, 3)}"
            )
        if self.pixels.dtype.itemsize != header.sample_bytes:
            raise MalformedMessage(f"samples are {self.pixels.dtype}, header says {header.bit_depth} bits")

    @classmethod
    def from_bytes(cls, header: FrameHeader, data: bytes | bytearray | memoryview) -> "Frame":
        """The frame whose raw samples are `data`, without a copy; raises `MalformedMessage` on a wrong length."""
        header.check_size()
        if memoryview(data).nbytes != header.nbytes:
            raise MalformedMessage(f"{memoryview(data).nbytes} bytes of pixels, header says {header.nbytes}")
        pixels: Pixels
        if header.sample_bytes == 1:
            pixels = np.frombuffer(data, np.uint8)
        else:
            pixels = np.frombuffer(data, np.dtype("<u2")).astype(np.uint16, copy=False)
        return cls(header, pixels.reshape(header.height, header.width, 3))
