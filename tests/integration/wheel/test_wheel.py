"""The wheel by itself: built, installed into an empty folder, run from elsewhere without the checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from dermabooth import __version__

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[3]
PACKAGES = {"dermabooth", "phantom", "server", "station", "training"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel; needs the pages that `make setup` builds."""
    assert (ROOT / "web" / "dist" / "index.html").is_file(), "the pages are not built: make setup"
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel is installed into."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(folder)]
    quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    subprocess.run([*command, *quiet, str(wheel)], check=True, capture_output=True, timeout=100)
    return folder


def run(installed: Path, elsewhere: Path, *arguments: str) -> str:
    """What Python prints that sees the installed folder and the dependencies, and no checkout."""
    # -S: without the file by which site-packages names this checkout.
    path = os.pathsep.join([str(installed), sysconfig.get_path("purelib")])
    done = subprocess.run(
        [sys.executable, "-S", *arguments],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(f"dermabooth-{__version__}.dist-info/METADATA").decode()
        entry = archive.read(f"dermabooth-{__version__}.dist-info/entry_points.txt").decode()
    assert {name.split("/")[0] for name in names} == {*PACKAGES, f"dermabooth-{__version__}.dist-info"}
    assert message_from_string(metadata)["License-Expression"] == "Apache-2.0"
    assert {name.rpartition("/")[2] for name in names} >= {"LICENSE", "NOTICE"}
    assert "dermabooth = dermabooth.cli:main" in entry
    assert not [name for name in names if name.endswith((".pyc", ".ready")) or "node_modules" in name]


def files(folder: Path) -> set[Path]:
    """The files below a folder that git would keep."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts and path.suffix != ".pyc"}


def test_every_module_and_data_file_of_the_checkout_is_in_it(installed: Path) -> None:
    for package in PACKAGES - {"dermabooth"}:
        assert files(installed / package) == files(ROOT / package)
    data = installed / "dermabooth" / "data"
    assert files(data / "configs") == files(ROOT / "configs")
    assert files(data / "triton_models") == files(ROOT / "triton_models")
    assert files(data / "web") == files(ROOT / "web" / "dist")


def test_every_module_can_be_imported_from_it(installed: Path, tmp_path: Path) -> None:
    code = """
import importlib, json, pkgutil, sys
names = []
for package in sys.argv[1:]:
    names += [found.name for found in pkgutil.walk_packages([f"{sys.path[1]}/{package}"], f"{package}.")]
skipped = ("__main__", "backend", "migrations.env", "launch")
loaded = [importlib.import_module(name) for name in names if not any(word in name for word in skipped)]
print(json.dumps([module.__file__ for module in loaded]))
"""
    # The trainers need an extra.
    files = json.loads(run(installed, tmp_path, "-c", code, *sorted(PACKAGES - {"training"})))
    assert len(files) > 100
    assert [file for file in files if not file.startswith(str(installed))] == []


def test_the_data_folders_are_its_own(installed: Path, tmp_path: Path) -> None:
    code = """
import json
from dermabooth import resources
print(json.dumps([str(f()) for f in (resources.configs, resources.triton_models, resources.web)]))
"""
    configs, models, web = map(Path, json.loads(run(installed, tmp_path, "-c", code)))
    for folder in (configs, models, web):
        assert folder.is_relative_to(installed)
    assert (configs / "station" / "sim.toml").is_file()
    assert (web / "index.html").is_file()
    assert (web / "kiosk.html").is_file()


def test_its_commands_run_elsewhere(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "-m", "dermabooth", "version").strip() == __version__
    listed = run(installed, tmp_path, "-m", "dermabooth", "models", "list")
    for folder in (ROOT / "triton_models").iterdir():
        assert folder.name in listed
    for command in ("demo", "analyze", "server", "station", "doctor", "booth"):
        assert "Usage: " in run(installed, tmp_path, "-m", "dermabooth", command, "--help")
    assert list(tmp_path.iterdir()) == []


def test_its_shipped_booths_and_servers_can_be_loaded(installed: Path, tmp_path: Path) -> None:
    code = """
from dermabooth import resources
from server.config import ServerConfig
from station.config import StationConfig
for path in (resources.configs() / "server").glob("*.toml"):
    ServerConfig.load(path)
for path in (resources.configs() / "station").glob("*.toml"):
    print(StationConfig.load(path).visit_protocol.name)
"""
    protocols = run(installed, tmp_path, "-c", code).split()
    assert set(protocols) == {"dermoscope", "front", "photograph"}
    assert len(protocols) == len(list((ROOT / "configs" / "station").glob("*.toml")))


def test_its_migrations_make_a_database(installed: Path, tmp_path: Path) -> None:
    code = """
import asyncio
from server.store import Store

async def main():
    store = Store.open("sqlite:///made.db")
    print(len(await store.visits()))
    await store.close()

asyncio.run(main())
"""
    assert run(installed, tmp_path, "-c", code).strip() == "0"
    assert (tmp_path / "made.db").is_file()
