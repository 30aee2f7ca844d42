"""A running booth's records: what its folder has meanwhile, and nothing changed until it is used."""

import os
from pathlib import Path

import msgspec
import pytest

from station.calibration import (
    Calibration,
    CurrentCalibration,
    IrradianceRecord,
    load_calibration,
    load_record,
    save_record,
)
from station.protocol import Light

pytestmark = pytest.mark.unit

SHIPPED = load_record(min((Path(__file__).parents[3] / "configs/calibration/sim").glob("*.json"))).record


def opened(folder: Path) -> CurrentCalibration:
    return CurrentCalibration(folder, lambda: load_calibration(folder, "sim"))


def ids(calibration: Calibration) -> list[str]:
    return [kept.id for kept in calibration.records]


def test_a_new_record_is_found_and_holds_once_it_is_used(tmp_path: Path) -> None:
    current = opened(tmp_path / "later")
    assert (ids(current.now), current.newer()) == ([], None)
    kept, _ = save_record(SHIPPED, tmp_path / "later")
    found = current.newer()
    assert found is not None
    assert ids(current.now) == []
    current.use(found)
    assert ids(current.now) == [kept.id]
    assert current.newer() is None


def test_a_half_copied_record_is_read_again_once_it_is_whole(tmp_path: Path) -> None:
    _, path = save_record(SHIPPED, tmp_path)
    whole = path.read_bytes()
    os.chmod(path, 0o600)
    path.write_bytes(whole[:100])
    current = opened(tmp_path)
    assert (ids(current.now), path.name in current.now.problem) == ([], True)
    path.write_bytes(whole)
    found = current.newer()
    assert found is not None
    assert len(found.calibration.records) == 1


def test_a_record_that_was_taken_away_holds_no_longer(tmp_path: Path) -> None:
    _, path = save_record(SHIPPED, tmp_path)
    current = opened(tmp_path)
    path.unlink()
    found = current.newer()
    assert found is not None
    assert ids(found.calibration) == []


def test_the_irradiance_is_that_of_the_records_in_use(tmp_path: Path) -> None:
    lamp = IrradianceRecord(light=Light.UV, w_m2=10.0, peak_nm=365.0, meter="test")
    current = opened(tmp_path)
    assert current.irradiance(Light.UV)[0] is None
    save_record(msgspec.structs.replace(SHIPPED, irradiances=(lamp,)), tmp_path)
    found = current.newer()
    assert found is not None
    current.use(found)
    assert current.irradiance(Light.UV)[0] == lamp
