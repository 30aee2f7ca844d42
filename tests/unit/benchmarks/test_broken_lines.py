"""The lines that are broken to see a test fail: each is still there, and broken in a way that only a test can see."""

from pathlib import Path

import pytest

from benchmarks.prove.broken_lines import BREAKS, Break

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.what)
def test_a_line_can_be_broken(one: Break) -> None:
    whole = (ROOT / one.file).read_text()
    assert whole.count(one.line) == 1
    broken = whole.replace(one.line, one.broken)
    assert broken != whole
    compile(broken, one.file, "exec")
    assert (ROOT / one.test).is_file()
