"""`dermabooth repeatability` on values that were measured."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dermabooth.cli import build
from dermabooth.commands.repeatability_table import MeasureKey, Value, read_values, report, write_values
from station.errors import ConfigError

pytestmark = pytest.mark.unit


def call(*arguments: str | Path) -> str:
    done = CliRunner().invoke(build(["repeatability"]), ["repeatability", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def values() -> list[Value]:
    rng = np.random.default_rng(5)
    ita, redness = MeasureKey("white", "face", "ita", "deg"), MeasureKey("white", "nose", "redness", "1")
    found = [
        Value(f"head-{head}", capture, ita, 40.0 - 8 * head + float(rng.normal(0, 0.5)))
        for head in range(6)
        for capture in (1, 2, 3)
    ]
    return [*found, Value("head-0", 1, redness, 0.1), Value("head-0", 2, redness, None)]


def test_values_become_figures_and_plots(tmp_path: Path) -> None:
    write_values(values(), tmp_path / "measured.csv")
    told = json.loads(call("--csv", tmp_path / "measured.csv", "--out", tmp_path / "out", "--json", "-"))
    (ita,) = told["measures"]
    assert (ita["measure"], ita["heads"], ita["captures"]) == ("ita", 6, 3)
    assert ita["icc_a1"]["value"] > 0.99
    assert ita["sem"]["low"] < 0.5 < ita["sem"]["high"]
    assert ita["cv_percent"] is None or ita["cv_percent"]["value"] > 0
    assert told["left_out"][0]["reason"] == (
        "whole: 0 of 6 heads with 3 captures each; at least 2 heads with 2 captures are needed"
    )
    assert json.loads((tmp_path / "out" / "repeatability.json").read_text()) == told
    drawn = ET.fromstring((tmp_path / "out" / ita["bland_altman"]["plot"]).read_text())
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 18
    assert read_values(tmp_path / "out" / "values.csv") == values()


def test_only_heads_with_every_capture_count() -> None:
    kept = [one for one in values() if not (one.head == "head-3" and one.capture == 2)]
    found = report(kept).found
    assert [one.subjects for one in found.values()] == [5]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("head,capture,value\n", "no column measure"),
        ("head,capture,measure,value\na,1,ita,x\n", "line 2: could not convert"),
        ("head,capture,measure,value\na,1,ita,inf\n", "line 2: value inf is not finite"),
        ("head,capture,measure,value\na,1,ita,3\n", "nothing to report: whole: 1 of 1 head with 1 capture"),
        ("head,capture,measure,value\n", "nothing to report: there are no values"),
    ],
)
def test_a_bad_table_is_explained(tmp_path: Path, text: str, advice: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ConfigError, match=advice):
        call("--csv", tmp_path / "bad.csv", "--out", tmp_path / "out")


def test_the_simulated_booth_seats_one_head_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="use --phantom"):
        call("--out", tmp_path)
    assert "Example: dermabooth repeatability" in call("--help")


def test_a_table_as_spreadsheets_write_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbfhead,capture,measure,value\r\nA,1,ita,4.5\r\n")
    assert [one.value for one in read_values(path)] == [4.5]


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"head,capture,measure,value\nA,1,gr\xf6\xdfe,1\n", "not UTF-8 text: save it as UTF-8"),
        (b"head,capture,measure,value\nA,1," + b"x" * 200_000 + b",1\n", "line 1: field larger"),
        (b"gr\xf6\xdfe\n", "not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path: Path, content: bytes, advice: str) -> None:
    path = tmp_path / "measured.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"measured\.csv.*{advice}"):
        read_values(path)
