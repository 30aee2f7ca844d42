"""The listener's process towards callers that lie, stall and babble: it goes on, in bounded memory."""

import contextlib
import random
import socket
import struct
import time
from collections.abc import Iterator

import psutil
import pytest

from server.dimse import COMMITMENT, PLAIN, VERIFICATION, Association, Offer, Peer, negotiation
from tests.fixtures.listener_process import ListenerProcess, listening

pytestmark = pytest.mark.integration

OFFERS = [Offer(VERIFICATION, PLAIN), Offer(COMMITMENT, PLAIN)]
REQUEST = negotiation.request("ORTHANC", "DERMABOOTH", OFFERS, 16384)
MUTATIONS = 150
MORE_MB = 100


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListenerProcess]:
    with listening(tmp_path_factory.mktemp("listener")) as process:
        echo(process)
        yield process


@pytest.fixture(autouse=True)
def goes_on(listener: ListenerProcess) -> Iterator[None]:
    """After each test the process is the same, serves, and has grown little."""
    before, pid = listener.memory_mb(), listener.process.pid
    yield
    echo(listener)
    assert listener.process.poll() is None
    assert listener.process.pid == pid
    assert listener.memory_mb() - before < MORE_MB
    deadline = time.monotonic() + 12
    while listener.threads() > 5:
        assert time.monotonic() < deadline, "threads stay"
        time.sleep(0.1)


def echo(listener: ListenerProcess) -> None:
    peer = Peer("127.0.0.1", listener.port, "DERMABOOTH", "ORTHANC", association_timeout_s=3)
    with Association(peer, OFFERS) as association:
        association.echo()


def call(listener: ListenerProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", listener.port), 5)


def pdu(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(content)) + content


def test_callers_that_only_connect(listener: ListenerProcess) -> None:
    """Ten of them do not keep a real one out."""
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(call(listener))
        started = time.monotonic()
        echo(listener)
        assert time.monotonic() - started < 3


def test_memory_has_a_limit(listener: ListenerProcess) -> None:
    process = psutil.Process(listener.process.pid)
    soft, hard = process.rlimit(psutil.RLIMIT_AS)
    assert soft == hard
    assert soft - process.memory_info().vms < 200 * 1_048_576


def test_forged_lengths(listener: ListenerProcess) -> None:
    for kind in (1, 4, 7, 0x16, 0x47):
        with call(listener) as caller, contextlib.suppress(OSError):
            caller.sendall(struct.pack(">BxL", kind, 2_000_000_000))
            for _ in range(100):
                caller.sendall(bytes(1_000_000))


def test_data_without_end(listener: ListenerProcess) -> None:
    with call(listener) as caller, contextlib.suppress(OSError):
        caller.sendall(pdu(1, REQUEST))
        assert caller.recv(1) == b"\x02"
        command = struct.pack("<HHLH", 0, 0x0800, 2, 1)
        caller.sendall(pdu(4, struct.pack(">LBB", len(command) + 2, 3, 3) + command))
        for _ in range(2000):
            caller.sendall(pdu(4, struct.pack(">LBB", 60_002, 3, 0) + bytes(60_000)))


def test_nesting_without_end(listener: ListenerProcess) -> None:
    """A report whose sequences hold each other ten thousand deep."""
    nested = struct.pack("<HHLHHL", 0x0008, 0x1199, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF) * 10_000
    uid = b"1.2.840.10008.1.20.1"
    command = b"".join(
        struct.pack("<HHL", 0, element, len(value)) + value
        for element, value in (
            (0x0002, uid),
            (0x0100, struct.pack("<H", 0x0100)),
            (0x0110, struct.pack("<H", 1)),
            (0x0800, struct.pack("<H", 1)),
            (0x1002, struct.pack("<H", 1)),
        )
    )
    with call(listener) as caller, contextlib.suppress(OSError):
        caller.sendall(pdu(1, REQUEST))
        assert caller.recv(1) == b"\x02"
        caller.sendall(pdu(4, struct.pack(">LBB", len(command) + 2, 3, 3) + command))
        for start in range(0, len(nested), 60_000):
            piece = nested[start : start + 60_000]
            last = 2 if start + 60_000 >= len(nested) else 0
            caller.sendall(pdu(4, struct.pack(">LBB", len(piece) + 2, 3, last) + piece))
        caller.recv(65536)


def test_mutated_requests(listener: ListenerProcess) -> None:
    chance = random.Random(7)
    whole = pdu(1, REQUEST) + pdu(4, struct.pack(">LBB", 12, 1, 3) + struct.pack("<HHLH", 0, 0x0800, 2, 1))
    for _ in range(MUTATIONS):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(changed))
            if chance.random() < 0.5:
                changed[at] ^= 1 << chance.randrange(8)
            else:
                changed[at : at + 4] = chance.randbytes(chance.randint(0, 12))
        with call(listener) as caller, contextlib.suppress(OSError):
            caller.sendall(changed)
            caller.shutdown(socket.SHUT_WR)
            while caller.recv(65536):
                pass
    assert "Traceback" not in listener.log()


def test_a_caller_that_drips(listener: ListenerProcess) -> None:
    """One byte at a time, within every single limit, until the whole takes too long."""
    started = time.monotonic()
    with call(listener) as caller, contextlib.suppress(OSError):
        caller.sendall(struct.pack(">BxL", 1, 60_000))
        while time.monotonic() - started < 30:
            caller.sendall(b"\0")
            time.sleep(0.2)
    assert time.monotonic() - started < 20
