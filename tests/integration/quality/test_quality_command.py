"""`dermabooth quality` on files."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from dermabooth import cli
from tests.fixtures.real_face import real_face

pytestmark = pytest.mark.integration

NAMES = {
    "underexposure",
    "overexposure",
    "specular_reflection",
    "sharpness",
    "noise",
    "color_cast",
    "illumination_uniformity",
    "head_pose",
    "framing",
}
Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process: exit status, output, errors."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str | Path) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["dermabooth", "quality", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    return written(real_face(), tmp_path / "portrait.png")


def written(srgb: np.ndarray[Any, Any], path: Path) -> Path:
    cv2.imwrite(str(path), srgb[..., ::-1])
    return path


def measures(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {measure["name"]: measure for measure in record["measures"]}


def test_the_records_hold_value_unit_threshold_and_advice(
    quality: Run, portrait: Path, tmp_path: Path
) -> None:
    dark = written((real_face() * 0.3).astype(np.uint8), tmp_path / "dark.png")
    out = tmp_path / "records.json"
    status, shown, told = quality(
        portrait, dark, "--recipe", "uncontrolled", "--triton", "none", "--json", out
    )
    assert status == 0
    good, bad = json.loads(out.read_text())
    assert list(good) == ["image", "recipe", "profile", "verdict", "threshold_version", "measures"]
    assert (good["image"], good["recipe"], good["profile"]) == (str(portrait), "uncontrolled", "normal")
    assert measures(good).keys() >= NAMES
    for measure in good["measures"]:
        assert measure.keys() == {"name", "value", "unit", "threshold", "verdict", "region", "advice"}
    assert bad["verdict"] == "fail"
    failed = measures(bad)["underexposure"]
    assert failed["value"] > failed["threshold"] > 0
    assert failed["advice"] in shown
    assert measures(good)["head_pose"]["verdict"] == "unknown"
    assert "box of the face only" in told


def test_a_file_that_is_no_picture_is_named_and_the_others_measured(
    quality: Run, portrait: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    out = tmp_path / "records.json"
    status, _, told = quality(
        tmp_path / "notes.png", portrait, "--recipe", "uncontrolled", "--triton", "none", "--json", out
    )
    assert status == 1
    assert "notes.png" in told
    assert [record["image"] for record in json.loads(out.read_text())] == [str(portrait)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--recipe", "moonlight"), "standard, uncontrolled"),
        (("--recipe", "uncontrolled", "--profile", "lax"), "normal, off, strict"),
        (("--recipe", "standard", "--tab", "1,2,3"), "X,Y,WIDTH,HEIGHT,REFLECTANCE"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_there_is(
    quality: Run, portrait: Path, arguments: tuple[str, ...], words: str
) -> None:
    status, _, told = quality(portrait, "--triton", "none", *arguments)
    assert status == 1
    assert len(told.splitlines()) == 1
    assert words in told


def test_a_booth_picture_is_held_to_its_tab(quality: Run, tmp_path: Path) -> None:
    picture = np.full((480, 640, 3), 90, np.uint8)
    picture[20:84, 20:84] = 124
    path, out = written(picture, tmp_path / "booth.png"), tmp_path / "records.json"
    common = (path, "--recipe", "standard", "--triton", "none", "--json", out)
    assert quality(*common)[0] == 0
    assert measures(json.loads(out.read_text())[0])["neutral_tab_exposure"]["verdict"] == "unknown"
    assert quality(*common, "--tab", "20,20,64,64,0.2")[0] == 0
    found = measures(json.loads(out.read_text())[0])["neutral_tab_exposure"]
    assert found["value"] == pytest.approx(0, abs=0.03)


def test_with_the_segmenter_pose_and_cover_are_told(
    quality: Run, portrait: Path, tmp_path: Path, triton_url: str
) -> None:
    out = tmp_path / "records.json"
    assert quality(portrait, "--recipe", "uncontrolled", "--triton", triton_url, "--json", out)[0] == 0
    (record,) = json.loads(out.read_text())
    assert 0 <= measures(record)["head_pose"]["value"] < 25
    assert measures(record)["occlusion"]["value"] is not None
    assert "iso_natural_colour" in measures(record)
