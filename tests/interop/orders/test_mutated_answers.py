"""A worklist server that answers garbage: a real answer of dcmtk, recorded, then spoilt 200 ways."""

import asyncio
import random
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection
from server.errors import OrdersUnavailable
from server.orders.mwl import MwlSource
from tests.fixtures.worklists import AE_TITLE, item, today, wlmscpfs

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]

ROUNDS = 200
QUICK = DicomConfig(connect_timeout_s=2, association_timeout_s=2, network_timeout_s=2)


def source_at(port: int) -> MwlSource:
    return MwlSource(MwlSection(host="127.0.0.1", port=port, ae_title=AE_TITLE), QUICK, 500)


@contextmanager
def listening(play: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where `play` is called with every connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection = server.accept()[0]
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(3)
                    try:
                        play(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


class Recorder:
    """Passes a conversation on and keeps what the server said."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.said = b""

    def __call__(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            back = threading.Thread(target=self._pass_back, args=(server, client))
            back.start()
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join()

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        while data := server.recv(65536):
            self.said += data
            client.sendall(data)


class Player:
    """Answers an association request as recorded, and the query with `answer`."""

    def __init__(self, acceptance: bytes) -> None:
        self.acceptance = acceptance
        self.answer = b""

    def __call__(self, client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(self.acceptance)
        client.recv(65536)
        client.sendall(self.answer)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def spoilt(answer: bytes, rng: random.Random) -> bytes:
    data = bytearray(answer)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data)) if data else 0
        match rng.randrange(6):
            case 0:
                data[place : place + 1] = rng.randbytes(1)
            case 1:
                del data[place:]
            case 2:
                data[place:place] = rng.randbytes(rng.randint(1, 500))
            case 3:
                data[place : place + 4] = b"\xff\xff\xff\xff"
            case 4:
                data[2:6] = rng.choice([b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\xff\xff"])
            case _:
                data += data[: rng.randrange(len(data) + 1)]
    return bytes(data)


async def recorded() -> tuple[bytes, bytes]:
    """What dcmtk says: its acceptance, and its answer to the query."""
    with wlmscpfs() as worklist:
        worklist.fill([item(n, PatientName="Müller^Ann=김^지우") for n in range(5)])
        recorder = Recorder(worklist.port)
        with listening(recorder) as port:
            source = source_at(port)
            assert len((await source.expected(today(), today())).entries) == 5
            await source.close()
    length = 6 + int.from_bytes(recorder.said[2:6], "big")
    return recorder.said[:length], recorder.said[length:]


async def test_spoilt_answers_do_no_harm() -> None:
    acceptance, answer = await recorded()
    player, rng = Player(acceptance), random.Random(11)
    reasons: list[str] = []
    before, outcomes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    with listening(player) as port:
        source = source_at(port)
        for _ in range(ROUNDS):
            player.answer = spoilt(answer, rng)
            began = time.monotonic()
            try:
                found = await asyncio.wait_for(source.expected(today(), today()), 10)
                outcomes.append("entries" if found.entries else "none")
            except OrdersUnavailable as error:
                outcomes.append("refused")
                reasons.append(str(error))
            assert time.monotonic() - began < 5
        await source.close()
    assert {"entries", "refused"} <= set(outcomes)
    assert not any("ller" in reason for reason in reasons), "a reason names a patient"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "KiB more than before"


async def test_a_server_that_never_ends_its_answer_is_cut_off_at_the_limit() -> None:
    acceptance, answer = await recorded()
    pending = answer[: len(answer) * 4 // 5]
    player = Player(acceptance)
    player.answer = pending * 400
    with listening(player) as port:
        source = source_at(port)
        try:
            found = await source.expected(today(), today())
            assert found.more
        except OrdersUnavailable:
            pass
        await source.close()
