"""The booth's way to the server: stills by the uplink, the preview by WebRTC once the server has asked for it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

import msgspec

from station.config import StationConfig
from station.devices import Latest, LatestFrame, completed
from station.devices.registry import camera_options
from station.errors import ConfigError
from station.kiosk import UplinkStatus
from station.protocol import OrdersWanted, Overlay, PreviewVerdict, QualityReport, ServerMessage, Welcome
from station.transport import Spool, Uplink, load_key, open_keys
from station.transport.jpeg_preview import JpegPreviewSender
from station.transport.preview_sender import PreviewSender, PreviewSettings, PreviewState
from station.transport.webrtc import WebRtcPreviewSender
from station.transport.zeromq import ZeroMqUplink

_LOOK_S = 0.25
_STALE_S = 3.0
"""A verdict on a preview that is no longer judged says nothing."""


class Link:
    """Uplink and preview sender of one booth; without a server in the configuration it only counts what waits."""

    def __init__(
        self,
        config: StationConfig,
        spool: Spool,
        preview: LatestFrame,
        on_overlay: Callable[[Overlay], None],
        on_message: Callable[[ServerMessage], None],
        changed: Callable[[], None],
        software: str,
    ) -> None:
        self._config = config
        self._spool = spool
        self._preview = preview
        self._on_overlay = on_overlay
        self._on_message = on_message
        self._changed = changed
        self._software = software
        self._opened = AsyncExitStack()
        self._uplink: Uplink | None = None
        self._sender: PreviewSender | None = None

    async def __aenter__(self) -> Self:
        if self._config.uplink.server:
            self._uplink = await self._opened.enter_async_context(self._make_uplink())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._opened.aclose()

    @property
    def sender(self) -> PreviewSender | None:
        """The preview's connection, while the server wants one; it counts frames and latency."""
        return self._sender

    def notify(self) -> None:
        """Say that the spool has something new."""
        if self._uplink is not None:
            self._uplink.notify()
        self._changed()

    def ask(self, wanted: OrdersWanted) -> bool:
        """Ask the server about the worklist; False: it cannot be asked now."""
        return self._uplink is not None and self._uplink.ask(wanted)

    @property
    def told_without_orders(self) -> bool:
        """Whether the server is there and keeps no worklist."""
        welcome = None if self._uplink is None else self._uplink.welcome
        return welcome is not None and not welcome.orders

    async def run(self) -> None:
        """Send the preview to wherever the server's newest welcome says, until cancelled."""
        asked: Welcome | None = None
        try:
            while True:
                welcome = asked if self._uplink is None else self._uplink.welcome or asked
                if welcome is not None and welcome != asked:
                    await self._end_preview()
                    await self._begin_preview(welcome)
                    asked = welcome
                await asyncio.sleep(_LOOK_S)
        finally:
            await completed(self._end_preview())

    async def tell(self, hints: Latest[QualityReport]) -> None:
        """Tell the server how the preview is judged, until there will be no further hint."""
        revision = 0
        while self._uplink is not None:
            try:
                async with asyncio.timeout(_STALE_S):
                    revision, report = await hints.next(revision)
                self._uplink.tell(PreviewVerdict.of(report))
            except TimeoutError:
                self._uplink.tell(None)
            except EOFError:
                return

    async def _begin_preview(self, welcome: Welcome) -> None:
        settings = preview_settings(self._config)
        if self._config.uplink.jpeg_preview:
            self._sender = await self._make_jpeg_sender(settings).__aenter__()
        elif welcome.whip_url:
            sender = WebRtcPreviewSender(
                welcome.whip_url,
                welcome.whip_token,
                self._preview,
                on_overlay=self._on_overlay,
                settings=settings,
            )
            self._sender = await sender.__aenter__()

    def _make_jpeg_sender(self, settings: PreviewSettings) -> JpegPreviewSender:
        uplink = self._config.uplink
        return JpegPreviewSender(
            uplink.jpeg_preview,
            self._preview,
            keys=open_keys(self._config.data / "keys"),
            server_key=self._server_key(),
            on_overlay=self._on_overlay,
            settings=settings,
        )

    async def _end_preview(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.close()

    @property
    def status(self) -> UplinkStatus:
        """How the way to the server stands, for the operator."""
        damaged = self._spool.damaged
        because = f"{damaged[0]} is damaged on the booth's disk: take its pictures again" if damaged else ""
        if self._uplink is None:
            pending = len(self._spool.pending())
            return UplinkStatus(pending=pending, parked=len(damaged), parked_because=because)
        state = self._uplink.state
        told = UplinkStatus(
            connected=state.connected,
            refused=state.refused.message if state.refused is not None else "",
            pending=state.pending,
            parked=len(damaged) + len(state.parked),
            parked_because=because or next((refused.message for refused in state.parked.values()), ""),
        )
        return told if self._sender is None else _with_preview(told, self._sender)

    def _make_uplink(self) -> ZeroMqUplink:
        return ZeroMqUplink(
            self._config.uplink.server,
            booth_id=self._config.booth_id,
            software=self._software,
            keys=open_keys(self._config.data / "keys"),
            server_key=self._server_key(),
            spool=self._spool,
            on_message=self._on_message,
        )

    def _server_key(self) -> bytes:
        path = self._config.uplink.server_key
        if path is None:
            raise ConfigError(
                "uplink.server_key must name the file with the server's public key (keys/server.key)"
            )
        return load_key(path)


def preview_settings(config: StationConfig) -> PreviewSettings:
    """Sent as the camera is told to deliver it: nothing is scaled, and no frame waits for a slower clock."""
    camera, preview = camera_options(config.camera), config.preview
    return PreviewSettings(
        width=camera.preview_width,
        height=camera.preview_height,
        fps=camera.preview_fps,
        bitrate=preview.bitrate_kbit_s * 1000,
        least_bitrate=preview.least_kbit_s * 1000,
        most_bitrate=preview.most_kbit_s * 1000,
    )


def _with_preview(told: UplinkStatus, sender: PreviewSender) -> UplinkStatus:
    stats = sender.stats
    return msgspec.structs.replace(
        told,
        preview_connected=sender.state is PreviewState.STREAMING,
        latency_ms=stats.latency_ms_p50,
        latency_p95_ms=stats.latency_ms_p95,
        frames_sent=stats.sent,
        overlays_received=stats.answered,
        dropped=stats.dropped,
    )
