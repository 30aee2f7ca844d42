"""Who follows docs/how-to/add-a-camera.md has a camera like any other."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from station.devices import Bench, Camera
from station.errors import DeviceError, DeviceUnavailable
from tests.contract.devices.test_camera import NOMINAL, SHOT

pytestmark = [pytest.mark.contract, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "add-a-camera.md").read_text()
STATION = Path("station/devices")
TESTS = Path("tests/contract/devices")
FILES = (
    STATION / "acme" / "camera.py",
    STATION / "acme" / "__init__.py",
    STATION / "registry.py",
    TESTS / "acme_sdk.py",
    TESTS / "test_camera.py",
)
"""What each block of Python on the page is for, in its order."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.+?)```", PAGE, re.DOTALL)


def commands() -> list[list[str]]:
    return [shlex.split(line[2:]) for block in blocks("console") for line in block.splitlines()]


def entered(module: str, block: str) -> str:
    """The module with the block's imports, functions and lines of tables in it."""
    for part in re.split(r"\n{2,}(?! )|\n(?=[A-Z])", block.strip()):
        first = part.partition("\n")[0]
        name = first.partition(" =")[0]
        if first.startswith(("import ", "from ")):
            module = module.replace("\nfrom station.", f"\n{part}\nfrom station.", 1)
        elif part.endswith("    ...\n}"):
            assert f"\n{first}\n" in module
            module = module.replace(first, part.removesuffix("\n    ...\n}"))
        elif " =" in first:
            assert f"\n{name} = " in module
            module = re.sub(rf"^{name} = .*$", part, module, flags=re.MULTILINE)
        else:
            module = module.replace("\nBOOTHS:", f"\n{part}\n\n\nBOOTHS:")
    return module


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts of a checkout that the page works on, with every block of it in its place."""
    checkout = tmp_path_factory.mktemp("acme")
    for folder in ("station", "tests/fixtures", str(TESTS)):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / file, checkout / file)
    (checkout / "configs").symlink_to(ROOT / "configs")
    (checkout / STATION / "acme").mkdir()
    for name, block in zip(FILES, blocks("python"), strict=True):
        path = checkout / name
        path.write_text(entered(path.read_text(), block) if path.exists() else block)
    return checkout


def test_the_documented_command_passes(checkout: Path) -> None:
    (command,) = (command for command in commands() if command[0] == "pytest")
    told = subprocess.run(
        [sys.executable, "-m", *command, "-p", "no:cacheprovider"],
        cwd=checkout, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "skipped" not in told.stdout, told.stdout
    assert re.search(r"\d\d passed", told.stdout), told.stdout


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def library(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's stand-in where the driver looks for the maker's library."""
    library = loaded(checkout / TESTS / "acme_sdk.py")
    monkeypatch.setitem(sys.modules, "acme_sdk", library)
    return library


def make_acme(checkout: Path, serial: str = "12345") -> Camera:
    driver = loaded(checkout / STATION / "acme" / "camera.py")
    camera = driver.AcmeCamera(driver.AcmeCameraOptions(serial=serial), Bench(checkout))
    assert isinstance(camera, Camera)
    return camera


async def test_a_camera_that_is_not_there_says_what_to_do(checkout: Path, library: ModuleType) -> None:
    with pytest.raises(DeviceUnavailable, match="no Acme camera 999: check its cable and power"):
        async with make_acme(checkout, "999"):
            pass


async def test_without_the_makers_library_the_documented_extra_is_named(checkout: Path) -> None:
    (line,) = re.findall(r"`(acme = \[.+?\])`", PAGE)
    (name,) = tomllib.loads(line)
    with pytest.raises(DeviceUnavailable, match=rf"pip install 'dermabooth\[{name}\]'"):
        async with make_acme(checkout):
            pass


async def test_nothing_stays_automatic_and_the_camera_is_let_go_of(
    checkout: Path, library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(library.AcmeHandle, "automatic", lambda _, on: told.append(on))
    monkeypatch.setattr(library.AcmeHandle, "disconnect", lambda _: told.append("disconnect"))
    async with make_acme(checkout):
        assert told == [False]
    assert told == [False, "disconnect"]


async def test_a_camera_that_does_not_obey_has_failed(
    checkout: Path, library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.AcmeHandle, "set", lambda *_: (0.5, 0.0))
    async with make_acme(checkout) as camera:
        with pytest.raises(DeviceError, match=r"asked for 0.01 s, the camera took 0.5 s"):
            await camera.expose(NOMINAL, SHOT)
