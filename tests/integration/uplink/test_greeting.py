"""A booth that stays connected learns where its preview goes now."""

from pathlib import Path

import pytest

from station.protocol import Welcome
from station.transport import Spool
from tests.fixtures.uplinks import a_server, until

pytestmark = pytest.mark.integration


async def test_a_greeting_said_again_replaces_the_first(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.welcome is not None)
            moved = Welcome(server="test", whip_url="http://127.0.0.1:1/whip/booth-1", whip_token="new")
            assert uplink.welcome != moved
            assert server.ingest.send("booth-1", moved)
            await until(lambda: uplink.welcome == moved)
            assert uplink.state.connected
        await spool.close()
