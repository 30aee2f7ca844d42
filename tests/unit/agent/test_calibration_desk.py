"""What the desk tells of the record that holds, and of whose check it was."""

from pathlib import Path

import pytest

from station.agent.calibration import CalibrationDesk
from station.calibration import HISTORY, CurrentCalibration, DailyCheck, append_history
from station.config import StationConfig
from station.protocol import Verdict

pytestmark = pytest.mark.unit

CONFIGS = Path(__file__).parents[3] / "configs"


def a_desk(tmp_path: Path) -> tuple[CalibrationDesk, CurrentCalibration]:
    camera = {"width": 900, "height": 600}
    config = StationConfig.load(CONFIGS / "station/sim.toml", {"data": tmp_path, "camera": camera})
    records = config.current_calibration()
    return CalibrationDesk(config, records, lambda: None), records


def a_check(of: str, verdict: Verdict) -> DailyCheck:
    return DailyCheck(
        checked_at=1.8e9, rig="sim", calibration=of, made_by="test", verdict=verdict, figures=()
    )


@pytest.mark.parametrize("earlier", [True, False])
async def test_a_check_of_an_earlier_record_is_history_and_no_verdict(tmp_path: Path, earlier: bool) -> None:
    desk, records = a_desk(tmp_path)
    holding = next(kept.id for kept in records.now.records if kept.record.width == 900)
    history = tmp_path / "calibration" / HISTORY
    append_history(a_check("sim-20260101-00000000" if earlier else holding, Verdict.FAIL), history)
    await desk.open()
    status = desk.status(None)
    desk.close()
    assert status.record == holding
    assert (status.verdict, status.checked_at) == (("", None) if earlier else ("fail", 1.8e9))
    assert [check.verdict for check in desk.history()] == ["fail"]
