"""The report of repeatability as the pages use it."""

import json
from pathlib import Path

import pytest

from dermabooth.commands.repeatability_table import MeasureKey, Value, as_json, report
from server.api import read_smallest_changes
from server.errors import ConfigError

pytestmark = pytest.mark.unit


def test_the_smallest_changes_are_those_of_the_report(tmp_path: Path) -> None:
    key = MeasureKey("white", "face", "melanin", "optical density")
    values = [
        Value(head, capture, key, 0.5 + 0.01 * capture + len(head) * 0.1 * capture**2)
        for head in ("a", "bb", "cccc")
        for capture in (1, 2)
    ]
    told = report(values)
    path = tmp_path / "repeatability.json"
    path.write_text(json.dumps(as_json(told)))
    assert read_smallest_changes(path) == {
        ("white", "face", "melanin"): told.found[key].smallest_change.value
    }


@pytest.mark.parametrize("text", [None, "{}", "no json", '{"measures": [{"light": 1}]}'])
def test_anything_else_is_refused_by_the_name_of_the_setting(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "repeatability.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"analysis\.repeatability"):
        read_smallest_changes(path)
