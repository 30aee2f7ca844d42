"""The driver of docs/how-to/add-a-camera.md is a camera like any other."""

import importlib.util
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from station.devices import Bench, Camera
from station.devices.sim import SimLightRig, SimLightsOptions
from station.errors import DeviceUnavailable
from station.protocol import Light
from tests.contract.devices.test_camera import (
    NOMINAL,
    SHOT,
    Booth,
    test_a_cancelled_exposure_leaves_the_camera_ready,
    test_a_cancelled_preview_leaves_the_camera_ready,
    test_a_still_during_the_preview_is_refused,
    test_a_still_says_how_it_was_made,
    test_an_exposure_out_of_range_is_refused_with_the_range,
    test_frame_ids_count_up_over_stills_and_preview,
    test_the_preview_is_8_bit_srgb_and_moves,
)

__all__ = [
    "test_a_cancelled_exposure_leaves_the_camera_ready",
    "test_a_cancelled_preview_leaves_the_camera_ready",
    "test_a_still_during_the_preview_is_refused",
    "test_a_still_says_how_it_was_made",
    "test_an_exposure_out_of_range_is_refused_with_the_range",
    "test_frame_ids_count_up_over_stills_and_preview",
    "test_the_preview_is_8_bit_srgb_and_moves",
]

pytestmark = pytest.mark.contract

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-camera.md"
SERIAL = "12345"


class AcmeHandle:
    """A camera of a maker that there is not; it counts its pictures and sees noise."""

    def __init__(self) -> None:
        self.settings: dict[str, bool] = {}
        self._dice = np.random.default_rng(1)

    def automatic(self, on: bool) -> None:
        self.settings["automatic"] = on

    def set(self, time_s: float, gain_db: float) -> tuple[float, float]:
        return round(time_s, 5), gain_db

    def raw(self) -> NDArray[np.uint16]:
        return self._dice.integers(64, 4096, (160, 240, 3), np.uint16)

    def srgb(self) -> NDArray[np.uint8]:
        return self._dice.integers(0, 256, (160, 240, 3), np.uint8)

    def disconnect(self) -> None:
        self.settings["connected"] = False


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> AcmeHandle:
    """What the maker's library gives for the one camera that is there."""
    handle = AcmeHandle()

    def connect(serial: str) -> AcmeHandle:
        if serial != SERIAL:
            raise OSError(serial)
        return handle

    library = ModuleType("acme_sdk")
    library.connect = connect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_sdk", library)
    return handle


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The page's first block of Python as a module."""
    found = re.search(r"```python\n(.+?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    path = tmp_path_factory.mktemp("acme") / "acme_camera.py"
    path.write_text(found[1])
    spec = importlib.util.spec_from_file_location("acme_camera", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_acme(driver: ModuleType, bench: Bench, serial: str = SERIAL) -> Camera:
    options = driver.AcmeCameraOptions(serial=serial, preview_width=160, preview_height=120)
    camera = driver.AcmeCamera(options, bench)
    assert isinstance(camera, Camera)
    return camera


@pytest_asyncio.fixture
async def booth(driver: ModuleType, handle: AcmeHandle, tmp_path: Path) -> AsyncIterator[Booth]:
    bench = Bench(tmp_path)
    camera, lights = make_acme(driver, bench), SimLightRig(SimLightsOptions(), bench)
    async with camera, lights:
        await lights.set(Light.WHITE, 0.5)
        yield camera, lights
    assert handle.settings == {"automatic": False, "connected": False}


async def test_a_camera_that_is_not_there_says_what_to_do(
    driver: ModuleType, handle: AcmeHandle, tmp_path: Path
) -> None:
    with pytest.raises(DeviceUnavailable, match="no Acme camera 999: check its cable and power"):
        async with make_acme(driver, Bench(tmp_path), "999"):
            pass


async def test_without_the_makers_library_the_extra_is_named(driver: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match=r"pip install 'dermabooth\[acme\]'"):
        async with make_acme(driver, Bench(tmp_path)):
            pass


async def test_a_camera_that_does_not_obey_has_failed(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AcmeHandle, "set", lambda *_: (0.5, 0.0))
    with pytest.raises(Exception, match=r"asked for 0.01 s, the camera took 0.5 s"):
        await booth[0].expose(NOMINAL, SHOT)
