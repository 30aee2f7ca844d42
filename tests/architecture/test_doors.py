"""Every room's door lists its public names, and the light doors load nothing heavy."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
ROOMS = [
    "phantom",
    *sorted(
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in ("station", "server", "phantom", "training")
        for path in (ROOT / package).glob("*/__init__.py")
        if path.parent.name not in {"backend", "migrations"}
    ),
]
HEAVY = (
    "aiohttp",
    "aiortc",
    "av",
    "zmq",
    "pydicom",
    "sqlmodel",
    "tritonclient",
    "skimage",
    "scipy",
    "highdicom",
)


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_lists_what_it_offers(room: str) -> None:
    door = importlib.import_module(room)
    assert all(hasattr(door, name) for name in door.__all__)
    assert len(set(door.__all__)) == len(door.__all__)


@pytest.mark.parametrize("door", ["station.protocol", "station.quality"])
def test_the_shared_doors_load_nothing_heavy(door: str) -> None:
    code = f"import sys, {door}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""


def test_the_live_process_loads_nothing_that_only_makes_objects() -> None:
    code = "import sys, server.app.live; print(*[name for name in ('highdicom', 'torch') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""


def test_modules_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in ("dermabooth", "phantom", "station", "server", "training", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert not long
