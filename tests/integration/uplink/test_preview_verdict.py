"""What a booth says of its own preview reaches the server, and only when it is another."""

from pathlib import Path

import pytest

from server.events import BoothJudged
from station.protocol import PreviewVerdict, Verdict
from station.transport import Spool
from tests.fixtures.uplinks import Server, a_server, until

pytestmark = pytest.mark.integration

GOOD = PreviewVerdict(verdict=Verdict.PASS)
BAD = PreviewVerdict(verdict=Verdict.FAIL, advice=("Lift the chin.",))


def judged(server: Server) -> list[PreviewVerdict | None]:
    return [event.preview for event in server.events if isinstance(event, BoothJudged)]


async def test_the_newest_verdict_comes_and_what_did_not_change_is_not_told(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.welcome is not None)
            uplink.tell(GOOD)
            await until(lambda: judged(server) == [GOOD])
            uplink.tell(GOOD)
            uplink.tell(BAD)
            await until(lambda: judged(server) == [GOOD, BAD])
            uplink.tell(None)
            await until(lambda: judged(server) == [GOOD, BAD, None])
        await spool.close()


async def test_a_booth_that_comes_back_says_it_again(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        for _ in range(2):
            async with server.uplink(spool) as uplink:
                uplink.tell(BAD)
                await until(lambda: judged(server)[-1:] == [BAD])
                server.events.clear()
        await spool.close()
