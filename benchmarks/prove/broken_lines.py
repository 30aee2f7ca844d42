"""`python -m benchmarks.prove.broken_lines [WORD…]`: break important lines one at a time, and see a test fail for each.

Works on a copy of the last commit. With words only what has one of them in its name is broken.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parents[2]
LINKED = (".venv", ".venv-triton", "web/node_modules", "web/dist")
"""Built folders that the copy shares with this checkout."""
LIMIT_S = 600


@dataclass(frozen=True)
class Break:
    """A line that matters, what is made of it, and the test module that has to see it."""

    what: str
    file: str
    line: str
    """Stands once in the file."""
    broken: str
    test: str


class Seen(Enum):
    """What the tests said."""

    YES = "[green]a test failed[/]"
    NO = "[red]nothing failed[/]"
    UNCLEAR = "[red]the tests did not run[/]"


BREAKS = (
    Break(
        "a still is acknowledged before it is kept",
        "server/ingest/conversation.py",
        "            new = await self._services.admission.keep(admitted)\n",
        "            self._send(StillStored(sop_instance_uid=offer.sop_instance_uid, duplicate=False))\n"
        "            new = await self._services.admission.keep(admitted)\n",
        "tests/integration/uplink/test_power_cut.py",
    ),
    Break(
        "a file has its name before its bytes are on the disk",
        "server/durable.py",
        "        os.fsync(file.fileno())\n",
        "        file.fileno()\n",
        "tests/unit/server/test_durable.py",
    ),
    Break(
        "the hash of a still is not compared",
        "server/ingest/incoming.py",
        "return self.complete and self._digest.hexdigest() == self.offer.sha256",
        "return self.complete",
        "tests/integration/uplink/test_delivery.py",
    ),
    Break(
        "the spool forgets that a still was stored",
        "station/transport/spool.py",
        "self._visits[visit.study_instance_uid] = with_stored(visit, still.offer)",
        "pass",
        "tests/unit/transport/test_spool.py",
    ),
    Break(
        "an overlay names the next frame",
        "server/live/booth.py",
        "PreviewOverlay(rtp_timestamp=frame.rtp_timestamp,",
        "PreviewOverlay(rtp_timestamp=frame.rtp_timestamp + 1,",
        "tests/integration/live/test_round_trip.py",
    ),
    Break(
        "an overlay of a JPEG preview names the next frame",
        "server/live/jpeg_stream.py",
        "frame_id=number)",
        "frame_id=number + 1)",
        "tests/unit/live/test_jpeg_stream.py",
    ),
    Break(
        "masks of wrinkles and pores are swapped",
        "server/pipeline/marked.py",
        "zip(ITEMS, KINDS[: len(ITEMS)], strict=True)",
        "zip(ITEMS, (KINDS[0], KINDS[1], KINDS[3], KINDS[2]), strict=True)",
        "tests/unit/pipeline/test_marked.py",
    ),
    Break(
        "an area in mm2 is divided by the scale once",
        "server/analysis/findings.py",
        "pixels / header.px_per_mm**2",
        "pixels / header.px_per_mm",
        "tests/unit/analysis/test_analysis_findings.py",
    ),
    Break(
        "the scope of a token is not asked",
        "server/api/routes.py",
        "    if not grant.allows(scope):\n",
        "    if not grant.allows(Scope.PUBLIC):\n",
        "tests/integration/api/test_access.py",
    ),
    Break(
        "an object counts as committed that was not found",
        "server/outbox/destinations/stow.py",
        "        if uid in found:\n",
        "        if found is not None:\n",
        "tests/integration/outbox/test_stow_trouble.py",
    ),
    Break(
        "no hash joins one audit record to the next",
        "server/audit/chain.py",
        "% (head.number + 1, head.hash.encode(), message)",
        "% (head.number + 1, START.encode(), message)",
        "tests/unit/audit/test_trail.py",
    ),
    Break(
        "the band over the eyes is left out of an export",
        "server/export/masking.py",
        "        part[self.hidden > 0] = 0\n",
        "",
        "tests/unit/export/test_export_faces.py",
    ),
    Break(
        "ultraviolet shines into eyes that are not closed",
        "station/capture/uv/guard.py",
        "        if closed is not True:\n",
        "        if closed is None:\n",
        "tests/unit/capture/uv/test_uv_guard.py",
    ),
    Break(
        "doses of ultraviolet are not added up",
        "station/capture/uv/guard.py",
        "if not (had + dose).exceeds(limit)",
        "if not dose.exceeds(limit)",
        "tests/unit/capture/uv/test_uv_guard.py",
    ),
    Break(
        "the interlock is read and not obeyed",
        "station/capture/uv/guard.py",
        "if not (reading := await self._guard.interlock.read()).safe:",
        "if (reading := await self._guard.interlock.read()) is None:",
        "tests/unit/capture/uv/test_uv_guard.py",
    ),
)


def main(words: list[str]) -> None:
    """Exit status 1 if a break went unseen."""
    chosen = [one for one in BREAKS if not words or any(word in one.what for word in words)]
    console, table = Console(), Table("broken", "test module", "seen")
    with tempfile.TemporaryDirectory(prefix="broken-") as name:
        tree = _copy(Path(name) / "tree")
        answers = [(one, _try(one, tree)) for one in track(chosen, "breaking lines", console=console)]
    for one, seen in answers:
        table.add_row(one.what, one.test, seen.value)
    console.print(table)
    sys.exit(any(seen is not Seen.YES for _, seen in answers))


def _copy(tree: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, tree], check=True)
    for folder in LINKED:
        if (ROOT / folder).exists():
            (tree / folder).symlink_to(ROOT / folder)
    return tree


def _try(one: Break, tree: Path) -> Seen:
    path = tree / one.file
    whole = path.read_text()
    path.write_text(whole.replace(one.line, one.broken, 1))
    try:
        return _tested(one.test, tree)
    finally:
        path.write_text(whole)


def _tested(module: str, tree: Path) -> Seen:
    # Programs that the tests start find the copy before what is installed.
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", module]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return Seen.UNCLEAR
    return {0: Seen.NO, 1: Seen.YES}.get(done.returncode, Seen.UNCLEAR)


if __name__ == "__main__":
    main(sys.argv[1:])
