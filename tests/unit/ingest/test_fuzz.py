"""The conversation survives any multipart: it goes on, or ends with a code, and leaves no file open or half."""

import asyncio
import hashlib
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import NotFound
from server.ingest.admission import Admission
from server.ingest.conversation import Conversation, Services
from server.ingest.disk import DiskThreads
from server.ingest.refusal import HangUp
from server.store import Archive
from station.protocol import (
    Encoding,
    FrameHeader,
    Heartbeat,
    Hello,
    ProtocolError,
    ServerMessage,
    StillChunk,
    StillOffer,
    StillStored,
    VisitClosed,
    VisitNoted,
    VisitOpened,
    Welcome,
    encode,
)
from tests.fixtures.stills import a_visit, noise

pytestmark = pytest.mark.unit

VISIT, LAST = a_visit(), a_visit()
DATA = noise(20, 10).tobytes()
OFFER = StillOffer(
    sop_instance_uid="1.2.3",
    series_instance_uid="1.2.4",
    study_instance_uid=VISIT.study_instance_uid,
    series_number=1,
    instance_number=1,
    header=FrameHeader(frame_id=0, width=20, height=10),
    encoding=Encoding.RAW,
    size=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
)
WORDS = [
    encode(message)
    for message in (
        VISIT,
        OFFER,
        Heartbeat(),
        Hello(booth_id="booth-1", software="t"),
        StillChunk(sop_instance_uid="1.2.3", offset=0),
        StillChunk(sop_instance_uid="1.2.9", offset=7),
        VisitClosed(study_instance_uid=VISIT.study_instance_uid, closed_at=1.0, stills=(), complete=False),
    )
]
part = st.one_of(st.sampled_from(WORDS), st.sampled_from([DATA, DATA[:5]]), st.binary(max_size=80))
multiparts = st.lists(st.lists(part, max_size=3), max_size=12)


@dataclass
class Known:
    booth_id: str = ""
    study_instance_uid: str = ""
    sha256: str = ""


@dataclass
class Memory:
    """A store that lives as long as one example."""

    visits: dict[str, Known] = field(default_factory=dict)
    stills: dict[str, Known] = field(default_factory=dict)

    async def note_booth(self, booth_id: str, software: str, at: float) -> None:
        pass

    async def open_visit(self, booth_id: str, message: VisitOpened) -> None:
        self.visits[message.study_instance_uid] = Known(booth_id)

    async def close_visit(self, booth_id: str, message: VisitClosed) -> None:
        await self.visit(message.study_instance_uid)

    async def visit(self, study_instance_uid: str) -> Known:
        if study_instance_uid not in self.visits:
            raise NotFound("no such visit")
        return self.visits[study_instance_uid]

    async def find_still(self, sop_instance_uid: str) -> Known | None:
        return self.stills.get(sop_instance_uid)

    async def add_still(self, booth_id: str, offer: StillOffer, blob: str, received_at: float) -> bool:
        known = Known(booth_id, offer.study_instance_uid, offer.sha256)
        return self.stills.setdefault(offer.sop_instance_uid, known) is known


async def converse(folder: Path, messages: list[list[bytes]]) -> tuple[list[ServerMessage], Archive]:
    """Everything that the server said to these multiparts."""
    said: list[ServerMessage] = []
    store, archive, disk = Memory(), Archive(folder / "archive"), DiskThreads(1)
    admission = Admission(store, archive, disk, reserve_bytes=0)
    kept: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        kept.append(asyncio.create_task(work))
        return kept[-1]

    services = Services(
        store, admission, disk, lambda _booth: Welcome(server="t"), lambda _event: None, spawn
    )
    peer = Conversation(Hello(booth_id="booth-1", software="t"), services, said.append)
    conversation = asyncio.create_task(peer.run())
    last = VisitNoted(study_instance_uid=LAST.study_instance_uid, closed=False)
    for message in [*messages, [encode(LAST)]]:
        peer.deliver([zmq.Frame(part) for part in message])
    while not (conversation.done() or last in said):
        await asyncio.sleep(0.001)
    conversation.cancel()
    await asyncio.wait([conversation])
    await asyncio.gather(*kept, return_exceptions=True)
    if not conversation.cancelled():
        assert isinstance(conversation.exception(), HangUp | ProtocolError), conversation.exception()
    assert admission._open == {}
    disk.close()
    return said, archive


@given(messages=multiparts)
@settings(max_examples=60, deadline=None)
def test_any_multiparts(messages: list[list[bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        said, archive = asyncio.run(converse(Path(folder), messages))
        assert isinstance(said[0], Welcome)
        for blob in archive.root.rglob("still.bin"):
            assert blob.read_bytes() == DATA
        stored = [message for message in said if isinstance(message, StillStored)]
        assert not stored or list(archive.root.rglob("still.bin"))


def test_the_fuzz_can_reach_the_end() -> None:
    chunk = StillChunk(sop_instance_uid="1.2.3", offset=0)
    with tempfile.TemporaryDirectory() as folder:
        words = [[encode(VISIT)], [encode(OFFER)], [encode(chunk), DATA], [encode(OFFER)]]
        said, _ = asyncio.run(converse(Path(folder), words))
    stored = [message for message in said if isinstance(message, StillStored)]
    assert [message.duplicate for message in stored] == [False, True]
