"""Makes reports in a process of its own, so that no preview waits for the interpreter lock."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE

import msgspec

from server.errors import BadImage, Busy, StorageFull
from server.signing.job import Answer, Job

LIMIT_S = 120.0
"""A report that takes longer is given up."""
QUEUE = 8
"""Reports that wait at most."""


class Press:
    """Makes one report at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def make(self, job: Job) -> tuple[Answer, bytes]:
        """What was made, and the PDF. Raises `Busy`, `BadImage` with what to do, `StorageFull`."""
        if self._waiting >= QUEUE:
            raise Busy("other reports are being made: try again shortly")
        self._waiting += 1
        try:
            async with self._turn:
                return _read(await _run(msgspec.json.encode(job)))
        finally:
            self._waiting -= 1


async def _run(job: bytes) -> bytes:
    command = [sys.executable, "-m", "server.signing", str(os.getpid())]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=None)
    try:
        async with asyncio.timeout(LIMIT_S):
            said, _ = await process.communicate(job)
    except TimeoutError as error:
        raise BadImage(
            f"the report took longer than {LIMIT_S:.0f} s: try again when less is to do"
        ) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise BadImage("the process that makes reports ended; the server's log says why")
    return said


def _read(said: bytes) -> tuple[Answer, bytes]:
    line, _, pdf = said.partition(b"\n")
    answer = msgspec.json.decode(line, type=Answer)
    if answer.problem:
        raise (StorageFull if answer.full else BadImage)(answer.problem)
    return answer, pdf
