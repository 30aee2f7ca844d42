"""A live server and a booth as processes of their own."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
_END_S = 30.0


class Running:
    """A process that says things line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, limit_s: float = 60.0) -> str:
        """The next line; raises `EOFError` after the last."""
        assert self.process.stdout is not None
        async with asyncio.timeout(limit_s):
            line = await self.process.stdout.readline()
        if not line:
            raise EOFError("the process has ended")
        return line.decode()

    async def until(self, wanted: Callable[[dict[str, Any]], bool], limit_s: float = 60.0) -> dict[str, Any]:
        """The first JSON line that is wanted."""
        async with asyncio.timeout(limit_s):
            while True:
                said: dict[str, Any] = json.loads(await self.line(limit_s))
                if wanted(said):
                    return said

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        await self.process.wait()

    async def end(self) -> list[dict[str, Any]]:
        """Ask it to end; what it still had to say."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_END_S):
            rest = await self.process.stdout.read()
            assert await self.process.wait() == 0
        return [json.loads(line) for line in rest.decode().splitlines() if line.startswith("{")]


@asynccontextmanager
async def running(module: str, *arguments: object) -> AsyncIterator[Running]:
    """`python -m tests.integration.live.MODULE ARGUMENTS`, gone at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.integration.live.{module}",
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=1 << 20,
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def live_server(keys: Path, port: int = 0) -> AsyncIterator[tuple[Running, int]]:
    """A live server and its port."""
    async with running("server_process", keys, port) as server:
        yield server, int(await server.line())
