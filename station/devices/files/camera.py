"""A folder of photographs that stands in for the lens."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from station.devices.base import (
    Camera,
    CameraOptions,
    Captured,
    ExposureRange,
    Shot,
    fitted,
    pace,
    read_picture,
)
from station.devices.bench import Bench
from station.devices.files.catalogue import Subject, common_lights, read_catalogue
from station.devices.worker import Worker
from station.errors import LightUnavailable
from station.protocol import CameraInfo, Exposure, Transfer, View

_SWAY_PX = 6.0
_SWAY_PERIOD_S = 4.0


class FilesCameraOptions(CameraOptions):
    """Settings of the `files` camera."""

    type: Literal["files"] = "files"
    folder: Path
    """Photographs named `NAME[_VIEW][_LIGHT]` with the suffix .jpg, .jpeg, .png, .tif or .tiff."""


@dataclass(frozen=True)
class _Reduced:
    """A picture fitted into the preview's frame."""

    path: Path
    pixels: NDArray[np.uint8]


class FilesCamera(Camera):
    """Delivers photographs as if it had just taken them.

    The subject in the chair changes when the preview starts again after a still of each of its views. The exposure
    asked for is noted and has no effect: the photographs were exposed elsewhere.
    """

    def __init__(self, options: FilesCameraOptions, bench: Bench) -> None:
        super().__init__()
        self._options = options
        self._bench = bench
        self._subjects = read_catalogue(options.folder)
        self._current = 0
        self._shot: set[View] = set()
        self._reduced: _Reduced | None = None
        self._worker = Worker("files-camera")
        bench.offered = common_lights(self._subjects)

    @property
    def info(self) -> CameraInfo:
        """A folder has no nameplate of its own."""
        return CameraInfo(manufacturer="dermabooth", model="picture folder")

    @property
    def exposure_range(self) -> ExposureRange:
        """Anything the wire can carry."""
        return ExposureRange(shortest_s=1e-6, longest_s=60.0, max_gain_db=60.0)

    @property
    def subject(self) -> Subject:
        """The one in the chair."""
        return self._subjects[self._current]

    async def _do_open(self) -> None:
        await self._worker.run(read_picture, self.subject.picture(View.UNSPECIFIED, None))

    async def _do_close(self) -> None:
        self._worker.close()

    async def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        if len(self._shot) >= self.subject.views:
            self._current = (self._current + 1) % len(self._subjects)
            self._shot.clear()
        loop = asyncio.get_running_loop()
        started, tick = loop.time(), 0
        while True:
            pixels = await self._worker.run(self._preview_picture, shot.view, loop.time())
            yield Captured(pixels=pixels, actual=exposure, captured_at=time.time())
            tick = await pace(1 / self._options.preview_fps, started, tick)

    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        if self._bench.shining.light is None:
            raise LightUnavailable(
                "the lights are dark, and no photograph in the folder was taken in the dark"
            )
        path = self.subject.picture(shot.view, self._bench.shining.light)
        pixels = await self._worker.run(read_picture, path)
        self._shot.add(shot.view)
        return Captured(pixels=pixels, actual=exposure, captured_at=time.time(), transfer=Transfer.SRGB)

    def _preview_picture(self, view: View, now: float) -> NDArray[np.uint8]:
        shining = self._bench.shining
        options = self._options
        if shining.light is None:
            return np.zeros((options.preview_height, options.preview_width, 3), np.uint8)
        light = shining.light if shining.light in self.subject.lights else None
        reduced = self._reduce(self.subject.picture(view, light))
        angle = 2 * np.pi * now / _SWAY_PERIOD_S
        shift = np.array([[1, 0, _SWAY_PX * np.sin(angle)], [0, 1, _SWAY_PX * np.cos(angle) / 2]], np.float32)
        return np.asarray(
            cv2.warpAffine(reduced.pixels, shift, (options.preview_width, options.preview_height)), np.uint8
        )

    def _reduce(self, path: Path) -> _Reduced:
        if self._reduced is None or self._reduced.path != path:
            size = (self._options.preview_width, self._options.preview_height)
            self._reduced = _Reduced(path, fitted(read_picture(path), size))
        return self._reduced
