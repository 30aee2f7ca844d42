"""A program of ours ends cleanly on a signal, and only then quietly."""

import asyncio
import logging
import os
import signal
import subprocess
import sys

import pytest

from dermabooth import running

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_program_clean_up(how: signal.Signals) -> None:
    cleaned = []

    async def program() -> None:
        try:
            os.kill(os.getpid(), how)
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    running.run(program())
    assert cleaned == [True]


def test_the_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def program() -> None:
        await asyncio.sleep(0)

    running.run(program())
    assert signal.getsignal(signal.SIGTERM) == before


def test_errors_go_through() -> None:
    async def program() -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        running.run(program())


def test_a_cancellation_without_a_signal_is_no_clean_end() -> None:
    async def program() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        running.run(program())


def test_a_second_signal_does_not_break_the_cleaning_up() -> None:
    code = """
import asyncio, os, signal
from dermabooth import running

async def program():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(10)
    finally:
        print("cleaned")

running.run(program())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "cleaned\n", "")


def test_log_lines_end_with_their_values() -> None:
    record = logging.makeLogRecord({"msg": "a still is stored", "sop": "2.25.1", "bytes": 7})
    assert running._Fields("%(message)s").format(record) == "a still is stored sop='2.25.1' bytes=7"
