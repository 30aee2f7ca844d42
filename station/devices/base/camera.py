"""The contract of every camera."""

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from station.devices.base.folder_room import FolderRoom
from station.devices.latest import LatestFrame
from station.errors import DeviceError, DeviceUnavailable, ExposureRefused
from station.protocol import (
    CameraInfo,
    Dermoscope,
    Exposure,
    Frame,
    FrameHeader,
    Light,
    NeutralTab,
    Pixels,
    Preparation,
    Transfer,
    View,
)

ANSWER_LIMIT_S = 60.0
"""Time beyond its exposure that a camera has for a picture; then it counts as failed, and the lights go dark."""

T = TypeVar("T")
_FRAME_IDS = itertools.count()
"""One count for every camera of the process: one that is opened anew goes on where the last ended, so that no reader
waits for numbers that have been, and no overlay meets a younger frame of the same number."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What the booth knows about a picture and the camera cannot: it goes into the header as given."""

    light: Light
    view: View = View.UNSPECIFIED
    preparation: Preparation = Preparation.UNSPECIFIED
    step: int = 0
    """Index of the light within the recipe."""
    proof: bool = False
    """Only measured, never a still: a camera keeps no file of its own of it."""


@dataclass(frozen=True, kw_only=True)
class ExposureRange:
    """What a camera can be asked for."""

    shortest_s: float
    longest_s: float
    max_gain_db: float

    def check(self, exposure: Exposure) -> None:
        """Raise `ExposureRefused`, with the range, for an exposure outside it."""
        if not self.shortest_s <= exposure.time_s <= self.longest_s:
            raise ExposureRefused(
                f"exposure time {exposure.time_s:g} s, this camera takes {self.shortest_s:g} to {self.longest_s:g} s"
            )
        if exposure.gain_db > self.max_gain_db:
            raise ExposureRefused(
                f"gain {exposure.gain_db:g} dB, this camera takes 0 to {self.max_gain_db:g} dB"
            )


@dataclass(frozen=True, kw_only=True)
class Captured:
    """What a driver delivers for one picture; `Camera` makes the `Frame` of it."""

    pixels: Pixels
    """(height, width, 3) RGB, C-contiguous; uint8 for 8 bits, uint16 above."""
    actual: Exposure
    captured_at: float
    """Middle of the exposure, seconds since 1970 UTC."""
    bit_depth: int = 8
    transfer: Transfer = Transfer.SRGB
    black_level: int = 0
    white_level: int = 255
    neutral_tab: NeutralTab | None = None
    px_per_mm: float | None = None
    calibration: str | None = None


class Camera(ABC):
    """A camera; use it as an async context manager, in one event loop.

    The public methods check and label; a driver fills `_do_open`, `_do_close`, `_do_preview` and `_do_expose`,
    none of which may block the event loop. A closed camera stays closed: the way back is a new object.
    """

    dermoscope: Dermoscope | None = None
    """What is before its lens; whoever makes the camera says so. It goes into every header as given."""

    def __init__(self) -> None:
        self._busy = ""
        self._open = False
        self._closed = False

    @property
    @abstractmethod
    def info(self) -> CameraInfo:
        """Nameplate."""

    @property
    @abstractmethod
    def exposure_range(self) -> ExposureRange:
        """Exposures that `expose` takes."""

    @property
    def folder_room(self) -> FolderRoom | None:
        """Room for the files that the camera keeps beside its stills, as seen last; None if it keeps none."""
        return None

    async def note_still(self, header: FrameHeader, sop_instance_uid: str) -> None:  # noqa: B027
        """Told, before the next exposure but proofs, that the newest frame but proofs is the still of this UID.

        A camera that keeps files of its own keeps them under the UID from then on. Nothing that fails here costs the still.
        """

    async def __aenter__(self) -> Self:
        if self._closed or self._open:
            raise DeviceUnavailable(f"{self.info.model} was opened before: make a new object")
        try:
            await self._do_open()
        except BaseException:
            await self.close()
            raise
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the instrument; safe to call twice."""
        self._open = False
        if not self._closed:
            self._closed = True
            await self._do_close()

    async def preview(self, into: LatestFrame, exposure: Exposure, shot: Shot) -> None:
        """Put preview frames into the slot, at the driver's own pace, until cancelled.

        Frames are 8-bit sRGB. Raises `ExposureRefused`, `DeviceError` while the camera does anything else, and
        `DeviceUnavailable` if no picture comes in time.
        """
        self.exposure_range.check(exposure)
        self._claim("a preview")
        try:
            async with aclosing(self._do_preview(exposure, shot)) as pictures:
                while True:
                    into.put(self._frame(await self._answer(anext(pictures), exposure), exposure, shot))
        except StopAsyncIteration:
            raise DeviceUnavailable(f"the preview of {self.info.model} ended by itself") from None
        finally:
            self._busy = ""

    async def expose(self, exposure: Exposure, shot: Shot) -> Frame:
        """One still in full resolution; the header holds the requested and the actual exposure.

        Raises `ExposureRefused`, `DeviceError` while the camera does anything else, and `DeviceUnavailable` if no
        picture comes in time.
        """
        self.exposure_range.check(exposure)
        self._claim("an exposure")
        try:
            return self._frame(await self._answer(self._do_expose(exposure, shot), exposure), exposure, shot)
        finally:
            self._busy = ""

    @abstractmethod
    async def _do_open(self) -> None:
        """Make the instrument ready."""

    @abstractmethod
    async def _do_close(self) -> None:
        """Let go of whatever `_do_open` took, also when it failed half way."""

    @abstractmethod
    def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        """Preview pictures without end; stop streaming when the generator is closed."""

    @abstractmethod
    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        """Expose once; after cancellation the instrument is ready for the next exposure."""

    async def _answer(self, picture: Awaitable[T], exposure: Exposure) -> T:
        limit_s = exposure.time_s + ANSWER_LIMIT_S
        try:
            async with asyncio.timeout(limit_s):
                return await picture
        except TimeoutError:
            raise DeviceUnavailable(
                f"{self.info.model} gave no picture within {limit_s:.0f} s: check its cable and power"
            ) from None

    def _claim(self, purpose: str) -> None:
        if not self._open:
            raise DeviceUnavailable(f"{self.info.model} is not open")
        if self._busy:
            raise DeviceError(f"{purpose} was asked for during {self._busy}: end that first")
        self._busy = purpose

    def _frame(self, captured: Captured, requested: Exposure, shot: Shot) -> Frame:
        height, width = captured.pixels.shape[:2]
        header = FrameHeader(
            frame_id=next(_FRAME_IDS),
            width=width,
            height=height,
            bit_depth=captured.bit_depth,
            transfer=captured.transfer,
            black_level=captured.black_level,
            white_level=captured.white_level,
            light=shot.light,
            view=shot.view,
            preparation=shot.preparation,
            step=shot.step,
            requested=requested,
            actual=captured.actual,
            captured_at=captured.captured_at,
            camera=self.info,
            dermoscope=self.dermoscope,
            neutral_tab=captured.neutral_tab,
            px_per_mm=captured.px_per_mm,
            calibration=captured.calibration,
        )
        return Frame(header, captured.pixels)


async def pace(period_s: float, started: float, count: int) -> int:
    """Wait for the next tick of a metronome started at loop time `started`; returns the tick's number.

    Ticks that have passed are left out, never caught up.
    """
    now = asyncio.get_running_loop().time()
    tick = max(count + 1, int((now - started) / period_s))
    await asyncio.sleep(max(0.0, started + tick * period_s - now))
    return tick
