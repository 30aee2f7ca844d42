"""A worklist server that answers garbage: a real answer of dcmtk, recorded, then spoilt 200 ways."""

import asyncio
import random
import resource
import socket

import pytest

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection
from server.errors import OrdersUnavailable
from server.orders.mwl import MwlSource
from tests.fixtures.conversations import Recorder, playing
from tests.fixtures.worklists import AE_TITLE, item, today, wlmscpfs

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]

ROUNDS = 200
QUICK = DicomConfig(connect_timeout_s=2, association_timeout_s=2, network_timeout_s=2)


def source_at(port: int) -> MwlSource:
    return MwlSource(MwlSection(host="127.0.0.1", port=port, ae_title=AE_TITLE), QUICK, 500)


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
        with playing(recorder) as port:
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
    with playing(player) as port:
        source = source_at(port)
        for _ in range(ROUNDS):
            player.answer = spoilt(answer, rng)
            try:
                found = await asyncio.wait_for(source.expected(today(), today()), 5)
                outcomes.append("entries" if found.entries else "none")
            except OrdersUnavailable as error:
                outcomes.append("refused")
                reasons.append(str(error))
        await source.close()
    assert {"entries", "refused"} <= set(outcomes)
    assert not any("ller" in reason for reason in reasons), "a reason names a patient"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "KiB more than before"


async def test_a_server_that_never_ends_its_answer_is_cut_off_at_the_limit() -> None:
    acceptance, answer = await recorded()
    pending = answer[: len(answer) * 4 // 5]
    player = Player(acceptance)
    player.answer = pending * 400
    with playing(player) as port:
        source = source_at(port)
        try:
            found = await source.expected(today(), today())
            assert found.more
        except OrdersUnavailable:
            pass
        await source.close()
