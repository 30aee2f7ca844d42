"""Parts of the server alone, and what it says when it cannot start."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures import command_process
from tests.integration.server.conftest import server_program, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

NOBODY = "127.0.0.1:9"


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of loopback that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


@pytest.mark.parametrize("role", ["live", "work"])
def test_one_process_alone(role: str, tmp_path: Path, small_triton_url: str) -> None:
    with server_program(tmp_path / "data", "--only", role, "--triton", small_triton_url) as program:
        program.up(role)
        assert len(program.tree()) == 1
        assert program.stop() == 0
        assert "Traceback" not in program.log.read_text()


def test_both_processes_start_without_triton(tmp_path: Path) -> None:
    with server_program(tmp_path / "data", "--triton", NOBODY) as program:
        program.up("live", "work")
        # Pages and stills are served; the health says that a part is away.
        until(lambda: program.health() == 503)
        # The children of a supervisor that is gone must not go on by themselves.
        program.tree()
        os.kill(program.process.pid, signal.SIGKILL)
        program.process.wait()
        assert program.left() == []


def refused(*options: str) -> list[str]:
    """What `dermabooth server` prints when it does not start."""
    ended = command_process.run("server", *options)
    assert ended.returncode == 1
    return [line for line in ended.stderr.splitlines() if line]


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text("[http]\nprot = 8480\n")
    (line,) = refused("--config", str(config))
    assert line == f"dermabooth: {config}: http.prot: unknown key; known here: host, port, public_url"


def test_a_taken_port_is_named(tmp_path: Path, taken_port: int, triton_environment: Path) -> None:
    data, alone = ("--data", str(tmp_path / "data")), ("--triton", NOBODY)
    (line,) = refused(*data, *alone, "--only", "live", "--http", f"127.0.0.1:{taken_port}")
    assert line.startswith(f"dermabooth: pages cannot be served at 127.0.0.1:{taken_port} (http.port): ")
    (line,) = refused(*data, *alone, "--only", "work", "--capture", f"tcp://127.0.0.1:{taken_port}")
    assert line.startswith(f"dermabooth: stills cannot be received at tcp://127.0.0.1:{taken_port}: ")
    first, last = refused(*data, *alone, "--http", f"127.0.0.1:{taken_port}")
    assert f"127.0.0.1:{taken_port}" in first
    assert last == "dermabooth: the live process ended with status 1"
    config = tmp_path / "server.toml"
    config.write_text(f'[triton]\nurl = "127.0.0.1:{taken_port}"\nenvironment = "{triton_environment}"\n')
    (line,) = refused(*data, "--config", str(config))
    assert line.startswith(f"dermabooth: Triton cannot be started at 127.0.0.1:{taken_port} (triton.url): ")
