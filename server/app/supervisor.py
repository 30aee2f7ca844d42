"""The parent of the server's processes: starts Triton, `live` and `work`, and starts again what dies."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from server.app import ready
from server.config import ServerConfig
from server.errors import ServerError
from server.inference import triton_address

log = logging.getLogger(__name__)

START_LIMIT_S = 60.0
"""Time a child has to say that it is up."""
STOP_LIMIT_S = 15.0
"""Time a child has to end after SIGTERM."""
MAX_BACKOFF_S = 30.0
STEADY_S = 30.0
"""A child that ran this long starts again without delay."""

Command = Callable[[str], Sequence[str]]
"""Gives the command line of a role's process."""


def roles(config: ServerConfig) -> tuple[str, ...]:
    """The processes that these settings ask for, in the order they start."""
    return (*ready.ROLES, *(("commitment",) if config.dicom.listener.enabled else ()))


class ChildFailed(ServerError):
    """A process of the server ended before it was up; its own message stands above."""


async def supervise(config: ServerConfig, models: Path, command: Command) -> None:
    """Run the whole server until cancelled; its processes start together and stop in reverse order.

    Once all are up the log says where the pages are, where stills go, and which file holds the administrator's token.

    Raises `ChildFailed` if a child does not come up, `InferenceUnavailable` if Triton does not.
    """
    os.umask(ready.PRIVATE)
    async with triton_address(config.triton, models, config.run / "triton") as address:
        environment = {
            **os.environ,
            "DERMABOOTH_SERVER_TRITON__MODE": "external",
            "DERMABOOTH_SERVER_TRITON__URL": address,
        }
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(ready.withdraw, config.run, "triton")
            ready.announce(config.run, "triton", grpc=address)
            children = [_Child(role, command(role), environment, config.run) for role in roles(config)]
            for child in children:
                stack.push_async_callback(child.stop)
                await child.launch()
            for child in children:
                await child.up()
            _tell_where(config)
            async with asyncio.TaskGroup() as tasks:
                for child in children:
                    tasks.create_task(child.keep(), name="keep-child")


def _tell_where(config: ServerConfig) -> None:
    places = {
        "pages": (ready.addresses(config.run, "live") or {}).get("http", ""),
        "stills": config.capture.endpoint,
        "token": str(config.keys / "admin.token"),
    }
    log.info("the server is up", extra=places)


class _Child:
    """One process of the server."""

    def __init__(self, role: str, command: Sequence[str], environment: Mapping[str, str], run: Path) -> None:
        self._role = role
        self._command = tuple(command)
        self._environment = dict(environment)
        self._run = run
        self._process: asyncio.subprocess.Process | None = None

    async def launch(self) -> None:
        """Start the process; `up` waits for it."""
        ready.withdraw(self._run, self._role)
        self._process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)

    async def up(self) -> None:
        """Wait until the process has said that it is up; raises `ChildFailed`."""
        assert self._process is not None
        deadline = time.monotonic() + START_LIMIT_S
        while ready.addresses(self._run, self._role) is None:
            if self._process.returncode is not None:
                raise ChildFailed(f"the {self._role} process ended with status {self._process.returncode}")
            if time.monotonic() > deadline:
                await self.stop()
                raise ChildFailed(f"the {self._role} process was not up within {START_LIMIT_S:.0f} s")
            await asyncio.sleep(0.05)

    async def keep(self) -> None:
        """Start the process again whenever it ends, for ever."""
        backoff = 0.5
        while True:
            assert self._process is not None
            started = time.monotonic()
            status = await self._process.wait()
            log.error("a process ended", extra={"role": self._role, "status": status})
            backoff = 0.5 if time.monotonic() - started > STEADY_S else min(2 * backoff, MAX_BACKOFF_S)
            await asyncio.sleep(backoff)
            with contextlib.suppress(ChildFailed):
                await self.launch()
                await self.up()

    async def stop(self) -> None:
        """End the process: SIGTERM, and SIGKILL if it does not listen."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
        except TimeoutError:
            log.error("a process did not stop", extra={"role": self._role})
            process.kill()
            await process.wait()
