"""Programs of the benchmarks, a peer that is not there, and the arithmetic of the soak."""

import sys
from pathlib import Path

import pytest

from benchmarks.live import peers
from benchmarks.live.overload import Point
from benchmarks.live.peers import OWN, PEERS, Peer, Run
from benchmarks.live.programs import program
from benchmarks.live.soak import Soak
from benchmarks.live.stage import Latency

pytestmark = pytest.mark.unit

HELD = {"tasks": 5, "threads": 3, "sockets": 1, "files": 8}


def soak(samples: list[tuple[int, float]], **after: int) -> Soak:
    return Soak(30.0, 900, 0, HELD, {**HELD, **after}, tuple(samples))


def test_memory_that_grows_at_the_beginning_alone_is_flat() -> None:
    samples = [(10 * n, min(200.0 + n, 220.0)) for n in range(100)]
    found = soak(samples)
    assert found.slope_mb == pytest.approx(0.0, abs=0.01)
    assert all(row["met"] for row in found.rows())


def test_memory_that_goes_on_growing_is_seen() -> None:
    found = soak([(10 * n, 200.0 + 0.5 * n) for n in range(100)])
    assert found.slope_mb == pytest.approx(5.0)
    assert not found.rows()[0]["met"]


def test_what_is_left_is_seen() -> None:
    missed = [row["name"] for row in soak([(1, 1.0), (2, 1.0)], threads=4).rows() if not row["met"]]
    assert missed == ["threads left when all have gone"]


def run(p95_ms: float, cpu_ms: float) -> Run:
    return Run(Latency(p95_ms / 2, p95_ms, 100, 100), cpu_ms, 100.0)


def test_a_peer_is_compared_by_the_middle_run() -> None:
    runs = {OWN.name: [run(20, 4), run(21, 4), run(90, 9)], PEERS[0].name: [run(100, 14), run(105, 14)]}
    late, busy = peers._rows(PEERS[0], runs, {})
    assert (late["value"], late["met"]) == (0.2, True)
    assert (busy["value"], busy["met"]) == (0.29, True)
    assert "receive rule" in late["context"]


def test_a_peer_without_environment_is_said() -> None:
    peer = Peer("nobody", "nothing", "nowhere")
    assert not peer.there
    rows = peers._rows(peer, {OWN.name: [run(20, 4)]}, {"nobody": "no environment"})
    assert {row["context"] for row in rows} == {"no environment"}
    assert peers._curve_row(peer, {}, {"nobody": "no environment"})["met"] is None
    points = [Point(5.0, 90.0, 100.0, 200.0), Point(20.0, 90.0, 110.0, 201.0)]
    assert peers._curve_row(peer, {"nobody": points}, {})["value"] == 110


CHILD = """
import asyncio, sys
from benchmarks.live import programs
async def main():
    given = programs.settings()
    programs.say(**given)
    async def later(value): return {"value": value}
    await programs.answer({"double": lambda value: {"value": 2 * value}, "later": later, "die": lambda: sys.exit("why")})
asyncio.run(main())
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "child_of_a_test.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "child_of_a_test"


async def test_a_program_answers_and_ends_with_its_context(child: str) -> None:
    async with program(child, python=sys.executable, given=7) as running:
        assert running.told == {"given": 7}
        assert (await running.ask("double", value=4))["value"] == 8
        assert (await running.ask("later", value=4))["value"] == 4
        assert running.memory_mb() > 1
        assert running.cpu_s() > 0
    assert running._process.returncode == 0


async def test_a_program_that_fails_says_why(child: str) -> None:
    async with program(child) as running:
        with pytest.raises(RuntimeError, match="has ended\nwhy"):
            await running.ask("die")
