"""The benchmarks' own arithmetic."""

import asyncio
from typing import Any

import pytest

from benchmarks import progress
from benchmarks.live import one_core, overload, rows, stage, viewers
from benchmarks.live.booth import Notes
from benchmarks.live.link import Link
from benchmarks.live.plane import StandIn, number_of
from benchmarks.live.scene import picture
from server.overlay import build_overlay
from station.protocol import Face, Overlay, PreviewOverlay, encode_overlay

pytestmark = pytest.mark.unit


def told(*latencies_ms: float, every_s: float = 1.0) -> dict[str, Any]:
    """What a booth collected that took a frame each `every_s`, and filmed one more that nobody answered."""
    taken = [every_s * number for number in range(len(latencies_ms))]
    answered = [
        (number, at, at + ms / 1000) for number, (at, ms) in enumerate(zip(taken, latencies_ms, strict=True))
    ]
    return {"answered": answered, "filmed": len(answered) + 1, "mistaken": 0}


def test_latency_is_from_taken_to_answered() -> None:
    seen = stage.latency(told(10, 20, 30))
    assert seen.p50_ms == pytest.approx(20)
    assert (seen.answered, seen.filmed) == (3, 4)
    assert stage.latency(told()).p95_ms == float("inf")


def test_a_window_has_what_came_back_in_it() -> None:
    p50, p95 = overload.window(told(*[100.0] * 6, *[300.0] * 6), end=11.9)
    assert p50 == pytest.approx(300)
    assert p95 == pytest.approx(300)


def test_a_viewer_costs_what_the_server_needs_more() -> None:
    one = viewers.Load(viewers=1, cpu_s=0.4, frames=100, fewest=100, due=100)
    many = viewers.Load(viewers=16, cpu_s=0.7, frames=1600, fewest=100, due=100)
    assert viewers.per_viewer_frame_ms([one, many]) == pytest.approx(3 / 15)


def test_as_many_booths_are_carried_as_were_all_answered_in_time() -> None:
    steps = [
        one_core.Step(4, worst_p95_ms=20, answered=1.0, core=0.3),
        one_core.Step(8, worst_p95_ms=59, answered=0.96, core=0.6),
        one_core.Step(10, worst_p95_ms=59, answered=0.9, core=0.9),
    ]
    assert one_core.carried(steps) == 8
    assert one_core.carried([]) == 0


def test_rows_say_whether_their_goal_is_met() -> None:
    assert rows.at_most("", 1.04, "ms", 1.0, "")["met"] is False
    assert rows.at_least("", 8, "booths", 8, "", 0)["met"] is True
    assert rows.plain("", 1.0, "", "")["met"] is None
    assert rows.missing("", "no environment")["met"] is None


def test_notes_count_each_frame_once_and_only_their_own() -> None:
    notes = Notes()
    notes.film(1, 10.0)
    notes.answer(1)
    notes.answer(1)
    notes.answer(2)
    collected = notes.collect()
    assert [number for number, _, _ in collected["answered"]] == [1]
    assert notes.collect()["answered"] == []


async def test_the_stand_in_says_which_number_it_saw() -> None:
    stand_in = StandIn(0.0, inspects=True)
    face, layers, _ = await stand_in("booth", picture(4711))
    assert face is not None
    assert not layers
    doubled = Face(box=face.box.scaled(2.0, 2.0))
    assert number_of(Overlay(frame_id=1, width=2, height=2, faces=(doubled,))) == 4711
    ((number, _, damage),) = stand_in.taken()["seen"]
    assert (number, damage) == (4711, 0.0)
    assert stand_in.taken() == {"seen": []}


async def test_a_stand_in_that_draws_makes_overlays_as_large_as_a_models() -> None:
    face, layers, _ = await StandIn(0.0, inspects=False, draws=True)("booth", picture(1))
    assert face is not None
    face = Face(box=face.box.scaled(2.0, 2.0))
    overlay = build_overlay(1, 1280, 720, face, layers, model="", inference_ms=0.0)
    assert 2000 < len(encode_overlay(PreviewOverlay(rtp_timestamp=0, overlay=overlay))) < 10_240
    assert len(overlay.maps) == 3


class _Wire(asyncio.DatagramTransport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def sendto(self, data: Any, addr: Any = None) -> None:
        self.sent.append(data)

    def is_closing(self) -> bool:
        return False


async def test_a_link_loses_delays_and_swallows() -> None:
    wire, link = _Wire(), Link(seed=1)
    link.set(loss=0.5)
    for _ in range(200):
        link._send(wire, b"x", ("127.0.0.1", 1))
    assert 60 < len(wire.sent) < 140
    link.set(delay_ms=20)
    before = len(wire.sent)
    link._send(wire, b"late", ("127.0.0.1", 1))
    assert len(wire.sent) == before
    await asyncio.sleep(0.1)
    assert wire.sent[-1] == b"late"
    link.set(dead=True)
    link._send(wire, b"gone", ("127.0.0.1", 1))
    assert wire.sent[-1] == b"late"


def test_progress_is_heard_by_who_listens() -> None:
    heard: list[tuple[str, float]] = []
    progress.note("nobody listens", 0.1)
    progress.listen(lambda what, share: heard.append((what, share)))
    progress.note("a thing", 1.5)
    assert heard == [("a thing", 1.0)]
