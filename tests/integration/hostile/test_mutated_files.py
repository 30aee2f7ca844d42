"""A thousand mutated DICOM files, each at every door that takes such files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

COUNT = 1000
MOST_MEMORY_MB = 300
ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(300)
def test_every_mutated_file_is_refused_with_a_reason_or_read_and_memory_stays(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("doors.py")), str(COUNT), str(tmp_path)]
    ran = subprocess.run(
        program,
        capture_output=True,
        text=True,
        timeout=280,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    print(found)
    assert found["wrong"] == {}
    assert found["grown_mb"] < MOST_MEMORY_MB
    assert found["slowest_s"] < 10
    assert found["refused"]["analyze"] > COUNT * 0.8
    assert all(found["refused"][door] > COUNT * 0.2 for door in ("rebuild", "transcoding", "proof"))
