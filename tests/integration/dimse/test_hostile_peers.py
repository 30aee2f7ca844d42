"""Peers that lie, stall and babble: every call ends in time and memory, with a reason."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pydicom.dataset import Dataset

from server.dicom import build_photo
from server.dimse import COMMITMENT, PLAIN, VERIFICATION, Association, Offer, Peer, StoredFile
from server.errors import PeerUnavailable
from station.protocol import new_uid
from tests.fixtures.conversations import Recorder, Script, playing
from tests.fixtures.dicom_objects import description, picture
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.parcels import packed

pytestmark = pytest.mark.integration

WORKLIST = "1.2.840.10008.5.1.4.31"
OFFERS = [Offer(VERIFICATION, PLAIN), Offer(WORKLIST, PLAIN), Offer(COMMITMENT, PLAIN)]
MUTATIONS, CALLERS = 120, 6
MORE_MB = 100


@contextlib.contextmanager
def lying(script: Script) -> Iterator[Peer]:
    """A peer that treats every caller so."""
    with playing(script) as port:
        yield Peer(
            "127.0.0.1",
            port,
            "PEER",
            "BOOTH",
            connect_timeout_s=1,
            association_timeout_s=1,
            network_timeout_s=1,
            answer_timeout_s=1,
        )


@pytest.fixture(scope="module")
def acceptance(shared_orthanc: Orthanc) -> bytes:
    """What a real PACS says when it accepts all that is offered here; and to C-ECHO."""
    recorder = Recorder(shared_orthanc.dicom_port)
    with (
        playing(recorder) as port,
        Association(Peer("127.0.0.1", port, "ORTHANC", "BOOTH"), OFFERS) as association,
    ):
        association.echo()
    return recorder.said


def used_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def ask_everything(peer: Peer) -> None:
    """Echo, query and commitment; raises `PeerUnavailable` and nothing else."""
    query = Dataset()
    query.PatientName = ""
    with Association(peer, OFFERS) as association:
        association.echo()
        for match in association.find(query, WORKLIST, most=50, most_bytes=1_000_000):
            str(match.get("PatientName"))
        association.commit(new_uid(), [(VERIFICATION, new_uid())], wait_s=0.1)


def read(connection: socket.socket) -> None:
    connection.recv(65536)


def silent(connection: socket.socket) -> None:
    time.sleep(4)


def forged_length(connection: socket.socket) -> None:
    read(connection)
    connection.sendall(struct.pack(">BxL", 2, 2_000_000_000))
    with contextlib.suppress(OSError):
        for _ in range(200):
            connection.sendall(bytes(1_000_000))


def dripping(connection: socket.socket) -> None:
    read(connection)
    connection.sendall(struct.pack(">BxL", 2, 1000))
    with contextlib.suppress(OSError):
        for _ in range(100):
            connection.sendall(b"\0")
            time.sleep(0.1)


def web_server(connection: socket.socket) -> None:
    read(connection)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def closing(connection: socket.socket) -> None:
    read(connection)


def aborting(connection: socket.socket) -> None:
    read(connection)
    connection.sendall(struct.pack(">BxLxxBB", 7, 4, 2, 6))


def congested(connection: socket.socket) -> None:
    read(connection)
    connection.sendall(struct.pack(">BxLxBBB", 3, 4, 2, 3, 1))


TOO_SLOW = (silent, dripping)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "did not answer in time"),
        (forged_length, "announced a PDU of 2000000000 bytes"),
        (dripping, "did not answer in time"),
        (web_server, "see that host and port are a DICOM system's"),
        (closing, "closed the connection when an association was requested"),
        (aborting, "aborted the association"),
        (congested, "congested"),
    ],
)
def test_no_association_comes_about(script: Script, reason: str) -> None:
    before, started = used_mb(), time.monotonic()
    with lying(script) as quick, pytest.raises(PeerUnavailable, match=reason):
        ask_everything(quick if script in TOO_SLOW else replace(quick, association_timeout_s=15))
    assert time.monotonic() - started < 15
    assert used_mb() - before < MORE_MB


def endless_data(acceptance: bytes) -> Script:
    accepted, _ = split(acceptance)

    def script(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(accepted)
        read(connection)
        command = struct.pack("<HHLH", 0, 0x0800, 2, 1)
        first = struct.pack(">LBB", len(command) + 2, 1, 3) + command
        connection.sendall(struct.pack(">BxL", 4, len(first)) + first)
        piece = struct.pack(">LBB", 60_002, 1, 0) + bytes(60_000)
        with contextlib.suppress(OSError):
            for _ in range(3000):
                connection.sendall(struct.pack(">BxL", 4, len(piece)) + piece)

    return script


def split(answers: bytes) -> tuple[bytes, bytes]:
    """The acceptance, and what follows."""
    length = 6 + int.from_bytes(answers[2:6])
    return answers[:length], answers[length:]


def test_data_without_end(acceptance: bytes) -> None:
    before = used_mb()
    with lying(endless_data(acceptance)) as peer, pytest.raises(PeerUnavailable, match="more than 1048576"):
        ask_everything(peer)
    assert used_mb() - before < MORE_MB


def test_a_peer_that_stops_taking_data(acceptance: bytes, tmp_path: Path) -> None:
    """A photo of 24 megapixels is sent in pieces, and given up in time."""
    photo = packed(build_photo(description(), picture(0)), tmp_path)
    with photo.path.open("ab") as file:
        file.write(bytes(150_000_000))
    before = used_mb()
    accepted, _ = split(acceptance)

    def script(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(accepted)
        time.sleep(1.5)

    file_sent = StoredFile.read(photo.path)
    assert file_sent.data_bytes > 150_000_000
    offers = [Offer(file_sent.sop_class_uid, PLAIN), *OFFERS[1:]]
    with lying(script) as peer:
        association = Association(peer, offers).open()
        (syntax,) = association.accepted(file_sent.sop_class_uid)
        plain = replace(file_sent, transfer_syntax=syntax)
        with pytest.raises(PeerUnavailable):
            association.store(plain)
    assert used_mb() - before < 20


def test_mutated_answers(acceptance: bytes) -> None:
    """Bits of a real PACS's answers changed, cut off, and put together anew."""
    accepted, rest = split(acceptance)
    chance = random.Random(6)
    answers = [
        (mutated(accepted, chance) if index % 2 else accepted, mutated(rest, chance))
        for index in range(MUTATIONS)
    ]
    before, threads = used_mb(), threading.active_count()
    with ThreadPoolExecutor(CALLERS) as callers:
        reasons = set().union(*callers.map(refusals, [answers[n::CALLERS] for n in range(CALLERS)]))
    assert len(reasons) >= 4, reasons
    assert used_mb() - before < MORE_MB
    assert threading.active_count() <= threads


def refusals(answers: list[tuple[bytes, bytes]]) -> set[str]:
    """Why each call of a peer that answers so ended; one after the other."""
    waiting, reasons = answers[::-1], set[str]()

    def script(connection: socket.socket) -> None:
        connection.settimeout(0.3)
        first, second = waiting.pop()
        with contextlib.suppress(OSError):
            read(connection)
            connection.sendall(first)
            read(connection)
            connection.sendall(second)
            read(connection)

    with lying(script) as peer:
        quick = replace(peer, association_timeout_s=0.3, network_timeout_s=0.3, answer_timeout_s=0.3)
        for _ in answers:
            with pytest.raises(PeerUnavailable) as raised:
                ask_everything(quick)
            assert raised.value.reason
            assert raised.value.next_step
            reasons.add(raised.value.reason.partition(": ")[2])
    return reasons


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at : at + 4] = struct.pack(">L", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF)))
            case 2:
                del changed[at : at + chance.randint(1, 20)]
            case _:
                changed[at:at] = chance.randbytes(chance.randint(1, 20))
        changed = changed or bytearray(1)
    return bytes(changed)


def test_a_call_is_freed_by_a_cut() -> None:
    over = threading.Event()

    def waiting(connection: socket.socket) -> None:
        over.wait(30)

    with lying(waiting) as quick:
        patient = replace(quick, association_timeout_s=30)
        association = Association(patient, OFFERS)
        threading.Timer(0.3, association.cut).start()
        started = time.monotonic()
        with pytest.raises(PeerUnavailable):
            association.open()
        over.set()
        assert time.monotonic() - started < 20
