"""An enrolled booth gone mad, and strangers, at the capture socket: an honest booth beside them loses nothing."""

import asyncio
import contextlib
import hashlib
import random
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.prove.claims import Advance, Claim
from benchmarks.prove.mutations import damage
from station.protocol import (
    Encoding,
    Heartbeat,
    Hello,
    StationMessage,
    StillChunk,
    StillOffer,
    VisitClosed,
    encode,
)
from station.still import TakenStill
from station.transport import Spool
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplinks import Server, a_raw_booth, a_server, enrol

NAME = "any multipart of any booth: refused, and an honest booth beside it loses nothing"
MAD = "booth-9"
GROWTH = 256 << 20
STORED_WITHIN_S = 20.0


async def prove_wire(folder: Path, seconds: float, seed: int, advance: Advance) -> Claim:
    """Talk nonsense for so long."""
    started, memory = time.monotonic(), psutil.Process()
    async with a_server(folder / "server") as server:
        before = memory.memory_info().rss
        spool = await asyncio.to_thread(Spool.open, folder / "spool")
        try:
            honest, sent = await _talk(server, spool, seconds, random.Random(seed), advance)
            found = [
                f"{offer.sop_instance_uid} of the honest booth is not stored" for offer in spool.pending()
            ]
            found += await _changed(server, honest)
        finally:
            await spool.close()
        grown = memory.memory_info().rss - before
    if grown > GROWTH:
        found.append(f"the process grew by {grown >> 20} MiB")
    context = f"{len(honest)} honest stills, grown by {max(grown, 0) >> 20} MiB"
    return Claim(NAME, sent, time.monotonic() - started, tuple(found), context)


async def _talk(
    server: Server, spool: Spool, seconds: float, rng: random.Random, advance: Advance
) -> tuple[list[TakenStill], int]:
    """The stills of the honest booth, and how many messages the mad one sent meanwhile."""
    honest, sent, started = list[TakenStill](), 0, time.monotonic()
    async with server.uplink(spool) as uplink:
        visit = a_visit()
        await spool.open_visit(visit)
        while time.monotonic() - started < seconds:
            honest.append(a_still(visit.study_instance_uid, seed=len(honest)))
            await spool.put(honest[-1])
            uplink.notify()
            sent += await _rave(server, rng)
            await _knock(server, rng)
            advance((time.monotonic() - started) / seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STORED_WITHIN_S):
                while spool.pending():
                    await asyncio.sleep(0.05)
    return honest, sent


async def _rave(server: Server, rng: random.Random) -> int:
    """A connection of the mad booth, from greeting to whatever comes of it; the messages sent."""
    keys, count = enrol(server.data, MAD), rng.randint(1, 60)
    async with a_raw_booth(server.ingest.endpoint, keys, server.key) as booth:
        words = _words(rng)
        if rng.random() < 0.9:
            await booth.say(Hello(booth_id=MAD, software="mad"))
        for _ in range(count):
            parts = [_said(rng, words) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
            await booth.socket.send_multipart(parts)
            if rng.random() < 0.2:
                await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                while True:
                    await booth.socket.recv_multipart()
    return count


async def _knock(server: Server, rng: random.Random) -> None:
    """Somebody who speaks no ZeroMQ at all."""
    address = urlsplit(server.ingest.endpoint)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    with contextlib.suppress(OSError):
        writer.write(
            rng.choice((b"GET / HTTP/1.1\r\n\r\n", rng.randbytes(300), b"\xff" + bytes(8) + b"\x7f"))
        )
        await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _words(rng: random.Random) -> list[bytes]:
    """What an honest booth would say, of one visit and its still."""
    visit = a_visit()
    still = a_still(visit.study_instance_uid, seed=rng.randrange(1000))
    data = still.frame.pixels.tobytes()
    offer = StillOffer(
        sop_instance_uid=still.sop_instance_uid,
        series_instance_uid=still.series_instance_uid,
        study_instance_uid=still.study_instance_uid,
        series_number=1,
        instance_number=1,
        header=still.frame.header,
        encoding=rng.choice(list(Encoding)),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    chunk = StillChunk(sop_instance_uid=still.sop_instance_uid, offset=0)
    end = VisitClosed(study_instance_uid=still.study_instance_uid, closed_at=1.0, stills=(), complete=False)
    messages: tuple[StationMessage, ...] = (visit, offer, offer, chunk, chunk, end, Heartbeat())
    return [*map(encode, messages), data]


def _said(rng: random.Random, words: list[bytes]) -> bytes:
    word = rng.choice(words)
    return word if rng.random() < 0.5 else damage(word, rng) if rng.random() < 0.9 else rng.randbytes(40)


async def _changed(server: Server, stills: list[TakenStill]) -> list[str]:
    """Honest stills whose bytes in the archive are not theirs."""
    found = []
    for still in stills:
        row = await server.store.find_still(still.sop_instance_uid)
        data = None if row is None or row.blob is None else server.archive.resolve(row.blob).read_bytes()
        if data is not None and data != still.frame.pixels.tobytes():
            found.append(f"{still.sop_instance_uid} of the honest booth has other bytes")
    return found
