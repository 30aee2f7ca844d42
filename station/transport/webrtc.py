"""The booth's preview to the server: newest frames as VP8 over WebRTC, posted by WHIP; overlays come back."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urljoin

import aiohttp
import msgspec
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from station.devices import LatestFrame
from station.protocol import OVERLAY_CHANNEL, Overlay, ProtocolError, decode_overlay
from station.transport.preview_track import PreviewTrack, SentFrames
from station.transport.rtc_internals import check_versions, close_connection, watch_consent
from station.transport.vp8 import MAX_BITRATE, MIN_BITRATE, PreviewEncoder

_CONNECT_LIMIT_S = 5.0
_HTTP_LIMIT = aiohttp.ClientTimeout(total=5.0)
_DELETE_LIMIT_S = 2.0
_MAX_ANSWER_BYTES = 64 * 1024
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _REFUSED_PAUSE_S = 0.25, 1.0, 5.0
_logger = logging.getLogger(__name__)


class PreviewState(StrEnum):
    """What the preview's connection is doing."""

    WAITING = "waiting"
    """The server is away; tried again soon."""
    CONNECTING = "connecting"
    STREAMING = "streaming"
    REFUSED = "refused"
    """The server does not want this preview; tried again later."""
    CLOSED = "closed"


@dataclass(frozen=True)
class PreviewSettings:
    """How the preview is coded."""

    width: int = 1280
    height: int = 720
    """Larger frames are scaled down to fit."""
    fps: float = 15.0
    bitrate: int = 1_500_000
    """At the start, bit/s; the receiver's estimates change it, within the bounds."""
    least_bitrate: int = MIN_BITRATE
    most_bitrate: int = MAX_BITRATE


@dataclass(frozen=True)
class PreviewStats:
    """Counts since the sender was made."""

    sent: int
    """Frames sent."""
    answered: int
    """Overlays that came back for a frame that was sent."""
    dropped: int
    """Frames of the camera that were not sent because a newer one was there."""
    unmatched: int
    """Overlays for no frame that is remembered, or not readable."""
    connections: int
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    """From frame taken to overlay back, newest frames."""


def stats_of(frames: SentFrames, connections: int) -> PreviewStats:
    """What was sent and answered so far."""
    p50, p95 = frames.latency_ms()
    return PreviewStats(
        sent=frames.sent,
        answered=frames.answered,
        dropped=frames.dropped,
        unmatched=frames.unmatched,
        connections=connections,
        latency_ms_p50=p50,
        latency_ms_p95=p95,
    )


class _Refused(Exception):
    """The server answered, and does not want this preview."""


class _Unavailable(Exception):
    """The server cannot take this preview now; it may say when to ask again, s."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class PreviewSender:
    """Sends the newest frames of `source` and hears their overlays; reconnects by itself.

    Use it as an async context manager. `on_overlay` gets each overlay with the `frame_id` of the booth's own frame, on
    the event loop; it must not block.
    """

    def __init__(
        self,
        whip_url: str,
        token: str,
        source: LatestFrame,
        *,
        on_overlay: Callable[[Overlay], None] | None = None,
        settings: PreviewSettings | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        check_versions()
        self._url = whip_url
        self._token = token
        self._source = source
        self._on_overlay = on_overlay
        self._settings = settings or PreviewSettings()
        self._tls = tls
        self._frames = SentFrames()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="preview-encode")
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._connections = 0
        self._reported = PreviewState.WAITING
        self.state = PreviewState.WAITING
        self.reason = ""
        """Why the preview is waiting or refused, for people."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="preview-sender")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the session at the server and free everything; idempotent."""
        if self._task is not None:
            if not self._closing:
                self._closing = True
                self._task.cancel()
            await asyncio.wait({self._task})
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)
        self.state = PreviewState.CLOSED

    @property
    def stats(self) -> PreviewStats:
        """What was sent and answered so far."""
        return stats_of(self._frames, self._connections)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        async with aiohttp.ClientSession(timeout=_HTTP_LIMIT) as http:
            while not self._source.closed:
                try:
                    await self._session(http)
                    pause = _FIRST_PAUSE_S
                    self._note(PreviewState.WAITING, "the connection was lost")
                except _Refused as error:
                    pause = _REFUSED_PAUSE_S
                    self._note(PreviewState.REFUSED, str(error))
                except _Unavailable as error:
                    pause = max(min(2 * pause, _LONGEST_PAUSE_S), error.retry_after_s)
                    self._note(PreviewState.WAITING, str(error))
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    pause = min(2 * pause, _LONGEST_PAUSE_S)
                    self._note(PreviewState.WAITING, str(error) or "the server does not answer")
                except Exception:  # whatever the media stack trips over, the booth goes on and tries again
                    pause = _REFUSED_PAUSE_S
                    _logger.exception("the preview failed")
                    self._note(PreviewState.WAITING, "the preview failed; the log says more")
                if self._closing:  # what fails while it ends raises in place of the cancellation
                    return
                await asyncio.sleep(pause)

    async def _session(self, http: aiohttp.ClientSession) -> None:
        """One connection, from the offer until it is lost; raises if it cannot be made."""
        self.state = PreviewState.CONNECTING
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        location: str | None = None
        lost = False
        try:
            connected, ended = _events_of(connection)
            self._prepare(connection).add_listener("ended", ended.set)
            await connection.setLocalDescription(await connection.createOffer())
            watch_consent(connection)
            location, answer = await self._post(http, connection.localDescription.sdp)
            await _accept(connection, answer)
            async with asyncio.timeout(_CONNECT_LIMIT_S):
                await connected.wait()
            if not ended.is_set():
                self._connections += 1
                self._note(PreviewState.STREAMING, "")
            await ended.wait()
            lost = not self._source.closed
        finally:
            await close_connection(connection)
            if location is not None and not lost:
                await self._delete(http, location)

    def _prepare(self, connection: RTCPeerConnection) -> PreviewTrack:
        settings = self._settings
        bounds = (settings.least_bitrate, settings.most_bitrate)
        encoder = PreviewEncoder(
            settings.width, settings.height, settings.fps, settings.bitrate, bounds=bounds
        )
        track = PreviewTrack(self._source, self._frames, encoder, self._executor, settings.fps)
        transceiver = connection.addTransceiver(track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        wanted = ("video/vp8", "video/rtx")
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in wanted])
        track.bind(transceiver.sender)
        channel = connection.createDataChannel(OVERLAY_CHANNEL, ordered=False, maxRetransmits=0)
        channel.add_listener("message", lambda data: self._take_overlay(track, data))
        return track

    def _take_overlay(self, track: PreviewTrack, data: bytes | str) -> None:
        try:
            message = decode_overlay(data)
        except ProtocolError:
            self._frames.unmatched += 1
            return
        frame_id = self._frames.answer(track.pts_of(message.rtp_timestamp), time.time())
        if frame_id is not None and self._on_overlay is not None:
            self._on_overlay(msgspec.structs.replace(message.overlay, frame_id=frame_id))

    async def _post(self, http: aiohttp.ClientSession, sdp: str) -> tuple[str, str]:
        """Location of the session and the SDP answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/sdp"}
        async with http.post(self._url, data=sdp, headers=headers, ssl=self._tls or True) as response:
            if response.status in (400, 401, 403, 404, 405, 406, 415, 422):
                raise _Refused(f"the server refuses the preview: {response.status} {response.reason}")
            location = response.headers.get("Location")
            if response.status != 201 or location is None:
                reason = f"the server cannot take the preview now: {response.status}"
                raise _Unavailable(reason, _retry_after_s(response))
            answer = await _bounded_text(response)
        return urljoin(str(response.url), location), answer

    async def _delete(self, http: aiohttp.ClientSession, location: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        limit = aiohttp.ClientTimeout(total=_DELETE_LIMIT_S)
        try:
            async with http.delete(location, headers=headers, timeout=limit, ssl=self._tls or True):
                pass
        except (aiohttp.ClientError, TimeoutError, OSError):
            _logger.debug("the server did not hear that the preview ended; it will notice")

    def _note(self, state: PreviewState, reason: str) -> None:
        """Log only when the preview goes and when it returns."""
        self.state, self.reason = state, reason
        streaming = state is PreviewState.STREAMING
        if streaming != (self._reported is PreviewState.STREAMING):
            _logger.info("the preview is %s", "with the server" if streaming else "not with the server")
        self._reported = state


def _events_of(connection: RTCPeerConnection) -> tuple[asyncio.Event, asyncio.Event]:
    """Set when the connection is made or over, and when it is over."""
    settled, ended = asyncio.Event(), asyncio.Event()

    def note() -> None:
        if connection.connectionState in ("connected", "failed", "closed"):
            settled.set()
        if connection.connectionState in ("failed", "closed"):
            ended.set()

    connection.add_listener("connectionstatechange", note)
    return settled, ended


async def _accept(connection: RTCPeerConnection, answer: str) -> None:
    try:
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    except Exception as error:  # the parser meets foreign text here, and fails in as many ways
        raise _Unavailable(f"the server's answer cannot be read: {type(error).__name__}") from error


def _retry_after_s(response: aiohttp.ClientResponse) -> float:
    """Seconds to wait before the next offer, as the server asks, within bounds (RFC 9110 section 10.2.3)."""
    told = response.headers.get("Retry-After", "")
    return min(float(told), _REFUSED_PAUSE_S) if told.isascii() and told.isdigit() else 0.0


async def _bounded_text(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise _Unavailable("the server's answer is too large")
    return body.decode("utf-8", "replace")
