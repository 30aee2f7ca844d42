"""`dermabooth server` as its user runs it: a process, its children, its data folder."""

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

UP_LIMIT_S = 90.0
STOP_LIMIT_S = 20.0


@dataclass
class ServerProgram:
    """A running `dermabooth server`."""

    process: "subprocess.Popen[bytes]"
    data: Path
    log: Path
    seen: list[psutil.Process] = field(default_factory=list)

    def addresses(self, role: str) -> dict[str, Any] | None:
        """What the process of a role announced, if it lives."""
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            told: dict[str, Any] = json.loads((self.data / "run" / f"{role}.json").read_text())
            if psutil.pid_exists(told["pid"]):
                return told
        return None

    def up(self, *roles: str) -> None:
        """Wait until the processes of these roles are up: they start side by side."""
        until(lambda: all(map(self.addresses, roles)) or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def tree(self) -> list[psutil.Process]:
        """The server's processes, children of children with them."""
        own = psutil.Process(self.process.pid)
        found = [own, *own.children(recursive=True)]
        self.seen += [one for one in found if one not in self.seen]
        return found

    def named(self, name: str) -> list[psutil.Process]:
        """Those of the server's processes that have this name and live."""
        found = []
        for one in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                if one.name() == name:
                    found.append(one)
        return found

    def health(self) -> int:
        """HTTP status of the health page, 0 while nobody answers."""
        live = self.addresses("live")
        if live is None:
            return 0
        try:
            with urllib.request.urlopen(f"{live['http']}/api/health", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.tree()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT_S)

    def left(self) -> list[psutil.Process]:
        """Processes of the server that have not ended soon after it."""
        _, alive = psutil.wait_procs(self.seen, timeout=STOP_LIMIT_S)
        return [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def until(holds: Callable[[], object], limit_s: float = UP_LIMIT_S) -> None:
    """Return once something holds; raises `TimeoutError`."""
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


@contextlib.contextmanager
def server_program(data: Path, *options: str) -> Iterator[ServerProgram]:
    """`dermabooth server` on free ports; killed at the end with all its processes if it still runs."""
    data.parent.mkdir(parents=True, exist_ok=True)
    log = data.with_suffix(".log")
    command = [sys.executable, "-m", "dermabooth", "server", "--data", str(data)]
    ports = ["--http", "127.0.0.1:0", "--capture", "tcp://127.0.0.1:*"]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *ports, *options], stdout=output, stderr=output)
    program = ServerProgram(process, data, log)
    try:
        yield program
    finally:
        if process.poll() is None:
            program.tree()
            process.kill()
            process.wait()
        for one in program.left():
            one.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, triton_environment: Path) -> Iterator[ServerProgram]:
    """A whole server with a Triton of its own."""
    folder = tmp_path_factory.mktemp("whole")
    config = folder / "server.toml"
    config.write_text(f'[triton]\nurl = "127.0.0.1:0"\nenvironment = "{triton_environment}"\n')
    with server_program(folder / "data", "--config", str(config)) as program:
        program.up("live", "work", "triton")
        yield program
