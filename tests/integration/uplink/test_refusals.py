"""Whatever one booth sends, it gets a code, and the others notice nothing."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import zmq
import zmq.asyncio

from server.errors import NotFound
from server.ingest import Timing
from station.protocol import (
    CHUNK_BYTES,
    CREDIT,
    Credit,
    Encoding,
    ErrorCode,
    Heartbeat,
    Hello,
    Refused,
    ServerMessage,
    StillChunk,
    StillOffer,
    StillStored,
    StillWanted,
    VisitNoted,
    Welcome,
    decode_station,
    encode,
    new_uid,
)
from station.transport import KeyPair, Spool, ZeroMqUplink, open_keys
from tests.fixtures.stills import a_still, a_visit, noise
from tests.fixtures.uplinks import QUICK_STATION, RawBooth, Server, a_raw_booth, a_server, until

pytestmark = pytest.mark.integration

DATA = noise(800, 700).tobytes()


def an_offer(study: str, data: bytes = DATA) -> StillOffer:
    header = a_still(width=800, height=700).frame.header
    return StillOffer(
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=study,
        series_number=1,
        instance_number=1,
        header=header,
        encoding=Encoding.RAW,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


@asynccontextmanager
async def greeted(server: Server, booth_id: str = "booth-1") -> AsyncIterator[RawBooth]:
    async with a_raw_booth(server.ingest.endpoint, server.enrol(booth_id), server.key) as booth:
        assert await booth.greet(booth_id) == Welcome(server="test server")
        yield booth


async def opened(booth: RawBooth) -> str:
    visit = a_visit()
    await booth.say(visit)
    assert await booth.hear() == VisitNoted(study_instance_uid=visit.study_instance_uid, closed=False)
    return visit.study_instance_uid


async def offered(booth: RawBooth, offer: StillOffer) -> None:
    await booth.say(offer)
    assert await booth.hear() == StillWanted(sop_instance_uid=offer.sop_instance_uid, offset=0, credit=CREDIT)


async def send(booth: RawBooth, offer: StillOffer, data: bytes) -> None:
    for at in range(0, len(data), CHUNK_BYTES):
        chunk = StillChunk(sop_instance_uid=offer.sop_instance_uid, offset=at)
        await booth.say(chunk, data[at : at + CHUNK_BYTES])


def code_of(message: ServerMessage) -> ErrorCode:
    assert isinstance(message, Refused), message
    return message.code


async def test_a_still_said_by_hand_is_stored(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, greeted(server) as booth:
        offer = an_offer(await opened(booth))
        await offered(booth, offer)
        await send(booth, offer, DATA)
        assert await booth.verdict() == StillStored(sop_instance_uid=offer.sop_instance_uid)
        await booth.say(offer)
        assert await booth.hear() == StillStored(sop_instance_uid=offer.sop_instance_uid, duplicate=True)


async def test_a_booth_cannot_speak_for_another(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        server.enrol("booth-2")
        async with a_raw_booth(server.ingest.endpoint, server.enrol("booth-1"), server.key) as booth:
            assert code_of(await booth.greet("booth-2")) is ErrorCode.UNKNOWN_BOOTH
            await booth.say(a_visit())
            assert await booth.hears_nothing()
            assert server.ingest.booths == ()
            assert isinstance(await booth.greet("booth-1"), Welcome)


async def test_a_booth_cannot_go_on_with_anothers_conversation(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        other = server.enrol("booth-2")
        async with a_raw_booth(server.ingest.endpoint, server.enrol("booth-1"), server.key, b"it") as booth:
            assert isinstance(await booth.greet("booth-1"), Welcome)
        async with a_raw_booth(server.ingest.endpoint, other, server.key, b"it") as booth:
            await booth.say(visit := a_visit())
            assert isinstance(await booth.greet("booth-2"), Welcome)
            assert server.ingest.booths == ("booth-2",)
        with pytest.raises(NotFound):
            await server.store.visit(visit.study_instance_uid)


@pytest.mark.parametrize(
    ("version", "minimum", "upgrade"), [(0, 0, "upgrade booth booth-1"), (99, 99, "upgrade this side")]
)
async def test_another_version_is_told_who_must_upgrade(
    tmp_path: Path, version: int, minimum: int, upgrade: str
) -> None:
    async with (
        a_server(tmp_path) as server,
        a_raw_booth(server.ingest.endpoint, server.enrol("booth-1"), server.key) as booth,
    ):
        await booth.say(Hello(booth_id="booth-1", software="t", version=version, minimum=minimum))
        answer = await booth.hear()
        assert code_of(answer) is ErrorCode.VERSION
        assert isinstance(answer, Refused)
        assert upgrade in answer.message
        await booth.say(a_visit())
        assert await booth.hears_nothing()


async def test_a_newer_booth_that_still_speaks_ours_is_welcome_with_what_it_adds(tmp_path: Path) -> None:
    async with (
        a_server(tmp_path) as server,
        a_raw_booth(server.ingest.endpoint, server.enrol("booth-1"), server.key) as booth,
    ):
        hello = msgspec.to_builtins(Hello(booth_id="booth-1", software="t", version=2)) | {"novelty": 1}
        await booth.socket.send(msgspec.msgpack.encode(hello))
        assert isinstance(await booth.hear(), Welcome)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([b"\xc1garbage"], ErrorCode.MALFORMED),
        ([b""], ErrorCode.MALFORMED),
        ([encode(Heartbeat()), b"extra"], ErrorCode.MALFORMED),
        ([encode(Heartbeat())] * 5, ErrorCode.MALFORMED),
        ([encode(StillChunk(sop_instance_uid="1.2", offset=0))], ErrorCode.MALFORMED),
        ([bytes(70_000)], ErrorCode.OVERSIZED),
        ([encode(StillChunk(sop_instance_uid="1.2", offset=0)), bytes(CHUNK_BYTES + 1)], ErrorCode.OVERSIZED),
        ([encode(Hello(booth_id="booth-1", software="t"))], ErrorCode.UNEXPECTED),
    ],
)
async def test_what_is_no_message_ends_the_connection_with_a_code(
    tmp_path: Path, parts: list[bytes], code: ErrorCode
) -> None:
    async with a_server(tmp_path) as server, greeted(server, "booth-2") as honest, greeted(server) as booth:
        await booth.socket.send_multipart(parts)
        assert code_of(await booth.hear()) is code
        await booth.say(a_visit())
        assert await booth.hears_nothing()
        await opened(honest)
        assert isinstance(await booth.greet(), Welcome)


async def test_a_part_beyond_all_bounds_is_cut_before_it_is_read(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, greeted(server, "booth-2") as honest, greeted(server) as booth:
        await booth.socket.send(bytes(8 << 20))
        await until(lambda: server.ingest.booths == ("booth-2",))
        await opened(honest)


async def test_silence_before_hello_and_after(tmp_path: Path) -> None:
    async with a_server(tmp_path, timing=Timing(heartbeat_s=0.2, silence_s=1.5)) as server:
        async with a_raw_booth(server.ingest.endpoint, server.enrol("booth-1"), server.key) as booth:
            await booth.say(a_visit())
            assert code_of(await booth.hear()) is ErrorCode.UNEXPECTED
            await booth.say(a_visit())
            assert await booth.hears_nothing()
        async with greeted(server):
            assert server.ingest.booths == ("booth-1",)
            await until(lambda: server.ingest.booths == ())


@pytest.mark.parametrize(
    ("offset", "size"),
    [(CHUNK_BYTES, CHUNK_BYTES), (0, 100), (0, CHUNK_BYTES - 1), (1 << 29, CHUNK_BYTES), (0, 0)],
)
async def test_a_chunk_out_of_turn_ends_its_still_only(tmp_path: Path, offset: int, size: int) -> None:
    async with a_server(tmp_path) as server, greeted(server) as booth:
        study = await opened(booth)
        offer = an_offer(study)
        await offered(booth, offer)
        for _ in range(3):
            await booth.say(StillChunk(sop_instance_uid=offer.sop_instance_uid, offset=offset), bytes(size))
        answer = await booth.hear()
        assert (code_of(answer), getattr(answer, "about", "")) == (
            ErrorCode.UNEXPECTED,
            offer.sop_instance_uid,
        )
        again = an_offer(study)
        await offered(booth, again)
        await send(booth, again, DATA)
        assert await booth.verdict() == StillStored(sop_instance_uid=again.sop_instance_uid)
        assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_chunk_that_nobody_asked_for_is_refused_once(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, greeted(server) as booth:
        for _ in range(5):
            await booth.say(StillChunk(sop_instance_uid="1.2.3", offset=0), b"x")
        assert code_of(await booth.hear()) is ErrorCode.UNEXPECTED
        await opened(booth)


async def test_other_bytes_than_offered_are_thrown_away(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, greeted(server) as booth:
        offer = an_offer(await opened(booth))
        await offered(booth, offer)
        await send(booth, offer, bytes(len(DATA)))
        assert code_of(await booth.verdict()) is ErrorCode.HASH_MISMATCH
        assert server.files() == []
        assert list((tmp_path / "incoming").iterdir()) == []
        await offered(booth, offer)
        await send(booth, offer, DATA)
        assert isinstance(await booth.verdict(), StillStored)


async def test_a_size_that_cannot_be_is_refused_at_the_door(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        for change in (
            {"size": len(DATA) - 1},
            {"size": len(DATA) * 2, "encoding": Encoding.DELTA_ZSTD},
            {"header": msgspec.structs.replace(an_offer("1.2").header, width=20_000, height=20_000)},
        ):
            async with greeted(server) as booth:
                offer = msgspec.structs.replace(an_offer(await opened(booth)), **change)
                await booth.say(offer)
                answer = await booth.hear()
                assert (code_of(answer), getattr(answer, "about", "")) == (
                    ErrorCode.MALFORMED,
                    offer.sop_instance_uid,
                )


async def test_stills_need_an_open_visit_of_their_own_booth(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, greeted(server) as booth, greeted(server, "booth-2") as other:
        await booth.say(an_offer(new_uid()))
        assert code_of(await booth.hear()) is ErrorCode.UNEXPECTED
        study = await opened(booth)
        await other.say(an_offer(study))
        assert code_of(await other.hear()) is ErrorCode.CONFLICT
        await other.say(msgspec.structs.replace(a_visit(), study_instance_uid=study))
        assert code_of(await other.hear()) is ErrorCode.CONFLICT
        await offered(booth, an_offer(study))


async def test_a_second_connection_of_a_booth_takes_over_what_the_first_began(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, greeted(server) as first:
        offer = an_offer(await opened(first))
        await offered(first, offer)
        begun = DATA[: CREDIT // 2 * CHUNK_BYTES]
        await send(first, offer, begun)
        assert isinstance(await first.hear(), Credit)
        await until(
            lambda: sum(path.stat().st_size for path in (tmp_path / "incoming").iterdir()) == len(begun)
        )
        async with greeted(server) as second:
            assert code_of(await first.hear()) is ErrorCode.BUSY
            await second.say(offer)
            assert await second.hear() == StillWanted(
                sop_instance_uid=offer.sop_instance_uid, offset=len(begun), credit=CREDIT
            )


async def test_an_honest_booth_loses_nothing_beside_a_hostile_one(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        for n in range(6):
            await spool.put(a_still(visit.study_instance_uid, seed=n, width=1500, height=1000))
        async with server.uplink(spool, "booth-2") as uplink:
            for attack in range(12):
                async with greeted(server) as hostile:
                    offer = an_offer(await opened(hostile))
                    await offered(hostile, offer)
                    for n in range(100):
                        at = 0 if attack % 2 else n * CHUNK_BYTES
                        chunk = StillChunk(sop_instance_uid=offer.sop_instance_uid, offset=at)
                        await hostile.say(chunk, bytes(CHUNK_BYTES))
                    await hostile.socket.send_multipart([b"\xff" * (1 + attack * 1000)] * (1 + attack % 4))
            await until(lambda: uplink.state.stored == 6)
            assert uplink.state.parked == {}
        assert len(await server.store.stills(visit.study_instance_uid)) == 6
        await spool.close()


# The station's side


async def test_a_station_with_another_servers_key_is_told_so(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        uplink = ZeroMqUplink(
            server.ingest.endpoint,
            booth_id="booth-1",
            software="t",
            keys=server.enrol("booth-1"),
            server_key=open_keys(tmp_path / "else").public,
            spool=spool,
            timing=QUICK_STATION,
        )
        async with uplink:
            await until(lambda: "configured server key" in uplink.state.problem)
        await spool.close()


@asynccontextmanager
async def a_strange_server(keys: KeyPair, *answers: bytes) -> AsyncIterator[str]:
    """A server of this key that answers every Hello with these messages."""
    context = zmq.asyncio.Context()
    router: zmq.asyncio.Socket = context.socket(zmq.ROUTER)
    router.linger = 0
    router.curve_server = True
    router.curve_publickey, router.curve_secretkey = keys.public, keys.secret
    port = router.bind_to_random_port("tcp://127.0.0.1")

    async def answer() -> None:
        while True:
            identity, hello = await router.recv_multipart()
            if isinstance(decode_station(hello), Hello):
                for each in answers:
                    await router.send_multipart([identity, each])

    task = asyncio.create_task(answer())
    try:
        yield f"tcp://127.0.0.1:{port}"
    finally:
        task.cancel()
        await asyncio.wait([task])
        router.close()
        context.term()


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([encode(Welcome(server="s", version=99, minimum=99))], "upgrade this side"),
        ([encode(Welcome(server="s", version=0))], "upgrade the server"),
        ([b"\xc1"], "what is no message"),
        ([], "no word from the server"),
        ([encode(Welcome(server="s")), b"\xc1"], "what is no message"),
        ([encode(Welcome(server="s"))], "no word from the server"),
    ],
)
async def test_a_station_leaves_a_server_that_it_cannot_understand(
    tmp_path: Path, answers: list[bytes], problem: str
) -> None:
    keys = open_keys(tmp_path / "server")
    async with a_strange_server(keys, *answers) as endpoint:
        spool = Spool.open(tmp_path / "spool")
        uplink = ZeroMqUplink(
            endpoint,
            booth_id="booth-1",
            software="t",
            keys=open_keys(tmp_path / "booth"),
            server_key=keys.public,
            spool=spool,
            timing=QUICK_STATION,
        )
        async with uplink:
            await until(lambda: problem in uplink.state.problem)
            refused = uplink.state.refused
            assert (refused is not None and refused.code is ErrorCode.VERSION) == ("upgrade" in problem)
        await spool.close()
