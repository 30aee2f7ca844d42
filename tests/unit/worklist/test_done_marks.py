"""Marks of what was done: a spoilt file does not keep the booth from starting."""

from pathlib import Path

import pytest

from station.worklist import DoneMarks

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("spoilt", [b"", b"[]", b'{"\xff":1.0}', b'{"one":'])
def test_a_file_that_cannot_be_read_is_empty(tmp_path: Path, spoilt: bytes) -> None:
    path = tmp_path / "done"
    path.write_bytes(spoilt)
    marks = DoneMarks(path)
    assert "one" not in marks
    marks.add("one")
    assert "one" in DoneMarks(path)
