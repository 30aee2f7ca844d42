"""A booth that is told to stop: the lights are dark and the exit is clean, in whatever it was doing."""

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
PROGRAM = """
import asyncio, sys
from pathlib import Path
from dermabooth.running import run
from station.agent import StationAgent
from station.config import StationConfig
from station.kiosk import Phase, VisitRequest

async def main():
    agent = StationAgent(StationConfig.load(Path(sys.argv[1]), {"data": sys.argv[2]}))
    async def visit():
        while agent.state.value.phase is not Phase.READY:
            await asyncio.sleep(0.02)
        await agent.start_visit(VisitRequest())
    async with asyncio.TaskGroup() as tasks:
        if sys.argv[3] == "visit":
            tasks.create_task(visit())
        tasks.create_task(agent.run())

run(main())
"""


def wait_for_light(path: Path, light: str, process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        if path.exists() and json.loads(path.read_text())["light"] == light:
            return
        time.sleep(0.02)
    raise AssertionError(f"the light {light} never came on; exit {process.poll()}")


@pytest.mark.parametrize(
    ("doing", "light", "signal_number"),
    [
        ("preview", "white", signal.SIGTERM),
        ("visit", "cross_polarised", signal.SIGTERM),
        ("visit", "parallel_polarised", signal.SIGINT),
    ],
)
def test_dark_and_exit_0(
    make_config: Callable[..., StationConfig], tmp_path: Path, doing: str, light: str, signal_number: int
) -> None:
    make_config(settle_s=1.0)
    state = tmp_path / "light.json"
    arguments = [str(tmp_path / "station.toml"), str(tmp_path / "data"), doing]
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_for_light(state, light, process)
            process.send_signal(signal_number)
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert json.loads(state.read_text()) == {"light": None, "power": 0.0}
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
