"""The repository names no registry's host and no machine's path."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
FORBIDDEN = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"])
)


def test_no_file_names_a_registry_host() -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True, timeout=60
    ).stdout.split("\0")
    found = [
        name
        for name in files
        if name and (ROOT / name).is_file() and FORBIDDEN.search((ROOT / name).read_text(errors="ignore"))
    ]
    assert not found
