"""The trail: appended to by several processes, whole or told where it is not, and never silently incomplete."""

import logging
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.audit import Actor, AuditEvent, Auditor, AuditSource, Head, Subject, events, verify
from server.audit.chain import Chain, hash_of, last_line, trail_files
from server.errors import AuditUnavailable
from tests.fixtures.audit_schema import assert_valid_message, details
from tests.fixtures.capture_room import until

pytestmark = pytest.mark.unit

SOURCE = AuditSource("booths.example")


def event(number: int = 0) -> AuditEvent:
    return events.accessed(Actor(user_id=f"user-{number}"), "2.25.1", Subject(patient_id="P-1"))


def auditor(folder: Path, **more: int) -> Auditor:
    return Auditor(folder, SOURCE, **more)


def lines(folder: Path) -> list[bytes]:
    return [line for path in trail_files(folder) for line in path.read_bytes().splitlines()]


def filled(folder: Path, count: int = 20, *, file_bytes: int = 64 << 20) -> Path:
    with auditor(folder, file_bytes=file_bytes) as one:
        for number in range(count):
            one.record_now(event(number))
    return folder


async def test_a_record_is_durable_and_private_when_it_was_awaited(tmp_path: Path) -> None:
    with auditor(tmp_path / "audit") as one:
        await one.record(event())
        (line,) = lines(tmp_path / "audit")
    number, before, message = line.split(b" ", 2)
    assert (number, before) == (b"1", b"0" * 64)
    assert_valid_message(message)
    (path,) = trail_files(tmp_path / "audit")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_noted_is_there_at_the_end(tmp_path: Path) -> None:
    with auditor(tmp_path) as one:
        for number in range(1000):
            one.note(event(number))
    assert verify(tmp_path).records == 1000


def test_the_chain_goes_on_over_files_and_starts(tmp_path: Path) -> None:
    filled(tmp_path, 20, file_bytes=4000)
    filled(tmp_path, 20, file_bytes=4000)
    found = verify(tmp_path)
    assert (found.records, found.fault) == (40, "")
    assert found.files == len(trail_files(tmp_path)) > 5
    assert found.head == Head(40, hash_of(lines(tmp_path)[-1]))


def _changed(text: bytes) -> bytes:
    return text.replace(b"user-7", b"user-8", 1)


def _removed(text: bytes) -> bytes:
    kept = text.splitlines(keepends=True)
    return b"".join(kept[:7] + kept[8:])


def _swapped(text: bytes) -> bytes:
    kept = text.splitlines(keepends=True)
    return b"".join([*kept[:7], kept[8], kept[7], *kept[9:]])


def _put_in(text: bytes) -> bytes:
    kept = text.splitlines(keepends=True)
    return b"".join([*kept[:7], kept[7], *kept[7:]])


def _rechained(text: bytes) -> bytes:
    """The end cut off and written anew, with hashes that fit."""
    kept = text.splitlines()[:10]
    for number in range(11, 21):
        kept.append(b"%d %s <AuditMessage></AuditMessage>" % (number, hash_of(kept[-1]).encode()))
    return b"\n".join(kept) + b"\n"


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (_changed, "line 9: record 9 does not carry the hash"),
        (_removed, "line 8: record 8 has the number 9"),
        (_swapped, "line 8: record 8 has the number 9"),
        (_put_in, "line 9: record 9 has the number 8"),
        (lambda text: text[:-9], "line 20: record 20 is not a whole record"),
        (lambda text: b"\n" + text, "line 1: record 1 is not a whole record"),
        (lambda text: b"", "record 20 was sent to the collector and is not here"),
        (lambda text: b"".join(text.splitlines(keepends=True)[:12]), "record 20 was sent to the collector"),
        (_rechained, "is not the record that the collector was sent"),
    ],
)
def test_tampering_is_told_with_its_place(
    tmp_path: Path, tamper: Callable[[bytes], bytes], fault: str
) -> None:
    (path,) = trail_files(filled(tmp_path))
    known = Head(20, hash_of(last_line(path)))
    assert verify(tmp_path, known=known).fault == ""
    path.write_bytes(tamper(path.read_bytes()))
    assert fault in verify(tmp_path, known=known).fault


def test_files_that_were_moved_away_are_missed_unless_it_is_said(tmp_path: Path) -> None:
    filled(tmp_path, 20, file_bytes=4000)
    trail_files(tmp_path)[0].unlink()
    first = int(trail_files(tmp_path)[0].stem.removeprefix("audit-"))
    assert f"has the number {first}" in verify(tmp_path).fault
    assert verify(tmp_path, begins_at=first).fault == ""


def test_an_unfinished_record_of_a_crash_is_taken_away_and_told(tmp_path: Path) -> None:
    (path,) = trail_files(filled(tmp_path, 3))
    with path.open("ab") as file:
        file.write(b"4 0123 <AuditMess")
    assert "record 4 is not a whole record" in verify(tmp_path).fault
    filled(tmp_path, 1)
    assert verify(tmp_path).fault == ""
    assert len(lines(tmp_path)) == 5
    told = assert_valid_message(lines(tmp_path)[3].split(b" ", 2)[2])
    assert "17 bytes" in details(told)["Alert Description"]


def test_a_damaged_end_is_not_written_over(tmp_path: Path) -> None:
    (path,) = trail_files(filled(tmp_path, 3))
    with path.open("ab") as file:
        file.write(b"garbage\n")
    with auditor(tmp_path) as one, pytest.raises(AuditUnavailable, match="audit verify"):
        one.record_now(event())


_WRITER = """
import sys
from pathlib import Path
from server.audit import Actor, Auditor, AuditSource, events, Subject
with Auditor(Path(sys.argv[1]), AuditSource("booths.example"), file_bytes=20_000) as auditor:
    for number in range(int(sys.argv[2])):
        auditor.record_now(events.accessed(Actor(user_id="program"), "2.25.1", Subject(patient_id="P-1")))
        print(flush=True)
"""


def _writer(folder: Path, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _WRITER, str(folder), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    writers = [_writer(tmp_path, 60) for _ in range(3)]
    for writer in writers:
        writer.communicate(timeout=60)
    found = verify(tmp_path)
    assert (found.records, found.fault) == (180, "")


def test_a_killed_process_leaves_a_trail_that_goes_on(tmp_path: Path) -> None:
    for _ in range(3):
        with _writer(tmp_path, 1_000_000) as writer:
            assert writer.stdout is not None
            for _ in range(2):
                writer.stdout.readline()
            time.sleep(0.05)
            writer.kill()
    filled(tmp_path, 1)
    found = verify(tmp_path)
    assert found.fault == ""
    assert found.records > 3 * 2


async def test_a_full_disk_refuses_who_waits_and_loses_nothing_that_was_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full, refused = True, 0
    write = os.write

    def no_space(descriptor: int, data: bytes) -> int:
        nonlocal refused
        if full:
            refused += 1
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr("server.audit.chain.os.write", no_space)
    monkeypatch.setattr("server.audit.auditor._RETRY_S", 0.05)
    with auditor(tmp_path, room=50) as one:
        with pytest.raises(AuditUnavailable, match="No space left"):
            await one.record(event())
        assert not await one.ready()
        for number in range(60):
            one.note(event(number))
        with pytest.raises(AuditUnavailable):
            await one.record(event())
        tried = refused
        await until(lambda: refused > tried + 1)  # a try that began with all of them
        full = False
        await until(lambda: not one.fault)
        assert await one.ready()
    found = verify(tmp_path)
    assert found.fault == ""
    # The room holds 50: what did not fit is counted in the trail itself.
    lost = assert_valid_message(lines(tmp_path)[0].split(b" ", 2)[2])
    assert details(lost)["Alert Description"].startswith("10 events could not be recorded")
    assert found.records == 51
    assert sum(record.message.startswith("the audit trail in") for record in caplog.records) == 1
    assert any("being lost" in r.message and r.levelno == logging.ERROR for r in caplog.records)


def test_a_half_written_batch_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain(tmp_path, file_bytes=1 << 20, torn=lambda size: b"<AuditMessage></AuditMessage>")
    chain.append([b"<AuditMessage>1</AuditMessage>"])
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        write(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.audit.chain.os.write", half)
    with pytest.raises(AuditUnavailable):
        chain.append([b"<AuditMessage>2</AuditMessage>"])
    monkeypatch.undo()
    assert chain.append([b"<AuditMessage>3</AuditMessage>"]).number == 2
    assert verify(tmp_path).records == 2


def test_what_is_recorded_after_the_end_is_refused_or_counted(tmp_path: Path) -> None:
    one = auditor(tmp_path)
    one.close()
    one.close()
    with pytest.raises(AuditUnavailable):
        one.record_now(event())
