"""The booth's preview to the server as JPEG over ZeroMQ, for networks that carry no UDP; overlays come back."""

import asyncio
import logging
import time

import cv2
import zmq
import zmq.asyncio

from station.devices import LatestFrame
from station.protocol import Frame, ProtocolError, decode_overlay
from station.quality import develop
from station.transport.keys import KeyPair
from station.transport.preview_sender import OnOverlay, PreviewSender, PreviewSettings, PreviewState
from station.transport.vp8 import fitted

QUALITY = 85
"""Of the JPEG: nine tenths of the sharpness are kept."""
_SILENCE_S = 2.0  # without a frame taken by the socket, the server counts as away
_QUEUE = 2  # frames that the socket may hold: what is older is of no use
_NUMBER_BYTES = 8
_MAX_ANSWER_BYTES = 64 * 1024
_logger = logging.getLogger(__name__)


class JpegPreviewSender(PreviewSender):
    """Sends to the server's door at `endpoint` (`tcp://host:port`); keys are proved at both ends (CurveZMQ)."""

    def __init__(
        self,
        endpoint: str,
        source: LatestFrame,
        *,
        keys: KeyPair,
        server_key: bytes,
        on_overlay: OnOverlay | None = None,
        settings: PreviewSettings | None = None,
    ) -> None:
        super().__init__(source, on_overlay, settings)
        self._endpoint = endpoint
        self._keys = keys
        self._server_key = server_key
        self._taken_at = float("-inf")

    async def _run(self) -> None:
        context = zmq.asyncio.Context()
        try:
            socket = self._open(context)
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(socket), name="preview-overlays")
                await self._send(socket)
                listening.cancel()
        except Exception:  # boundary: the booth goes on without a preview at the server
            _logger.exception("the preview failed")
            self._note(PreviewState.WAITING, "the preview failed; the log says more")
        finally:
            context.destroy(linger=0)

    def _open(self, context: zmq.asyncio.Context) -> zmq.asyncio.Socket:
        socket: zmq.asyncio.Socket = context.socket(zmq.DEALER)
        socket.curve_serverkey = self._server_key
        socket.curve_publickey, socket.curve_secretkey = self._keys.public, self._keys.secret
        socket.set_hwm(_QUEUE)
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, _MAX_ANSWER_BYTES)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        socket.connect(self._endpoint)
        return socket

    async def _send(self, socket: zmq.asyncio.Socket) -> None:
        loop, interval = asyncio.get_running_loop(), 1 / self._settings.fps
        due = float("-inf")
        while True:
            # half an interval of slack: a camera at just this rate is never made to wait for its own jitter
            await asyncio.sleep(max(0.0, due - interval / 2 - time.monotonic()))
            try:
                frame = await self._source.get(self._frames.last_frame_id)
            except EOFError:
                return
            due = max(due, time.monotonic() - interval) + interval
            self._frames.note_fetched(frame, self._source.received)
            jpeg = await loop.run_in_executor(self._executor, self._coded, frame)
            number = frame.header.frame_id & 0xFFFFFFFF
            try:
                await socket.send_multipart([number.to_bytes(_NUMBER_BYTES), jpeg], zmq.DONTWAIT)
            except zmq.Again:
                self._frames.dropped += 1
                self._note_refused()
                continue
            self._frames.note_sent(number, frame)
            self._note_taken()

    def _coded(self, frame: Frame) -> bytes:
        picture = fitted(develop(frame), self._settings.width, self._settings.height)
        options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)[1].tobytes()

    async def _listen(self, socket: zmq.asyncio.Socket) -> None:
        while True:
            parts = await socket.recv_multipart()
            try:
                overlay = decode_overlay(parts[0]).overlay
            except ProtocolError:
                self._frames.unmatched += 1
                continue
            self._take(overlay, overlay.frame_id)

    def _note_taken(self) -> None:
        self._taken_at = time.monotonic()
        if self.state is not PreviewState.STREAMING:
            self._note(PreviewState.STREAMING)

    def _note_refused(self) -> None:
        if time.monotonic() - self._taken_at > _SILENCE_S:
            self._note(
                PreviewState.WAITING,
                "the server does not take the preview: is it on, and this booth enrolled?",
            )
