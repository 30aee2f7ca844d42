"""The whole server: supervisor, Triton, `live` and `work`, from start to SIGTERM. The tests share one server."""

import os
import signal
import stat
from pathlib import Path

import psutil
import pytest

from tests.integration.server.conftest import ServerProgram, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

ROLES = ("live", "work")


def test_it_comes_up(server: ServerProgram) -> None:
    until(lambda: server.health() == 200)
    names = " ".join(" ".join(one.cmdline()) for one in server.tree())
    for part in ("--only live", "--only work", "tritonserver"):
        assert part in names
    for role in (*ROLES, "triton"):
        assert server.addresses(role) is not None


def test_nobody_else_may_read_its_files(server: ServerProgram) -> None:
    programs = server.data / "run" / "triton" / "backends"
    found = [path for path in (server.data, *server.data.rglob("*")) if programs not in path.parents]
    assert [path for path in found if others_may_read(path)] == []
    secrets = sorted((server.data / "keys").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def others_may_read(path: Path) -> bool:
    """Whether they may; not what is gone since it was listed, of a server at work."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def test_it_listens_on_loopback_only(server: ServerProgram) -> None:
    listening = [
        connection.laddr.ip.removeprefix("::ffff:")
        for process in server.tree()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN or not connection.raddr
    ]
    assert len(listening) >= 3
    assert set(listening) == {"127.0.0.1"}


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_is_started_again(server: ServerProgram, role: str) -> None:
    before = server.addresses(role)
    assert before is not None
    os.kill(before["pid"], signal.SIGKILL)
    until(lambda: (told := server.addresses(role)) and told["pid"] != before["pid"])
    until(lambda: server.health() == 200)
    assert server.process.poll() is None


def test_a_killed_triton_is_started_again(server: ServerProgram) -> None:
    (before,) = server.named("tritonserver")
    before.kill()
    until(lambda: [one for one in server.named("tritonserver") if one.pid != before.pid])
    assert server.process.poll() is None


def test_sigterm_ends_all_of_it(server: ServerProgram) -> None:
    assert server.stop() == 0, server.log.read_text()
    assert len(server.seen) >= 5
    assert server.left() == []
    assert "Traceback" not in server.log.read_text()
    for role in (*ROLES, "triton"):
        assert not (server.data / "run" / f"{role}.json").exists()
