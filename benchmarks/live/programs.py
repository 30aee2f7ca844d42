"""Programs that a benchmark starts: each answers lines of JSON on its standard input until that is closed."""

import asyncio
import contextlib
import inspect
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import psutil

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 60.0
_END_LIMIT_S = 15.0
_LINE_LIMIT = 64 << 20
_LOG_SHOWN = 3000

Answer = dict[str, Any]


class Program:
    """A running program and its first words, `told`."""

    def __init__(self, process: asyncio.subprocess.Process, name: str, log: IO[bytes]) -> None:
        self._process = process
        self._name = name
        self._log = log
        self.told: Answer = {}
        self.pid = process.pid

    async def ask(self, do: str, limit_s: float = 30.0, **values: Any) -> Answer:
        """The answer to a question; raises `RuntimeError` if the program ends or stays silent."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.heard(limit_s)

    async def heard(self, limit_s: float) -> Answer:
        """What it says next."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(limit_s):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise RuntimeError(self._trouble("does not answer")) from None
        if not line.startswith(b"{"):
            raise RuntimeError(self._trouble("says what was not asked" if line else "has ended"))
        answer: Answer = json.loads(line)
        return answer

    def _trouble(self, what: str) -> str:
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _LOG_SHOWN))
        said = self._log.read().decode(errors="replace").strip()
        return f"{self._name} of the benchmark {what}\n{said}".strip()

    def cpu_s(self) -> float:
        """Processor time of its process so far."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def memory_mb(self) -> float:
        """Its resident memory, MB."""
        return float(psutil.Process(self.pid).memory_info().rss / 1e6)


@asynccontextmanager
async def program(
    module: str, *, python: Path | str = sys.executable, **settings: Any
) -> AsyncIterator[Program]:
    """`python -m MODULE SETTINGS`, once it has said that it is up; it ends with the context.

    What it logs is told when it fails.
    """
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            str(python),
            *("-m", module, json.dumps(settings)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=_LINE_LIMIT,
        )
        try:
            running = Program(process, module.rpartition(".")[2], log)
            running.told = await running.heard(START_LIMIT_S)
            yield running
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _END_LIMIT_S)
    if process.returncode is None:
        process.kill()
        await process.wait()


def settings() -> dict[str, Any]:
    """What this program was started with; pins it to its `cores`, if it was given any, so call it first."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    if cores := given.pop("cores", None):
        os.sched_setaffinity(0, cores)
    return given


def say(**values: object) -> None:
    """One line to the benchmark."""
    print(json.dumps(values), flush=True)


async def answer(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Answer the benchmark's questions until it wants no more; a command may be a coroutine and returns a dict."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            asked = json.loads(line)
            said = commands[asked.pop("do")](**asked)
            say(**((await said if inspect.isawaitable(said) else said) or {}))
    finally:
        transport.close()
