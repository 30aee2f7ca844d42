"""Dose and its weighting, against the published figures."""

from pathlib import Path

import msgspec
import pytest

from station.calibration import (
    EFFECTIVE_J_M2,
    EYE_J_M2,
    Calibration,
    CalibrationRecord,
    IrradianceRecord,
    dose_of,
    hazard_weight,
    load_record,
    named,
)
from station.protocol import Light

pytestmark = pytest.mark.unit

SHIPPED = sorted((Path(__file__).parents[3] / "configs/calibration/sim").glob("*.json"))
LAMP = IrradianceRecord(light=Light.UV, w_m2=10.0, peak_nm=365.0, meter="M-1, 2026-05")
DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("wavelength_nm", "weight"), [(320, 1.0e-3), (350, 2.0e-4), (365, 1.1e-4), (385, 5.3e-5), (400, 3.0e-5)]
)
def test_the_weights_are_those_of_the_table(wavelength_nm: float, weight: float) -> None:
    assert hazard_weight(wavelength_nm) == pytest.approx(weight)


def test_the_weight_falls_with_wavelength_between_the_rows() -> None:
    weights = [hazard_weight(320 + 0.5 * step) for step in range(161)]
    assert weights == sorted(weights, reverse=True)
    assert hazard_weight(410) == hazard_weight(400)


def test_a_dose_is_irradiance_times_power_times_time() -> None:
    dose = dose_of(LAMP, 0.5, 4.0)
    assert dose.j_m2 == pytest.approx(20.0)
    assert dose.effective_j_m2 == pytest.approx(20.0 * 2.0e-4)  # 15 nm below the peak
    assert not dose.exceeds(dose)
    assert dose.exceeds(dose.times(0.99))


def test_near_365_nm_the_eye_s_limit_comes_first() -> None:
    """IEC 62471:2006 4.3.2 before 4.3.1: 1000 s of 10 W/m² for the eye, and two weighted joules of thirty."""
    dose = dose_of(LAMP, 1.0, 1000.0)
    assert dose.j_m2 == pytest.approx(EYE_J_M2)
    assert dose.effective_j_m2 < 0.1 * EFFECTIVE_J_M2


def records(*irradiances: IrradianceRecord) -> CalibrationRecord:
    return msgspec.structs.replace(load_record(SHIPPED[0]).record, irradiances=irradiances, made_at=0.0)


def test_the_newest_record_with_an_irradiance_holds() -> None:
    with_lamp, without = named(records(LAMP)), named(records())
    assert Calibration("sim", (without, with_lamp)).irradiance(Light.UV) == (LAMP, "")


@pytest.mark.parametrize(
    ("calibration", "reason"),
    [
        (Calibration("sim"), "no calibration record"),
        (Calibration("sim", (named(records()),)), "has no irradiance of the uv lamp"),
        (Calibration("other", (named(records(LAMP)),)), "is of rig sim, this is other"),
        (
            Calibration("sim", (named(records(LAMP)),), 30.0, clock=lambda: 31 * DAY_S),
            "expired on 1970-01-31",
        ),
        (Calibration("sim", problem="a.json was changed"), "a.json was changed"),
    ],
)
def test_without_a_record_that_holds_there_is_a_reason(calibration: Calibration, reason: str) -> None:
    found, why = calibration.irradiance(Light.UV)
    assert found is None
    assert reason in why
