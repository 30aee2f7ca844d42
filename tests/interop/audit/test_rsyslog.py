"""The trail arrives at rsyslog, over TLS with certificates on both sides, whole and in order."""

import asyncio
import contextlib
import json
import logging
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.audit import Actor, Auditor, AuditSource, Forwarder, Head, Subject, events, read_mark, verify
from server.config.tls import TlsSection
from tests.fixtures.audit_schema import assert_valid_message
from tests.fixtures.certificates import Authority
from tests.fixtures.ports import free_port

pytestmark = pytest.mark.interop

_CONFIG = """
global(workDirectory="{folder}" maxMessageSize="64k" net.enableDNS="off"
       defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{certificate}"
       defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
template(name="whole" type="list") {{
  constant(value="{{") property(outname="msg" name="msg" format="jsonf")
  constant(value=",") property(outname="pri" name="pri" format="jsonf")
  constant(value=",") property(outname="host" name="hostname" format="jsonf")
  constant(value=",") property(outname="app" name="app-name" format="jsonf")
  constant(value=",") property(outname="msgid" name="msgid" format="jsonf")
  constant(value=",") property(outname="at" name="timestamp" dateFormat="rfc3339" format="jsonf")
  constant(value=",") property(outname="data" name="structured-data" format="jsonf")
  constant(value="}}\\n")
}}
ruleset(name="audit") {{ action(type="omfile" file="{folder}/got" template="whole" asyncWriting="off") }}
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="audit")
"""


class Rsyslog:
    """An audit record repository that may be killed and started again."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.port = free_port()
        own = authority.issue("collector", "localhost", "127.0.0.1")
        settings = _CONFIG.format(
            folder=folder, ca=authority.path, certificate=own.certificate, key=own.key, port=self.port
        )
        (folder / "rsyslog.conf").write_text(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin")
        assert program, "rsyslog is missing: apt-get install rsyslog rsyslog-openssl"
        command = [program, "-n", "-f", f"{self.folder}/rsyslog.conf", "-i", f"{self.folder}/pid"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def got(self) -> list[dict[str, str]]:
        """What it has written down; the last line may be half there."""
        path = self.folder / "got"
        whole, _, _ = path.read_bytes().rpartition(b"\n") if path.exists() else (b"", b"", b"")
        return [json.loads(line) for line in whole.splitlines()]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def collector(tmp_path: Path, authority: Authority) -> Iterator[Rsyslog]:
    folder = tmp_path / "collector"
    folder.mkdir()
    server = Rsyslog(folder, authority)
    yield server
    server.stop()


def tls(authority: Authority, *, own: bool = True) -> TlsSection:
    if not own:
        return TlsSection(ca_file=authority.path)
    mine = authority.issue("booths", "localhost")
    return TlsSection(ca_file=authority.path, certificate_file=mine.certificate, key_file=mine.key)


@contextlib.asynccontextmanager
async def forwarding(
    trail: Path, collector: Rsyslog, section: TlsSection, name: str = "localhost"
) -> AsyncIterator[None]:
    forwarder = Forwarder(
        trail, "127.0.0.1", collector.port, section.client_context(), server_name=name, timeout_s=5
    )
    task = asyncio.create_task(forwarder.run("booths.example"))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def arrived(collector: Rsyslog, count: int) -> list[dict[str, str]]:
    async with asyncio.timeout(30):
        while len(collector.got()) < count:
            await asyncio.sleep(0.05)
    return collector.got()


async def marked(trail: Path, number: int) -> None:
    async with asyncio.timeout(30):
        while read_mark(trail).number < number:
            await asyncio.sleep(0.05)


def write(trail: Path, count: int, *, first: int = 0, file_bytes: int = 64 << 20) -> None:
    with Auditor(trail, AuditSource("booths.example"), file_bytes=file_bytes) as auditor:
        for number in range(first, first + count):
            auditor.note(
                events.accessed(Actor(user_id=f"user-{number:03d}-é"), "2.25.1", Subject(patient_id="P-1"))
            )


def users(got: list[dict[str, str]]) -> list[str]:
    found = []
    for one in got:
        root = assert_valid_message(one["msg"].lstrip("\ufeff").encode())
        person = root.find("ActiveParticipant")
        assert person is not None
        found.append(person.attrib["UserID"])
    return found


async def test_records_arrive_with_header_and_chain(
    tmp_path: Path, collector: Rsyslog, authority: Authority
) -> None:
    collector.start()
    write(tmp_path / "audit", 200, file_bytes=20_000)
    async with forwarding(tmp_path / "audit", collector, tls(authority)):
        got = await arrived(collector, 200)
    assert users(got) == [f"user-{number:03d}-é" for number in range(200)]
    first, second = got[0], got[1]
    assert (first["pri"], first["msgid"], first["app"]) == ("85", "DICOM+RFC3881", "dermabooth")
    assert first["host"] == "booths.example"
    assert first["at"].startswith("20")
    assert first["data"] == f'[chain@32473 number="1" previous="{"0" * 64}"]'
    assert 'number="2"' in second["data"]


async def test_what_waited_while_the_collector_was_away_arrives_once(
    tmp_path: Path, collector: Rsyslog, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    trail = tmp_path / "audit"
    write(trail, 30)
    async with forwarding(trail, collector, tls(authority)):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(collector.start)
        await marked(trail, 30)
        await asyncio.to_thread(collector.stop)
        await asyncio.to_thread(write, trail, 30, first=30)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(collector.start)
        got = await arrived(collector, 60)
        await marked(trail, 60)
    assert users(got) == [f"user-{number:03d}-é" for number in range(60)]
    assert verify(trail, known=read_mark(trail).head).fault == ""
    away = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.message.split(" (")[0] for record in away][:2] == [
        "the audit collector is away",
        "the audit collector is there again",
    ]


async def test_a_cut_trail_is_told_by_what_the_collector_has(
    tmp_path: Path, collector: Rsyslog, authority: Authority
) -> None:
    trail = tmp_path / "audit"
    collector.start()
    write(trail, 10)
    async with forwarding(trail, collector, tls(authority)):
        await arrived(collector, 10)
        await marked(trail, 10)
    (path,) = trail.glob("audit-*.log")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:8]))
    assert verify(trail).fault == ""
    mark = read_mark(trail).head
    assert mark is not None
    assert "record 10 was sent" in verify(trail, known=mark).fault
    assert verify(trail, known=Head(8, mark.hash)).fault


async def test_a_stranger_is_told_nothing(tmp_path: Path, collector: Rsyslog, authority: Authority) -> None:
    collector.start()
    trail, elsewhere = tmp_path / "audit", tmp_path / "other"
    write(trail, 5)
    elsewhere.mkdir()
    for section, name in (
        (tls(Authority(elsewhere, "stranger")), "localhost"),
        (tls(authority), "other.example"),
    ):
        async with forwarding(trail, collector, section, name):
            await asyncio.sleep(0.6)
    # rsyslog ends the handshake of TLS 1.3 before it looks for our certificate: what is sent is thrown away there,
    # and the closed connection keeps the mark where it was.
    async with forwarding(trail, collector, tls(authority, own=False)):
        await asyncio.sleep(0.6)
    assert collector.got() == []
    assert read_mark(trail).number == 0
