"""Parts of the demo: announcements, programs that end, and the tables."""

import asyncio
import io
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dermabooth.demo.booth import BoothTrouble
from dermabooth.demo.processes import ProgramFailed, program, read_announcement
from dermabooth.demo.show import advising
from dermabooth.demo.tables import show

pytestmark = pytest.mark.unit


def test_an_announcement_of_this_run_is_read(tmp_path: Path) -> None:
    path = tmp_path / "station.json"
    since = time.time() - 1
    assert read_announcement(path, since) is None
    path.write_text('{"kiosk": "http')
    assert read_announcement(path, since) is None
    path.write_text(json.dumps({"kiosk": "http://127.0.0.1:1/"}))
    assert read_announcement(path, since) == {"kiosk": "http://127.0.0.1:1/"}


def test_an_announcement_of_an_earlier_run_is_not(tmp_path: Path) -> None:
    path = tmp_path / "station.json"
    path.write_text("{}")
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert read_announcement(path, time.time() - 1) is None


async def test_a_program_that_does_not_come_up_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"absent\.toml does not exist") as caught:
        async with program(
            "booth", ["station", "--config", "absent.toml"], tmp_path / "log", lambda: None, 60
        ):
            pass
    assert str(caught.value).startswith("the booth ended with status 1; ")


async def test_a_program_that_ends_ends_what_needs_it(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with program("version", ["version"], tmp_path / "log", lambda: True, 60):
            await asyncio.sleep(60)
    (error,) = caught.value.exceptions
    assert isinstance(error, ProgramFailed)


async def test_a_program_that_is_slow_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="not up within 0 s"):
        async with program("server", ["server"], tmp_path / "log", lambda: None, 0.2):
            pass


def test_trouble_says_where_to_look_and_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(BoothTrouble, match=r"^no overlay\. See .*station\.log and .*server\.log") as caught,
        advising(tmp_path),
    ):
        raise BoothTrouble("no overlay")
    assert "start the demo again" in str(caught.value)


def record(light: str, **values: object) -> dict[str, Any]:
    return {"image": f"2.25.{len(light)}", "view": "front", "light": light, **values}


def measure(light: str, name: str, value: float | None, unit: str, reason: str = "") -> dict[str, Any]:
    return record(light, region="face", name=name, value=value, unit=unit, reason=reason)


def printed(outcome: dict[str, Any], width: int = 100) -> list[str]:
    stream = io.StringIO()
    show(outcome, Console(file=stream, width=width))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines() if line.strip()]


def an_outcome(**changes: object) -> dict[str, Any]:
    advice = {"verdict": "warn", "advice": "Turn the lamp down."}
    return {
        "stills": {"taken": 2, "stored": 2, "lost": 0},
        "instances": [{}] * 6,
        "quality": [
            record("white", verdict="pass", measures=[{"verdict": "pass", "advice": ""}]),
            record("cross_polarised", verdict="warn", measures=[advice, advice]),
        ],
        "measures": [
            measure("white", "evenness", 60.04, "1"),
            measure("cross_polarised", "evenness", None, "1", "the face is dark"),
            measure("cross_polarised", "gloss", 1234.5, "%"),
            measure("white", "pores_area", None, "%", "6.1 px/mm, needs 20"),
            measure("white", "wrinkles_area", None, "%", "6.1 px/mm, needs 20"),
            measure("cross_polarised", "pores_area", None, "%", "6.1 px/mm, needs 20"),
            measure("white", "pores_count", 12.0, "1"),
            {**measure("white", "ita", 1.0, "deg"), "region": "nose"},
        ],
        "live": {
            "frames_sent": 9,
            "overlays_received": 8,
            "dropped": 0,
            "latency_ms": {"p50": None, "p95": None},
        },
        "not_taken": [],
        "failures": [],
        **changes,
    }


def test_a_row_is_a_measure_and_a_column_a_light() -> None:
    lines = printed(an_outcome())
    assert lines[0] == "Skin of the whole face, front"
    assert lines[1] == "unit white cross polarised"
    assert "capture quality pass warn" in lines
    assert "evenness 60.0 –" in lines
    assert "gloss % 1234" in lines or "gloss % 1235" in lines
    assert not [line for line in lines if line.startswith(("ITA", "pore"))]


def test_what_cannot_be_measured_is_one_line_with_the_reason() -> None:
    assert "not measurable: pores area, wrinkles area (6.1 px/mm, needs 20)" in printed(an_outcome())


def test_likely_conditions_are_one_line_the_likeliest_first() -> None:
    found = {"condition_dryness": 0.512, "condition_melasma": 0.93, "condition_texture": 0.4}
    measures = [measure("white", name, value, "1") for name, value in found.items()]
    lines = printed(an_outcome(measures=measures))
    assert "conditions, probability: melasma 0.93, dryness 0.51" in lines
    assert not [line for line in lines if line.startswith("condition ")]
    low = printed(an_outcome(measures=[measure("white", "condition_dryness", 0.1, "1")]))
    assert "conditions, probability: none is likely" in low


def test_a_grade_is_a_whole_number_that_says_where_it_is_uncertain() -> None:
    told = {"acne_severity": (1.0, 2.0), "acne_severity_uncertain": (1.0, 0.0)}
    lights = ("white", "cross_polarised")
    measures = [
        measure(light, name, value, "1")
        for name, values in told.items()
        for light, value in zip(lights, values, strict=True)
    ]
    assert [line for line in printed(an_outcome(measures=measures)) if line.startswith("acne")] == [
        "acne severity 1 (uncertain) 2"
    ]


def test_advice_is_said_once() -> None:
    lines = printed(an_outcome())
    assert lines.count("cross polarised: Turn the lamp down.") == 1
    assert not [line for line in lines if line.startswith("white:")]


def test_failures_are_shown_as_they_are() -> None:
    failure = {"sop_instance_uid": "2.25.1", "step": "photo", "state": "failed", "error": "no [space] left"}
    assert printed(an_outcome(failures=[failure]))[-1] == "photo failed: no [space] left"


def test_a_still_that_was_left_out_is_told_with_its_reason() -> None:
    left_out = {"view": "front", "light": "uv", "why": "The interlock reads unsafe."}
    assert "not taken: front, uv: The interlock reads unsafe." in printed(an_outcome(not_taken=[left_out]))
