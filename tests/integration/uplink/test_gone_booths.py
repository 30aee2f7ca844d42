"""A booth that vanished in the middle of something never keeps its own next connection out."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.ingest import Timing
from server.ingest.admission import Admission
from server.ingest.incoming import Incoming
from station.protocol import CHUNK_BYTES, CREDIT, StillWanted
from tests.fixtures.uplinks import Server, a_raw_booth, a_server, until
from tests.integration.uplink.test_refusals import DATA, an_offer, greeted, offered, opened, send

pytestmark = pytest.mark.integration


def slowly(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, by_s: float) -> list[str]:
    """Make a method slower; the list grows by its name whenever it is called."""
    called: list[str] = []
    function: Callable[..., object] = getattr(owner, name)

    def slow(*arguments: object) -> object:
        called.append(name)
        time.sleep(by_s)
        return function(*arguments)

    monkeypatch.setattr(owner, name, slow)
    return called


async def is_taken_up(server: Server, offer: object, offset: int = 0) -> None:
    """A new connection of the booth may go on with the still at once."""
    async with greeted(server) as again:
        await again.say(offer)  # type: ignore[arg-type]
        answer = await again.hear(timeout_s=10)
        assert isinstance(answer, StillWanted)
        assert answer.offset == offset


async def test_a_booth_that_is_gone_when_its_offer_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a heartbeat in between: the answer itself finds that nobody is there.
    async with a_server(tmp_path, timing=Timing(heartbeat_s=5, silence_s=20)) as server:
        keys = server.enrol("booth-1")
        opening = slowly(monkeypatch, Admission, "_open_file", 0.5)
        async with a_raw_booth(server.ingest.endpoint, keys, server.key) as booth:
            await booth.greet()
            offer = an_offer(await opened(booth))
            await booth.say(offer)
            await until(lambda: len(opening) == 1)
        await until(lambda: not server.ingest.booths)
        await is_taken_up(server, offer)


async def test_a_booth_that_takes_over_while_the_one_before_is_being_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_server(tmp_path) as server, greeted(server) as first:
        study = await opened(first)
        offer, other = an_offer(study), an_offer(study)
        await offered(first, offer)
        writing = slowly(monkeypatch, Incoming, "append", 0.5)
        begun = DATA[: CREDIT // 2 * CHUNK_BYTES]
        await send(first, offer, begun)
        await until(lambda: len(writing) == 1)
        await first.say(other)
        await is_taken_up(server, offer, len(begun))
