"""A booth whose camera driver does not come back: dark at once, and ended in a bounded time."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from station.config import StationConfig

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CLOSE_LIMIT_S = 2.0
PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from dermabooth.running import run
from station.agent import StationAgent
from station.config import StationConfig
from station.devices import driver_thread, registry
from station.devices.v4l2 import V4l2Camera, V4l2CameraOptions
from tests.contract.devices.uvc_camera import UvcCamera

never, _ = os.pipe()

class Hung(UvcCamera):
    pictures = 0

    def read(self):
        self.pictures += 1
        if self.pictures > int(sys.argv[3]):
            Path(sys.argv[2], "hung").touch()
            os.read(never, 1)  # a system call without end, as an ioctl of a wedged camera is
        return super().read()

def make(options, bench):
    return V4l2Camera(options, bench, lambda path: Hung(bench))

driver_thread.CLOSE_LIMIT_S = float(sys.argv[4])
registry.CAMERAS = {**registry.CAMERAS, "v4l2": registry.Driver(V4l2CameraOptions, make)}
run(StationAgent(StationConfig.load(Path(sys.argv[1]), {"data": sys.argv[2]})).run())
"""


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], limit_s: float) -> None:
    limit = time.monotonic() + limit_s
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.mark.parametrize("pictures", [0, 8])
def test_dark_at_once_and_ended_in_time(
    make_config: Callable[..., StationConfig], tmp_path: Path, pictures: int
) -> None:
    make_config()
    file = tmp_path / "station.toml"
    text = file.read_text()
    camera = text[text.index("[camera]") : text.index("[lights]")]
    file.write_text(text.replace(camera, '[camera]\ntype = "v4l2"\nwidth = 240\nheight = 160\n'))
    light, data = tmp_path / "light.json", tmp_path / "data"
    arguments = [str(file), str(data), str(pictures), str(CLOSE_LIMIT_S)]

    def shines() -> bool:
        return light.exists() and json.loads(light.read_text())["light"] is not None

    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_for((data / "hung").exists, process, 60)
            assert shines() is (pictures > 0)
            process.send_signal(signal.SIGTERM)
            wait_for(lambda: not shines(), process, 20)  # while the process still waits for the camera
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, errors
    assert "left behind: v4l2-camera" in errors
    assert "Traceback" not in errors
