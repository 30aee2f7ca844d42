"""A booth that sends JPEG over ZeroMQ is watched as any other: coded once for all viewers, overlays on the exact frame."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from server.app.jpeg import jpeg_door
from server.config import ServerConfig
from server.ingest import open_server_keys
from server.live import JpegDoor
from server.live.jpeg_stream import JpegStream
from station.devices import LatestFrame
from station.protocol import Overlay
from station.transport import KeyPair, open_keys
from station.transport.jpeg_preview import JpegPreviewSender
from station.transport.preview_sender import PreviewState
from tests.integration.live.clients import WhepViewer, answered, is_live, new_peer, seen
from tests.integration.live.conftest import Server, open_server
from tests.integration.live.stamp import frame

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with open_server(tmp_path / "tokens", viewers_per_booth=4) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    config = ServerConfig.load(data=tmp_path / "server", live={"jpeg": "tcp://127.0.0.1:*"})
    config.booths.mkdir(parents=True)
    config.keys.mkdir(mode=0o700, parents=True)
    return config


def enrolled(config: ServerConfig, name: str) -> KeyPair:
    """Keys of a booth that the server knows."""
    keys = open_keys(config.data.parent / name)
    (config.booths / f"{name}.key").write_bytes(keys.public)
    return keys


@contextlib.asynccontextmanager
async def door_of(server: Server, config: ServerConfig) -> AsyncIterator[JpegDoor]:
    async with jpeg_door(server.hub, config) as door:
        assert door is not None
        yield door


@contextlib.asynccontextmanager
async def sending(
    door: JpegDoor, config: ServerConfig, keys: KeyPair, heard: list[Overlay]
) -> AsyncIterator[JpegPreviewSender]:
    """A booth that films numbered frames in this process; the frame id is not the number."""
    source = LatestFrame()

    async def film() -> None:
        for number in range(1, 10_000):
            source.put(frame(number + 50_000, number))
            await asyncio.sleep(1 / 10)

    public = open_server_keys(config.keys).public
    filming = asyncio.create_task(film())
    try:
        async with JpegPreviewSender(
            door.endpoint, source, keys=keys, server_key=public, on_overlay=heard.append
        ) as sender:
            yield sender
    finally:
        filming.cancel()
        await asyncio.wait({filming})


def stream_of(server: Server) -> JpegStream:
    publisher = server.hub._booths["booth1"].source
    assert isinstance(publisher, JpegStream)
    return publisher


async def test_two_viewers_share_one_coder_and_see_overlays_on_their_frames(
    server: Server, config: ServerConfig
) -> None:
    heard: list[Overlay] = []
    viewers = [WhepViewer(new_peer()) for _ in range(2)]
    async with door_of(server, config) as door, sending(door, config, enrolled(config, "booth1"), heard):
        await is_live(server)
        stream = stream_of(server)
        async with asyncio.timeout(60):
            while not heard:
                await asyncio.sleep(0.02)
        assert stream.encoded == 0
        for viewer in viewers:
            assert await viewer.join(server) == 201
            await seen(viewer, 4)
        coders = {id(stream.encoder)}
        for viewer in viewers:
            await seen(viewer, 20)
            await answered(viewer, 10)
        async with asyncio.timeout(60):
            while len(heard) <= 10:
                await asyncio.sleep(0.02)
        assert coders == {id(stream.encoder)}
        forwarded = [one.forwarded for one in server.hub.state().booths[0].viewers]
        assert max(forwarded) <= stream.encoded < sum(forwarded)
        for viewer in viewers:
            await viewer.leave()
        async with asyncio.timeout(60):
            while stream.coding:
                await asyncio.sleep(0.02)
    for viewer in viewers:
        matched = viewer.seen.numbers.keys() & viewer.seen.overlays.keys()
        assert all(viewer.seen.numbers[key] == viewer.seen.overlays[key] for key in matched)
    assert all(overlay.frame_id - 50_000 == overlay.faces[0].box.x for overlay in heard)


async def test_the_stream_ends_with_its_booth_and_begins_again(
    server: Server, config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.live.jpeg_stream.SILENCE_S", 2.0)
    keys, heard = enrolled(config, "booth1"), list[Overlay]()
    viewer = WhepViewer(new_peer())
    async with door_of(server, config) as door:
        async with sending(door, config, keys, heard) as sender:
            await is_live(server)
            assert sender.state is PreviewState.STREAMING
            assert await viewer.join(server) == 201
            await seen(viewer, 3)
        async with asyncio.timeout(60):
            while server.hub.state().booths[0].live:
                await asyncio.sleep(0.02)
        before = len(viewer.seen.numbers)
        async with sending(door, config, keys, heard):
            await seen(viewer, before + 5)
        await viewer.leave()
    async with asyncio.timeout(60):
        while server.hub.state().booths[0].live:
            await asyncio.sleep(0.02)


async def test_bad_pictures_floods_and_unknown_booths_are_left_out(
    server: Server, config: ServerConfig
) -> None:
    keys, heard = enrolled(config, "booth1"), list[Overlay]()
    stranger = open_keys(config.data.parent / "stranger")
    async with door_of(server, config) as door, sending(door, config, keys, heard):
        await is_live(server)
        with zmq.asyncio.Context() as context:
            for pair in (stranger, enrolled(config, "booth2"), enrolled(config, "other")):
                await say_nonsense(context, door.endpoint, pair, open_server_keys(config.keys).public)
        count = len(heard)
        async with asyncio.timeout(60):
            while len(heard) < count + 5:
                await asyncio.sleep(0.02)
        assert {one.booth for one in server.hub.state().booths} <= {"booth1", "booth2"}
        assert server.hub.state().booths[0].booth == "booth1"


async def say_nonsense(context: zmq.asyncio.Context, endpoint: str, pair: KeyPair, server_key: bytes) -> None:
    """Messages that are no pictures, from a booth with these keys."""
    with context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.curve_publickey, socket.curve_secretkey = pair.public, pair.secret
        socket.curve_serverkey = server_key
        socket.connect(endpoint)
        for parts in (
            [b""],
            [b"1", b"2"],
            [bytes(8), b"no picture"],
            [bytes(8), b"\xff\xd8\xff" * 99],
            [bytes(8)] * 3,
        ):
            await socket.send_multipart(parts)
        with contextlib.suppress(zmq.Again):  # nobody takes those of a stranger
            for _ in range(2000):
                await socket.send_multipart([bytes(8), b"\xff\xd8"], zmq.DONTWAIT)
        await asyncio.sleep(0.3)
