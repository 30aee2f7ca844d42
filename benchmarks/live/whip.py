"""A WebRTC connection of a benchmark's own with the server's doors, without retries."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from station.rtc import close_connection

_LIMIT_S = 20.0
_AGAIN_S = 0.2


def new_peer() -> RTCPeerConnection:
    """A connection that asks no STUN server."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


@asynccontextmanager
async def connected(peer: RTCPeerConnection, url: str, token: str) -> AsyncIterator[None]:
    """Post the offer of `peer`, wait until it is connected, and end the session at the end; raises `RuntimeError`."""
    up = asyncio.Event()
    peer.add_listener(
        "connectionstatechange", lambda: up.set() if peer.connectionState == "connected" else None
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    timeout = aiohttp.ClientTimeout(total=_LIMIT_S)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
        location = ""
        try:
            await peer.setLocalDescription(await peer.createOffer())
            location, answer = await _posted(http, url, peer.localDescription.sdp)
            await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            async with asyncio.timeout(_LIMIT_S):
                await up.wait()
            yield
        finally:
            await close_connection(peer)
            if location:
                async with http.delete(location):
                    pass


async def _posted(http: aiohttp.ClientSession, url: str, sdp: str) -> tuple[str, str]:
    """Location of the session and the answer; asks again while the booth sends no picture yet."""
    deadline = time.monotonic() + _LIMIT_S
    while True:
        async with http.post(url, data=sdp) as response:
            said = await response.text()
            if response.status == 201:
                return urljoin(url, response.headers["Location"]), said
            if response.status != 409 or time.monotonic() > deadline:
                raise RuntimeError(f"the server answers {response.status}: {said}")
        await asyncio.sleep(_AGAIN_S)
