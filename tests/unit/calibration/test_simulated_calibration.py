"""The shipped records of the simulated booth, and the command that makes them, against the simulation's truth."""

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dermabooth.commands.calibrate_shots import shoot_session
from phantom import trace
from phantom.identity import Identity
from station.calibration import classic_sheet, load_calibration, load_record, make_record, read_session
from station.config import StationConfig
from station.protocol import Box, CameraInfo, FrameHeader, Light, NeutralTab

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "configs/calibration/sim").glob("*.json"))


def test_both_picture_sizes_are_shipped() -> None:
    sizes = {(load_record(path).record.width, load_record(path).record.height) for path in SHIPPED}
    assert sizes == {(3000, 2000), (900, 600)}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_record_tells_the_truth_of_the_simulation(path: Path) -> None:
    record = load_record(path).record
    assert record.scale.px_per_mm == pytest.approx(min(record.height / 330, record.width / 270), rel=1e-3)
    for colour in record.colours:
        # The simulated camera sees sRGB; cyan lies outside of it and is clipped.
        assert colour.from_tab == pytest.approx(np.eye(3).ravel(), abs=0.015)
        assert max(error for name, error in colour.errors.items() if name != "cyan") < 0.4
    assert record.polarisation_gain == pytest.approx(1.0, rel=0.01)
    lamps = {lamp.light: np.mean(lamp.level_per_s) for lamp in record.lamps}
    # Full scale in 5 ms of white light; in 10 ms under polarisers, which pass half.
    assert lamps[Light.WHITE] == pytest.approx(200, rel=0.01)
    assert lamps[Light.CROSS_POLARISED] == pytest.approx(50, rel=0.01)
    assert record.focus is not None
    assert record.focus.position == pytest.approx(0, abs=0.05)
    assert all(item.passed for item in record.acceptance)


def test_they_hold_for_whoever_sits_in_the_simulated_booth() -> None:
    config = StationConfig.load(ROOT / "configs/station/sim.toml")
    camera = CameraInfo(
        manufacturer="dermabooth", model="simulated camera", serial="seed-7", lens="simulated"
    )
    tab = NeutralTab(Box(x=10, y=10, width=100, height=100), 0.5)
    header = FrameHeader(
        frame_id=1, width=3000, height=2000, light=Light.WHITE, camera=camera, neutral_tab=tab
    )
    told = config.load_calibration().stamp(header)
    assert told.calibration in {path.stem for path in SHIPPED}
    assert (told.color_refused, told.scale_refused) == ("", "")
    small = trace(Identity.sample(7), 300, 200)
    assert told.px_per_mm == pytest.approx(10 * small.truth["px_per_mm"], rel=1e-3)


def test_the_command_photographs_chart_and_card(tmp_path: Path) -> None:
    size = {"width": 900, "height": 600}
    config = StationConfig.load(ROOT / "configs/station/sim.toml", {"data": tmp_path, "camera": size})
    asked: list[str] = []
    session = asyncio.run(
        shoot_session(config, classic_sheet(), asked.append, card=True, focus_steps=0, distance_mm=1000)
    )
    assert session.shots[0].light is Light.WHITE
    assert len(asked) == 2
    record = make_record(
        session, read_session(session), rig="sim", made_at=1.79e9, made_by="test", software="test"
    )
    shipped = load_calibration(ROOT / "configs/calibration/sim", "sim")
    kept, _ = shipped.holding(record.camera, 900, 600)
    assert kept is not None
    assert record.scale.px_per_mm == pytest.approx(kept.record.scale.px_per_mm, rel=1e-3)
    assert msgspec.json.decode(msgspec.json.encode(record), type=type(record)) == record
