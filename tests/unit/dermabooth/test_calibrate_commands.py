"""`dermabooth calibrate`, as it is typed."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from dermabooth.cli import build
from station.calibration import CLASSIC_LAB, read_history
from station.errors import BadPicture, ConfigError

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
SMALL = """booth_id = "sim-1"
protocol = "{configs}/protocols/front.toml"
quality = "{configs}/quality/normal.toml"
data = "{data}"
[camera]
type = "sim"
width = 900
height = 600
[lights]
type = "sim"
[calibration]
rig = "sim"
folder = "{folder}"
max_age_days = 0
"""


def call(*arguments: str | Path) -> str:
    done = CliRunner().invoke(build(["calibrate"]), ["calibrate", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def booth(tmp_path: Path) -> Path:
    folder = ROOT / "configs/calibration/sim"
    path = tmp_path / "booth.toml"
    path.write_text(SMALL.format(configs=ROOT / "configs", data=tmp_path / "data", folder=folder))
    return path


@pytest.mark.parametrize("command", ["chart", "make", "check", "show"])
def test_every_command_has_an_example(command: str) -> None:
    assert "Example: dermabooth calibrate" in call(command, "--help")


def test_a_sheet_is_written_at_its_scale(tmp_path: Path) -> None:
    told = json.loads(call("chart", tmp_path / "sheet.png", "--dpi", "127", "--json", "-"))
    assert told["layout"] == "classic-24"
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.size == (1050, 1485)
        assert picture.info["dpi"] == pytest.approx((127, 127), abs=0.02)
    call("chart", tmp_path / "sheet.pdf", "--layout", "printed")
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-1.4")


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["sheet.gif"], "name a .pdf or a .png"),
        (["sheet.pdf", "--layout", "round"], "known are classic and printed"),
        (["sheet.pdf", "--pitch", "60"], "5 to 30 mm"),
        (["sheet.png", "--dpi", "5000"], "give 72 to 1200"),
    ],
)
def test_a_mistake_says_what_to_do(tmp_path: Path, arguments: list[str], advice: str) -> None:
    with pytest.raises(ConfigError, match=advice):
        call("chart", tmp_path / arguments[0], *arguments[1:])


def test_the_daily_check_of_the_simulated_booth_passes_and_is_plotted(booth: Path, tmp_path: Path) -> None:
    told = json.loads(call("check", "--config", booth, "--by", "somebody", "--json", "-"))
    assert (told["verdict"], told["made_by"], told["rig"]) == ("pass", "somebody", "sim")
    folder = tmp_path / "data" / "calibration"
    assert [check.calibration for check in read_history(folder / "history.jsonl")] == [told["calibration"]]
    plotted = ET.fromstring((folder / "drift.svg").read_text())
    texts = [element.text for element in plotted.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Scale", "Sharpness lost", "Lamp output, white", "warn", "fail"} <= set(texts)


def test_a_check_without_a_record_says_what_to_run(tmp_path: Path) -> None:
    path = tmp_path / "booth.toml"
    text = SMALL.format(configs=ROOT / "configs", data=tmp_path / "data", folder=tmp_path)
    path.write_text(text)
    with pytest.raises(ConfigError, match="no calibration record of this booth: run `dermabooth calibrate"):
        call("check", "--config", path)
    with pytest.raises(ConfigError, match="run `dermabooth calibrate make`"):
        call("show", "--config", path)


def test_show_tells_a_record(booth: Path) -> None:
    shipped = sorted((ROOT / "configs/calibration/sim").glob("*.json"))
    told = json.loads(call("show", "--config", booth, "--file", shipped[0], "--json", "-"))
    assert told["id"] == shipped[0].stem
    assert np.shape(told["record"]["colours"][0]["matrix"]) == (9,)


def test_the_irradiance_of_the_ultraviolet_lamp_is_kept(booth: Path, tmp_path: Path) -> None:
    lamp = ("--uv-irradiance", "12.5", "--uv-peak", "385", "--uv-meter", "M-7 no. 12, 2026-05-04")
    told = json.loads(
        call("make", "--config", booth, "--folder", tmp_path / "records", "--no-card", *lamp, "--json", "-")
    )
    assert told["record"]["irradiances"] == [
        {"light": "uv", "w_m2": 12.5, "peak_nm": 385.0, "meter": "M-7 no. 12, 2026-05-04"}
    ]
    assert "uv" not in {lamp["light"] for lamp in told["record"]["lamps"]}


@pytest.mark.parametrize(
    "wrong",
    [
        ["--uv-irradiance", "12.5"],
        ["--uv-irradiance", "0", "--uv-meter", "m"],
        ["--uv-irradiance", "5", "--uv-peak", "254", "--uv-meter", "m"],
    ],
)
def test_an_irradiance_that_cannot_be_is_refused(booth: Path, tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(ConfigError, match="give --uv-irradiance, --uv-peak and --uv-meter"):
        call("make", "--config", booth, "--folder", tmp_path / "records", *wrong)


def test_a_reference_that_lacks_patches_is_refused(booth: Path, tmp_path: Path) -> None:
    reference = tmp_path / "print.json"
    reference.write_text(json.dumps({name: lab for name, lab in CLASSIC_LAB.items() if name != "cyan"}))
    with pytest.raises(ConfigError, match="the reference has no cyan"):
        call("make", "--config", booth, "--layout", "printed", "--reference", reference)


def test_nobody_is_asked_without_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (400, 300)).save(tmp_path / "pictures" / "one.png")
    path = tmp_path / "booth.toml"
    text = (ROOT / "configs/station/files.toml").read_text().replace('"pictures"', f'"{tmp_path}/pictures"')
    path.write_text(text.replace('"../', f'"{ROOT}/configs/'))
    with pytest.raises(BadPicture, match="call this with --yes"):
        call("make", "--config", path, "--data", tmp_path / "data")
