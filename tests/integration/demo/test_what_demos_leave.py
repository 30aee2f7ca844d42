"""However the demo ends, it leaves no process and no light behind; by its name last, for it ends the demo that all share."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fixtures.demo import Demo, person

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

DARK = {"light": None, "power": 0.0}


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Demo]:
    """A demo whose booth has just switched its first light on."""
    demo = Demo.sim(tmp_path, person(dark=False))
    try:
        demo.wait_for_file(demo.light_file)
        yield demo
    finally:
        demo.close()


def test_sigterm_in_the_middle_of_things_ends_everything(starting: Demo) -> None:
    while json.loads(starting.light_file.read_text())["light"] is None:
        time.sleep(0.05)
    names = {process.name() for process in starting.family() if process.is_running()}
    assert "tritonserver" in names
    status, left = starting.end(signal.SIGTERM)
    assert (status, left) == (0, []), starting.output
    assert json.loads(starting.light_file.read_text()) == DARK


def test_killed_it_takes_its_programs_with_it(starting: Demo) -> None:
    status, left = starting.end(signal.SIGKILL)
    assert (status, left) == (-signal.SIGKILL, [])
    assert json.loads(starting.light_file.read_text()) == DARK


def test_a_second_demo_on_the_same_data_says_so_and_harms_nobody(demo: Demo) -> None:
    second = Demo.sim(demo.folder / "second", 1, "--data", str(demo.data))
    try:
        assert second.wait_ended() == 1
    finally:
        second.close()
    assert "another Triton runs in" in second.output
    assert "Traceback" not in second.output
    assert demo.process.poll() is None


def test_ctrl_c_ends_everything(demo: Demo) -> None:
    before = demo.family()
    assert len([process for process in before if process.is_running()]) >= 5
    status, left = demo.end(signal.SIGINT)
    assert (status, left) == (0, []), demo.output
    assert json.loads(demo.light_file.read_text()) == DARK
    assert not [p for p in before if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
