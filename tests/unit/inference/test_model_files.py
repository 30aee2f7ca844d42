"""The identity of model files, scales, and the log that stays small."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from server.config import TritonConfig
from server.errors import ConfigError
from server.inference import SCALES, model_info, model_infos, triton_address
from server.inference.logfile import BoundedLog

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).resolve().parents[3] / "triton_models"


def _model(repository: Path, name: str, weights: bytes, version: int = 1) -> None:
    folder = repository / name / str(version)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(weights)
    (repository / name / "config.pbtxt").write_text(f'name: "{name}"')


def test_the_newest_version_counts(tmp_path: Path) -> None:
    _model(tmp_path, "skin", b"one")
    (tmp_path / "skin" / "10").mkdir()
    (tmp_path / "skin" / "10" / "model.onnx").write_bytes(b"ten")
    info = model_info(tmp_path, "skin")
    assert (info.version, info.sha256) == (10, hashlib.sha256(b"ten").hexdigest())


def test_an_ensemble_changes_with_its_members(tmp_path: Path) -> None:
    _model(tmp_path, "skin", b"one")
    (tmp_path / "live" / "1").mkdir(parents=True)
    (tmp_path / "live" / "config.pbtxt").write_text('step [ { model_name: "skin" } ]')
    before = model_info(tmp_path, "live").sha256
    (tmp_path / "skin" / "1" / "model.onnx").write_bytes(b"two")
    assert model_info(tmp_path, "live").sha256 != before


def test_every_folder_of_the_repository_is_a_model_with_a_card() -> None:
    folders = sorted(path for path in REPOSITORY.iterdir() if path.is_dir())
    assert [info.name for info in model_infos(REPOSITORY)] == [path.name for path in folders]
    for folder in folders:
        card = (folder / "MODEL_CARD.md").read_text()
        assert "clinicians" in card
        assert "not established" in card


def test_a_model_that_nobody_asks_is_left_out(tmp_path: Path) -> None:
    _model(tmp_path, "skin", b"one")
    _model(tmp_path, "slow", b"two")
    assert [info.name for info in model_infos(tmp_path, without={"slow"})] == ["skin"]


def test_scales_are_linear() -> None:
    values = SCALES["melanin"].quantity(np.array([15, 75], np.uint8))
    assert values.tolist() == [0.0, 1.0]
    assert SCALES["reflection"].quantity(np.array([255], np.uint8))[0] == pytest.approx(0.25)


def test_the_log_stays_small(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "triton.log", limit=1000)
    for index in range(100):
        log.write(b"%060d\n" % index)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"triton.log", "triton.log.1"}
    assert max(sizes.values()) <= 1000
    assert log_end(tmp_path) == 99


def log_end(folder: Path) -> int:
    return int((folder / "triton.log").read_text().splitlines()[-1])


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    BoundedLog(tmp_path / "missing" / "triton.log").write(b"words")


async def test_a_managed_triton_needs_a_port(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"triton\.url"):
        async with triton_address(TritonConfig(url="localhost"), tmp_path, tmp_path):
            pass
