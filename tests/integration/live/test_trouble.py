"""Lossy links, outages, and a model that is away."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.errors import InferenceUnavailable
from server.live import Analysis, LiveHub, LiveLimits
from station.devices import LatestFrame
from station.protocol import Box, Face, Overlay
from station.transport.preview_sender import PreviewState
from station.transport.webrtc import WebRtcPreviewSender
from tests.integration.live.stamp import frame, number_in

pytestmark = pytest.mark.integration

RETRY_S = 0.05


class Model:
    """Reads the number in the picture, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    async def __call__(self, booth: str, rgb: NDArray[np.uint8]) -> Analysis:
        self.asked += 1
        if self.away:
            raise InferenceUnavailable("the model is away")
        return Analysis(Face(box=Box(number_in(rgb), 0, 8, 8)), {}, 1.0)


class Link:
    """The booth's way out: loses, delays and swallows packets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loss = 0.0
        self.late = 0.0
        self.dead = False
        self.repeats = True
        self._chance = random.Random(3)
        self._monkeypatch = monkeypatch

    def lay(self, sender: WebRtcPreviewSender) -> None:
        """Put the link below the sender's next connection."""
        prepare = sender._prepare

        def prepared(connection: Any) -> Any:
            track = prepare(connection)
            self._rtx_ssrc = connection.getSenders()[0]._rtx_ssrc.to_bytes(4, "big")
            transport = connection.getSenders()[0].transport
            self._send = transport._send_rtp
            vars(transport)["_send_rtp"] = self.send
            return track

        self._monkeypatch.setattr(sender, "_prepare", prepared)

    async def send(self, data: bytes) -> None:
        """One RTP or RTCP packet."""
        if self.dead or self._chance.random() < self.loss:
            return
        if not self.repeats and data[8:12] == self._rtx_ssrc:
            return
        if self._chance.random() < self.late:
            loop = asyncio.get_running_loop()
            delay = self._chance.uniform(0.002, 0.025)
            loop.call_later(delay, lambda: loop.create_task(self._quietly(data)))
            return
        await self._send(data)

    async def _quietly(self, data: bytes) -> None:
        with suppress(ConnectionError):
            await self._send(data)


@asynccontextmanager
async def preview(
    monkeypatch: pytest.MonkeyPatch, model: Model, link: Link | None = None
) -> AsyncIterator[tuple[LiveHub, WebRtcPreviewSender, list[Overlay]]]:
    """A booth and a hub in this process, joined without HTTP."""
    source, heard = LatestFrame(), list[Overlay]()

    async def film() -> None:
        for number in range(1, 10_000):
            source.put(frame(number, number))
            await asyncio.sleep(1 / 20)

    async with LiveHub(model, limits=LiveLimits(retry_s=RETRY_S)) as hub:

        async def post(http: object, sdp: str) -> tuple[str, str]:
            session = await hub.publish("booth1", sdp)
            return session.session_id, session.answer

        async def delete(http: object, location: str) -> None:
            await hub.end("booth1", location)

        sender = WebRtcPreviewSender("", "", source, on_overlay=heard.append)
        monkeypatch.setattr(sender, "_post", post)
        monkeypatch.setattr(sender, "_delete", delete)
        if link is not None:
            link.lay(sender)
        filming = asyncio.create_task(film())
        try:
            async with sender:
                yield hub, sender, heard
        finally:
            filming.cancel()
            await asyncio.wait({filming})
            await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def more(heard: list[Overlay], count: int, limit_s: float = 60.0) -> None:
    wanted = len(heard) + count
    async with asyncio.timeout(limit_s):
        while len(heard) < wanted:
            await asyncio.sleep(0.01)


async def test_loss_and_reordering_neither_stall_nor_mix_up(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(monkeypatch)
    link.loss, link.late = 0.05, 0.05
    async with preview(monkeypatch, Model(), link) as (hub, sender, heard):
        await more(heard, 60)
        stats = sender.stats
        (booth,) = hub.state().booths
    assert all(overlay.faces[0].box.x == overlay.frame_id for overlay in heard)
    assert stats.answered + booth.dropped >= 0.8 * stats.sent, "a busy machine analyses only the newest"
    assert booth.received >= 0.8 * stats.sent


async def test_after_an_outage_it_goes_on_undamaged(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(monkeypatch)
    async with preview(monkeypatch, Model(), link) as (hub, sender, heard):
        await more(heard, 10)
        link.dead, link.repeats = True, False
        await asyncio.sleep(1.0)
        link.dead = False
        resumed = len(heard)
        await more(heard, 20, limit_s=30)
        assert sender.stats.connections == 1
        assert hub.state().booths[0].lost_packets_given_up >= 1
    assert all(overlay.faces[0].box.x == overlay.frame_id for overlay in heard[resumed:])


async def test_previews_go_on_while_the_model_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    model, loop = Model(), asyncio.get_running_loop()
    async with preview(monkeypatch, model) as (hub, sender, heard):
        await more(heard, 5)
        model.away = True
        await until(lambda: not hub.state().inference.available)
        assert hub.state().inference.message == "the model is away"
        state, asked, since = hub.state(), model.asked, loop.time()
        await until(lambda: hub.state().booths[0].received > state.booths[0].received + 3)
        before = len(heard)  # what was on its way has come
        await until(lambda: hub.state().booths[0].received > state.booths[0].received + 10)
        assert model.asked - asked <= 2 + (loop.time() - since) / RETRY_S
        assert len(heard) == before
        model.away = False
        await more(heard, 5)
        assert hub.state().inference.available
    assert sender.state is PreviewState.CLOSED
    assert hub.state().sessions == 0


async def test_closing_twice_is_closing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with preview(monkeypatch, Model()) as (hub, sender, heard):
        await more(heard, 1)
        await asyncio.gather(sender.close(), sender.close())
        await asyncio.gather(hub.close(), hub.close())
        await hub.close()
