"""The progress line of `make setup` where there is no terminal."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.unit

SCRIPT = Path(__file__).parents[3] / "scripts" / "progress.py"


@pytest.fixture
def progress() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_progress", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(
    progress: ModuleType, script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    monkeypatch.setattr(sys, "argv", ["progress.py", "Front end", "--", sys.executable, "-c", script])
    status = progress.main()
    return status, [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]


def test_a_log_hears_of_the_start_of_signs_of_life_and_of_the_end(
    progress: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SIGN_SECONDS", 1.0)
    status, lines = told(progress, "import time; time.sleep(4)", monkeypatch, capsys)
    assert status == 0
    assert lines[:3] == ["Front end …", "Front end … 1 s", "Front end … 2 s"]
    assert lines[-1].startswith("Front end done in ")


def test_a_step_that_fails_shows_what_the_command_said(
    progress: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = told(progress, "raise SystemExit('no network')", monkeypatch, capsys)
    assert status == 1
    assert lines[0] == "Front end …"
    assert lines[1].startswith("Front end FAILED in ")
    assert lines[2] == "no network"
