"""Closing an uplink ends it, also in the moment in which its connection breaks."""

import asyncio
from pathlib import Path

import pytest

from station.transport import Spool
from station.transport.connection import Connection, ConnectionLost
from tests.fixtures.uplinks import a_server, until

pytestmark = pytest.mark.integration


async def test_an_uplink_that_is_closed_while_its_connection_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks = asyncio.Event()

    async def wait_lost(_connection: Connection) -> None:
        await breaks.wait()
        raise ConnectionLost("the connection to the server broke")

    monkeypatch.setattr(Connection, "wait_lost", wait_lost)
    async with a_server(tmp_path / "server") as server:
        spool = await asyncio.to_thread(Spool.open, tmp_path / "spool")
        uplink = server.uplink(spool)
        async with uplink:
            await until(lambda: uplink.state.connected)
            breaks.set()
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                await uplink.close()
        await spool.close()
