"""The booth's preview to the server: newest frames as VP8 over WebRTC, posted by WHIP; overlays come back."""

import asyncio
import logging
import ssl
from urllib.parse import urljoin

import aiohttp
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from station.devices import LatestFrame
from station.protocol import OVERLAY_CHANNEL, ProtocolError, decode_overlay
from station.rtc import check_versions, close_connection, watch_consent
from station.transport.preview_sender import OnOverlay, PreviewSender, PreviewSettings, PreviewState
from station.transport.preview_track import PreviewTrack
from station.transport.vp8 import PreviewEncoder

_CONNECT_LIMIT_S = 5.0
_HTTP_LIMIT = aiohttp.ClientTimeout(total=5.0)
_DELETE_LIMIT_S = 2.0
_MAX_ANSWER_BYTES = 64 * 1024
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _REFUSED_PAUSE_S = 0.25, 1.0, 5.0
_logger = logging.getLogger(__name__)


class _Refused(Exception):
    """The server answered, and does not want this preview."""


class _Unavailable(Exception):
    """The server cannot take this preview now; it may say when to ask again, s."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class WebRtcPreviewSender(PreviewSender):
    """Posts an offer to `whip_url` and sends VP8; overlays come back on the session's data channel."""

    def __init__(
        self,
        whip_url: str,
        token: str,
        source: LatestFrame,
        *,
        on_overlay: OnOverlay | None = None,
        settings: PreviewSettings | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        check_versions()
        super().__init__(source, on_overlay, settings)
        self._url = whip_url
        self._token = token
        self._tls = tls

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
                self._note(PreviewState.STREAMING)
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
        self._take(message.overlay, track.pts_of(message.rtp_timestamp))

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
