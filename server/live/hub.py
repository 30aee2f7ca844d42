"""The sessions of the live plane: booths send previews, viewers watch them, overlays go to both."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from server.errors import NotFound
from server.live.analysis import Analyse, OverlayMaker
from server.live.booth import LiveBooth, PendingFrame, Source
from server.live.errors import NotPublishing, TooManyPeers
from server.live.ice import IceServer
from server.live.jpeg_stream import JpegStream
from server.live.offer import Fragment, read_publisher_offer, read_viewer_offer
from server.live.peer import Peer
from server.live.state import LiveState, Sync
from server.live.sweep import Sweep
from station.protocol import Overlay, PreviewOverlay, is_booth_id
from station.rtc import check_versions

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveLimits:
    """Bounds of the live plane."""

    booths: int = 64
    viewers: int = 64
    viewers_per_booth: int = 16
    in_flight: int = 4
    """Frames under analysis at once, over all booths; one per booth."""
    analysis_side: int = 640
    """Longest side of the picture that is analysed, px."""
    analysis_limit_s: float = 2.0
    hold_s: float = 0.15
    """Longest time that a frame waits for its overlay, for viewers who want both at once."""
    retry_s: float = 0.5
    """Pause before the next frame after the analysis failed."""


@dataclass(frozen=True)
class Session:
    """An answered offer."""

    session_id: str
    booth: str
    answer: str
    etag: str


class LiveHub:
    """All previews of one server.

    Use it as an async context manager. `model` names the model in overlays; `on_change` hears the name of a booth whose
    publisher came or went. Peers reach each other by `ice_servers` where they do not directly.
    """

    def __init__(
        self,
        analyse: Analyse,
        *,
        model: str = "live/1",
        limits: LiveLimits | None = None,
        is_known: Callable[[str], bool] = is_booth_id,
        on_change: Callable[[str], None] | None = None,
        ice_servers: Sequence[IceServer] = (),
    ) -> None:
        check_versions()
        self.ice_servers = tuple(ice_servers)
        self._limits = limits or LiveLimits()
        self._is_known = is_known
        self._on_change = on_change
        self._booths: dict[str, LiveBooth] = {}
        self._sessions: dict[str, Peer] = {}
        self._executor = ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="live")
        self._encoders = ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="live-encode")
        self._overlays = OverlayMaker(
            analyse,
            self._deliver,
            self._executor,
            model=model,
            longest_side=self._limits.analysis_side,
            limit_s=self._limits.analysis_limit_s,
            retry_s=self._limits.retry_s,
        )
        self._sweep = Sweep()
        self._abusive = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        for number in range(self._limits.in_flight):
            self._spawn(self._overlays.run(), f"live-analysis-{number}")
        self._spawn(self._sweep.run(), "live-sweep")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every session and every task; idempotent."""
        self._closed = True
        await asyncio.gather(*(peer.close() for peer in tuple(self._sessions.values())))
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for executor in (self._executor, self._encoders):
            executor.shutdown(wait=True, cancel_futures=True)

    async def publish(self, booth: str, sdp: str) -> Session:
        """Answer a booth's offer; a publisher that the booth already has is replaced.

        Raises `NotFound` for an unknown booth, `MalformedOffer`, `OfferRefused` or `TooManyPeers`.
        """
        self._check_booth(booth)
        offer = read_publisher_offer(sdp)
        place = self._booth(booth)
        publisher = place.new_publisher(self._executor)
        session = await self._answered(publisher, publisher.answer(offer))
        replaced = place.adopt(publisher)
        self._sessions[publisher.session_id] = publisher
        self._spawn(self._live(publisher, lambda: self._released(place, publisher)), f"publisher-{booth}")
        left: list[Source | Peer] = [*place.stranded(), *([] if replaced is None else [replaced])]
        await asyncio.gather(*(peer.close() for peer in left))
        self._changed(booth)
        return session

    def receive(self, booth: str, answer: Callable[[PreviewOverlay], bool]) -> JpegStream:
        """A stream for the pictures of a booth that sends JPEG; it replaces what the booth has, and ends by itself when
        nothing comes any more. `answer` sends an overlay to the booth.

        Raises `NotFound` for an unknown booth, or `TooManyPeers`.
        """
        self._check_booth(booth)
        place = self._booth(booth)
        stream = place.new_stream(self._encoders, answer)
        replaced = place.adopt(stream)
        left: list[Source | Peer] = [*place.stranded(), *([] if replaced is None else [replaced])]
        self._spawn(self._streamed(place, stream, left), f"jpeg-{booth}")
        self._changed(booth)
        return stream

    async def watch(self, booth: str, sdp: str, sync: Sync = Sync.NOW) -> Session:
        """Answer a viewer's offer.

        Raises `NotFound`, `NotPublishing`, `MalformedOffer`, `OfferRefused` or `TooManyPeers`.
        """
        self._check_booth(booth)
        offer = read_viewer_offer(sdp)
        place = self._booths.get(booth)
        if place is None or not place.live:
            raise NotPublishing(f"booth {booth} sends no picture now")
        viewers = sum(len(one.viewers) for one in self._booths.values())
        if viewers >= self._limits.viewers or len(place.viewers) >= self._limits.viewers_per_booth:
            raise TooManyPeers("every viewer's place is taken")
        viewer = place.new_viewer(self._limits.hold_s if sync is Sync.EXACT else None)
        try:
            session = await self._answered(viewer, viewer.answer(offer))
        except BaseException:
            place.leave(viewer)
            raise
        self._sessions[viewer.session_id] = viewer
        self._spawn(self._live(viewer, lambda: place.leave(viewer)), f"viewer-{booth}")
        return session

    def session(self, booth: str, session_id: str) -> Peer:
        """The session of this booth; raises `NotFound`."""
        peer = self._sessions.get(session_id)
        if peer is None or peer.booth != booth:
            raise NotFound("no such session")
        return peer

    async def trickle(self, booth: str, session_id: str, fragment: Fragment) -> None:
        """Add candidates to a session; raises `NotFound` or `OfferRefused`."""
        await self.session(booth, session_id).trickle(fragment)

    async def end(self, booth: str, session_id: str) -> None:
        """End a session; raises `NotFound`."""
        await self.session(booth, session_id).close()

    def state(self) -> LiveState:
        """What is known now."""
        booths = tuple(self._booths[name].state() for name in sorted(self._booths))
        return LiveState(self._overlays.state, booths, len(self._sessions), self._abusive)

    def _check_booth(self, booth: str) -> None:
        if self._closed or not is_booth_id(booth) or not self._is_known(booth):
            raise NotFound("no such booth")

    def _booth(self, name: str) -> LiveBooth:
        if name not in self._booths and len(self._booths) >= self._limits.booths:
            idle = [one for one in self._booths.values() if one.source is None and not one.viewers]
            if not idle:
                raise TooManyPeers("every booth's place is taken")
            del self._booths[idle[0].name]
        return self._booths.setdefault(name, LiveBooth(name, self._overlays.put, self.ice_servers))

    async def _answered(self, peer: Peer, answer: Awaitable[str]) -> Session:
        try:
            sdp = await answer
        except BaseException:
            await peer.close()
            raise
        return Session(peer.session_id, peer.booth, sdp, peer.etag)

    async def _live(self, peer: Peer, at_end: Callable[[], None]) -> None:
        try:
            await peer.run()
        except Exception:  # one peer's failure stays its own
            _logger.exception("a live session failed", extra={"booth": peer.booth})
        finally:
            self._sessions.pop(peer.session_id, None)
            self._abusive += peer.abusive
            at_end()
            self._sweep.due()

    async def _streamed(self, place: LiveBooth, stream: JpegStream, left: Sequence[Source | Peer]) -> None:
        await asyncio.gather(*(one.close() for one in left))
        try:
            await stream.run()
        except Exception:  # one booth's failure stays its own
            _logger.exception("a stream of pictures failed", extra={"booth": stream.booth})
        finally:
            await stream.close()
            self._released(place, stream)
            self._sweep.due()

    def _released(self, place: LiveBooth, source: Source) -> None:
        if place.source is source:
            self._overlays.remove(place.name)
        place.release(source)
        self._changed(place.name)

    def _deliver(self, booth: str, pending: PendingFrame, overlay: Overlay) -> None:
        if booth in self._booths:
            self._booths[booth].deliver(pending, overlay)

    def _changed(self, booth: str) -> None:
        if self._on_change is not None:
            self._on_change(booth)

    def _spawn(self, job: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(job, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
