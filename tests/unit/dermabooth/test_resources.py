"""Where the data folders are."""

from pathlib import Path

import pytest

from dermabooth import resources

pytestmark = pytest.mark.unit


def test_a_checkout_has_them_beside_the_packages() -> None:
    root = Path(__file__).parents[3]
    assert resources.configs() == root / "configs"
    assert resources.triton_models() == root / "triton_models"
    assert resources.web() == root / "web/dist"
    assert resources.triton_environment() == root / ".venv-triton"


def test_a_wheel_has_them_in_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "dermabooth"
    for name in ("configs", "triton_models", "web"):
        (package / "data" / name).mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    monkeypatch.setattr(resources, "_CHECKOUT", package.parent)
    monkeypatch.chdir(tmp_path)
    assert resources.configs() == package / "data" / "configs"
    assert resources.triton_models() == package / "data" / "triton_models"
    assert resources.web() == package / "data" / "web"
    assert resources.triton_environment() == tmp_path / ".venv-triton"
