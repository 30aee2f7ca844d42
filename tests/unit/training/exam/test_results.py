"""The file of all exams: what it has of others stays, and one that cannot be read is named before anything is examined."""

import json
from pathlib import Path

import pytest

from training.exam.results import earlier, merge

pytestmark = pytest.mark.unit


def test_results_of_other_models_stay(tmp_path: Path) -> None:
    path = tmp_path / "exam.json"
    merge(path, {"one": {"metrics": 1}}, {"dice": 0.5})
    merge(path, {"two": {"metrics": 2}}, None)
    told = json.loads(path.read_text("utf-8"))
    assert told == {"models": {"one": {"metrics": 1}, "two": {"metrics": 2}}, "real": {"dice": 0.5}}


@pytest.mark.parametrize("content", [b"{", b"[1]", '{"größe": 1}'.encode("latin-1")])
def test_a_file_that_holds_no_results_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "exam.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"exam\.json holds no results.*move it aside"):
        earlier(path)
    assert path.read_bytes() == content
