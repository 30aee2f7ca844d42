"""Samples are told as what this project's functions cost, and memory as growth."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.profile.costs import largest, read
from benchmarks.profile.page import Profiled, Stall, computing, read_stalls

pytestmark = pytest.mark.unit

_SAMPLES = """\
_run_once (/usr/lib/python3.11/asyncio/base_events.py);decode (/home/me/clone/server/live/decoding.py);run (av/codec/context.pyx) 60
_run_once (/usr/lib/python3.11/asyncio/base_events.py);decode (/home/me/clone/server/live/decoding.py) 10
run (/home/me/clone/dermabooth/running.py);_handle (/x/lib/python3.11/site-packages/aiortc/rtcsctptransport.py) 20
_run_once (/usr/lib/python3.11/asyncio/base_events.py) 10
_run_once (/usr/lib/python3.11/asyncio/base_events.py);EpollSelector.select (/usr/lib/python3.11/selectors.py) 900
run (/usr/lib/python3.11/threading.py);_worker (/usr/lib/python3.11/concurrent/futures/thread.py) 900
"""


def test_time_in_libraries_counts_for_the_function_of_ours_that_called_them(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    path.write_text(_SAMPLES)
    first, second, third = largest(read(path), 5)
    assert (first.function, first.file, first.share) == ("decode", "server/live/decoding.py", 0.7)
    assert first.inside == "run (av/codec/context.pyx)"
    assert (second.function, second.file, second.share) == ("_handle", "aiortc/rtcsctptransport.py", 0.2)
    assert (third.function, third.share) == ("the event loop itself", 0.1)


def profiled(memory_mb: list[float]) -> Profiled:
    return Profiled("live", Counter(), memory_mb, (), busy=0.5, minutes=10)


def test_memory_that_stays_has_no_growth_and_what_rises_first_is_left_out() -> None:
    assert profiled([100.0, 180.0, 200.0] + [200.0] * 17).growth_mb == pytest.approx(0.0)
    rising = profiled([200.0 + number for number in range(21)])  # 20 MB in ten minutes
    assert rising.growth_mb == pytest.approx(60.0, rel=0.1)


def test_stalls_of_callbacks_that_differ_in_a_number_are_one_and_waiting_is_none(tmp_path: Path) -> None:
    path = tmp_path / "stalls"
    path.write_text("25.5\t25\tTask-7: run\n91.0\t31\tTask-12: run\n300.0\t1.0\tclose\n")
    stalls = read_stalls(path)
    assert stalls[0] == Stall(25.0, "Task-7: run")
    assert computing(stalls) == [("Task-N: run", 2, 31.0)]
    assert read_stalls(tmp_path / "none") == []
