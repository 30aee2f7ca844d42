"""`dermabooth audit verify` says whether a trail is whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.audit import Auditor, AuditSource, events
from server.audit.chain import trail_files

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]


def verify(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dermabooth", "audit", "verify", "--data", str(data), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=dict(os.environ))


def test_a_trail_is_told_whole_broken_or_absent(tmp_path: Path) -> None:
    absent = verify(tmp_path)
    assert (absent.returncode, "--data" in absent.stderr) == (1, True)
    with Auditor(tmp_path / "audit", AuditSource("booths.example"), file_bytes=1000) as auditor:
        for number in range(5):
            auditor.record_now(events.signed_in(f"user-{number}", "192.0.2.7"))
    whole = verify(tmp_path)
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "whole")
    assert whole.stdout.startswith("5 records in ")
    first, second = trail_files(tmp_path / "audit")[:2]
    first.unlink()
    moved = int(second.stem.removeprefix("audit-"))
    assert verify(tmp_path).returncode == 1
    assert verify(tmp_path, "--begins-at", str(moved)).returncode == 0
    second.write_bytes(second.read_bytes().replace(b"user", b"USER", 1))
    broken = verify(tmp_path, "--begins-at", str(moved))
    assert broken.returncode == 1
    assert "does not carry the hash" in broken.stdout
