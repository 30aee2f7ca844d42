"""The daily check: what moved is found, by as much as it moved."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from station.calibration import (
    BadRecord,
    ChartShot,
    DailyCheck,
    Drift,
    NamedRecord,
    Session,
    append_history,
    check_drift,
    make_record,
    named,
    read_history,
    read_session,
)
from station.protocol import Light, Verdict
from tests.fixtures.chart_pictures import CLASSIC, mixing, photograph, scene

pytestmark = pytest.mark.unit

LIGHTS = ((Light.WHITE, 0.8), (Light.CROSS_POLARISED, 0.4), (Light.PARALLEL_POLARISED, 0.4))


def shots(
    *,
    seed: int,
    dimmed: Mapping[Light, float] | None = None,
    matrix: NDArray[np.float64] | None = None,
    blur: float = 0.8,
    only: int = 3,
) -> list[ChartShot]:
    return [
        ChartShot(
            frame=photograph(
                scene(),
                level=level * (dimmed or {}).get(light, 1.0),
                optics=mixing(np.eye(3) if matrix is None else matrix),
                blur=blur,
                seed=seed + step,
                light=light,
            ),
            power=1.0,
        )
        for step, (light, level) in enumerate(LIGHTS[:only])
    ]


@lru_cache(maxsize=1)
def kept() -> NamedRecord:
    session = Session(layout=CLASSIC, shots=shots(seed=1))
    made = make_record(
        session, read_session(session), rig="rig-1", made_at=1.79e9, made_by="A", software="test"
    )
    return named(made)


def checked(today: list[ChartShot]) -> DailyCheck:
    readings = read_session(Session(layout=CLASSIC, shots=today))
    return check_drift(kept(), today, readings, CLASSIC, checked_at=1.7901e9, made_by="B")


def figures(check: DailyCheck) -> dict[str, Drift]:
    return {figure.name: figure for figure in check.figures}


def test_an_unchanged_rig_passes() -> None:
    check = checked(shots(seed=50))
    assert check.verdict is Verdict.PASS
    assert check.calibration == kept().id
    found = figures(check)
    assert set(found) == {
        *(f"{what}/{light}" for what in ("colour", "lamp") for light, _ in LIGHTS),
        "scale",
        "focus",
        "polarisation",
    }
    assert found["colour/white"].drift < 0.3
    assert found["scale"].drift < 0.05


def test_a_dimmed_lamp_is_told_from_a_change_of_colour() -> None:
    found = figures(checked(shots(seed=60, dimmed={Light.WHITE: 0.92, Light.CROSS_POLARISED: 0.8})))
    assert (found["lamp/white"].verdict, found["lamp/cross_polarised"].verdict) == (
        Verdict.WARN,
        Verdict.FAIL,
    )
    assert found["lamp/white"].drift == pytest.approx(8, abs=0.5)
    assert found["polarisation"].drift == pytest.approx(25, abs=1)
    # Colour is held against the tab, which dims alike.
    assert found["colour/white"].verdict is Verdict.PASS


def test_other_filters_and_a_lost_focus_fail() -> None:
    leaking = np.array([[0.85, 0.15, 0.0], [0.0, 1.0, 0.0], [0.0, 0.1, 0.9]])
    check = checked(shots(seed=70, matrix=leaking, blur=1.8))
    found = figures(check)
    assert found["colour/white"].drift > 1.5
    assert found["focus"].verdict is Verdict.FAIL
    assert found["scale"].verdict is Verdict.PASS
    assert check.verdict is Verdict.FAIL


def test_a_dead_lamp_fails_and_is_named() -> None:
    check = checked(shots(seed=80, only=2))
    assert check.verdict is Verdict.FAIL
    assert list(check.unread) == ["parallel_polarised"]


def test_the_history_grows_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "calibration" / "history.jsonl"
    assert read_history(path) == []
    one = checked(shots(seed=50))
    append_history(one, path)
    append_history(one, path)
    assert read_history(path) == [one, one]
    with path.open("a") as file:
        file.write("nothing\n")
    with pytest.raises(BadRecord, match="line 3"):
        read_history(path)
    path.write_bytes(b'{"checked_at":1.0,"rig":"\xff"}\n')
    with pytest.raises(BadRecord, match=r"line 1.*move the file aside"):
        read_history(path)


def test_a_power_cut_while_a_check_is_written_loses_that_check_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    one = checked(shots(seed=50))
    append_history(one, path)
    append_history(one, path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 20)
    assert read_history(path) == [one]
    append_history(one, path)
    assert read_history(path) == [one, one]
