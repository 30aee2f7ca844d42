"""The demo's two programs as child processes: server and booth."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from server.errors import ServerError

STOP_LIMIT_S = 25.0
_LAST_LINES = 12


class ProgramFailed(ServerError):
    """A program of the demo did not come up, or ended; its log says why."""


@contextlib.asynccontextmanager
async def program(
    name: str,
    arguments: list[str],
    log: Path,
    up: Callable[[], Any | None],
    limit_s: float,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Any]:
    """Run `dermabooth ARGUMENTS…` until the context ends; gives what `up` returns once it is not None.

    Raises `ProgramFailed`, also in a group, when the program ends before the context does.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dermabooth", *arguments, "--parent", str(os.getpid())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**(environment or {}), **os.environ},
            # A terminal's Ctrl-C is for the demo alone: it stops its programs in order.
            start_new_session=True,
        )
    try:
        answer = await _until_up(name, process, log, up, limit_s)
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(_watch(name, process, log), name="watch-program")
            yield answer
            watch.cancel()
    finally:
        await _stop(process)


async def wait_up(name: str, log: Path, up: Callable[[], Any | None], limit_s: float) -> Any:
    """What `up` returns once it is not None; raises `ProgramFailed` after `limit_s`."""
    return await _until_up(name, None, log, up, limit_s)


async def _until_up(
    name: str,
    process: asyncio.subprocess.Process | None,
    log: Path,
    up: Callable[[], Any | None],
    limit_s: float,
) -> Any:
    deadline = time.monotonic() + limit_s
    while (answer := up()) is None:
        if process is not None and process.returncode is not None:
            raise _ended(name, process.returncode, log)
        if time.monotonic() > deadline:
            raise ProgramFailed(f"the {name} was not up within {limit_s:.0f} s:\n{_tail(log)}")
        await asyncio.sleep(0.1)
    return answer


async def _watch(name: str, process: asyncio.subprocess.Process, log: Path) -> None:
    raise _ended(name, await process.wait(), log)


def _ended(name: str, status: int, log: Path) -> ProgramFailed:
    return ProgramFailed(f"the {name} ended with status {status}; the end of {log}:\n{_tail(log)}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def read_announcement(path: Path, newer_than: float) -> dict[str, Any] | None:
    """The addresses in a file that a program writes when it is up, unless an earlier run left it."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        if os.stat(path).st_mtime >= newer_than:
            told = json.loads(path.read_text())
            return dict(told)
    return None


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
