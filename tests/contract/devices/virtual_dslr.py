"""libgphoto2's own virtual camera: a Nikon D750 on a virtual USB bus, which the package brings along.

Its pictures are the file on its card. `Lens` keeps that file a picture of what the bench shines, with a bar that moves.
"""

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from station.devices import Bench
from station.devices.sim import SimLightRig, SimLightsOptions
from station.protocol import Light

CARD = Path(tempfile.mkdtemp(prefix="dermabooth-card-"))
os.environ["VCAMERADIR"] = str(CARD)
"""The card; libgphoto2 reads the variable when it is first imported."""
atexit.register(shutil.rmtree, CARD, ignore_errors=True)
PICTURE = CARD / "DCIM" / "100NIKON" / "IMG_0001.JPG"
MODEL = "Nikon DSC D750"
_LEVEL = {Light.WHITE: 200, Light.PARALLEL_POLARISED: 150, Light.CROSS_POLARISED: 100, Light.UV: 30}
_PERIOD_S = 0.05
FILE_BYTES = 20_000


class Lens:
    """Puts the scene on the card, anew every `_PERIOD_S`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._lock = threading.Lock()
        self._number = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="virtual-lens")

    def look(self) -> None:
        shining = self._bench.shining
        level = _LEVEL[shining.light] * shining.power if shining.light else 0
        with self._lock:
            self._number += 1
            picture = np.full((120, 180, 3), level, np.uint8)
            at = 7 * self._number % 170
            cv2.rectangle(picture, (at, 0), (at + 10, 119), (0, 0, 0), -1)
            write_card(cv2.imencode(".jpg", picture)[1].tobytes())

    def __enter__(self) -> Self:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_PERIOD_S):
            self.look()


class LensLights(SimLightRig):
    """Simulated lights whose change is on the card at once, and for as long as they are open."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(SimLightsOptions(), bench)
        self._lens = Lens(bench)

    async def _do_open(self) -> None:
        self._lens.__enter__()

    async def _do_close(self) -> None:
        self._lens.__exit__(None, None, None)

    async def _do_set(self, light: Light, power: float) -> None:
        await super()._do_set(light, power)
        self._lens.look()


def write_card(content: bytes) -> bytes:
    """Replace the card's picture; what the camera then delivers: always of one size, which it has noted."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    padded = content.ljust(FILE_BYTES, b"\0")
    partial = CARD / "DCIM" / "partial"
    partial.write_bytes(padded)
    partial.replace(PICTURE)
    return padded
