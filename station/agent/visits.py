"""The visits of one booth: one at a time at the instruments, led by the clock or by the operator."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from station.agent.board import VisitBoard
from station.agent.review import ReviewShelf
from station.capture import GuidedPace, Ordered, Pace, SessionEvent, Studio, TimedPace, Visit
from station.config import StationConfig
from station.devices import Latest
from station.errors import InvalidTransition
from station.kiosk import Excerpt, VisitRequest, VisitStatus
from station.protocol import Preparation, QualityReport, ServerMessage, VisitProtocol
from station.still import TakenStill

_log = logging.getLogger(__name__)


class Visits:
    """Starts visits, passes on what the operator says, and shows how the newest one goes.

    `changed` is told of every change, `hints` are the reports on the preview that the gate goes by, `nobody` says that a
    face was looked for in the preview and is not there. A visit may start as soon as the last is closed; that one's end
    may still go to disk, and its stills to the server.
    """

    def __init__(
        self,
        config: StationConfig,
        hints: Latest[QualityReport],
        changed: Callable[[], None],
        nobody: Callable[[], bool],
    ) -> None:
        self._config = config
        self._hints = hints
        self._changed = changed
        self._nobody = nobody
        self._board = VisitBoard(self._note_change, config.visit.rest_min)
        self._review = ReviewShelf()
        self._studio: Studio | None = None
        self._visit: Visit | None = None
        self._guide: GuidedPace | None = None
        self._playing: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        """Whether a visit is under way."""
        return self._visit is not None and self._visit.session.active

    @property
    def status(self) -> VisitStatus | None:
        """The visit under way, or the last one."""
        return self._board.status

    async def start(
        self,
        request: VisitRequest,
        studio: Studio,
        tasks: asyncio.TaskGroup,
        named: Callable[[str], None] = lambda _study: None,
        *,
        ordered: Ordered | None = None,
    ) -> str:
        """Start a visit among `tasks`; its Study Instance UID, once it has begun. None may be under way.

        `named` is told the UID before the state shows the visit. An ordered visit is one of the order's patient. Raises
        `InvalidTransition` for a site that the protocol does not offer.
        """
        protocol = _asked(self._config.visit_protocol, request)
        pace = self._make_pace()
        patient = request.patient if ordered is None else ordered.patient
        visit = Visit(
            protocol, patient, studio, self._board, pace, conditions=request.conditions, ordered=ordered
        )
        self._visit, self._guide = visit, pace if isinstance(pace, GuidedPace) else None
        self._review.open(visit.study_instance_uid)
        playing = self._playing = tasks.create_task(self._play(visit), name="visit")
        playing.add_done_callback(lambda _: self._note_ended(visit, playing))
        named(visit.study_instance_uid)
        self._board.begin(visit, pace)
        await visit.begun.wait()
        return visit.study_instance_uid

    def use(self, studio: Studio | None) -> None:
        """Let a visit that waits for its pose go on with these instruments; None: they are not open now."""
        self._studio = studio
        if studio is None and self._guide is not None:
            self._guide.doubt()
        elif studio is not None and self._visit is not None:
            self._visit.use(studio)

    def explain(self, why: str) -> None:
        """Tell the operator why no pose is measured; empty: nothing is known to be wrong."""
        if self._guide is not None:
            self._guide.explain(why)

    def shoot(self, reason: str) -> None:
        """Shoot now; raises `InvalidTransition` as `GuidedPace.shoot` does."""
        if self.active and self._studio is None:
            raise InvalidTransition("a visit cannot shoot while camera or lights are not open: wait a moment")
        self._led.shoot(reason)

    def retake(self, index: int) -> None:
        """Take one still again; raises `InvalidTransition` as `GuidedPace.retake` does."""
        self._led.retake(index)

    def finish(self) -> None:
        """Close the reviewed visit; raises `InvalidTransition` as `GuidedPace.finish` does."""
        self._led.finish()

    async def abort(self) -> None:
        """Give the visit up: lights dark, no further still. Raises `InvalidTransition` if none is under way."""
        visit, playing = self._visit, self._playing
        if visit is None or playing is None:
            raise InvalidTransition("no visit is under way")
        visit.session.move(SessionEvent.ABORT)
        playing.cancel()
        await asyncio.wait({playing})

    async def still(self, index: int, excerpt: Excerpt) -> bytes | None:
        """JPEG of the newest still of this index; None without one. Raises `InvalidTransition` once the visit is closed."""
        if self._visit is None:
            return None
        picture = await self._review.picture(index, excerpt) if self.active else None
        if not self.active:
            raise InvalidTransition("the visit is closed: its pictures are no longer shown at the booth")
        return picture

    async def keep(self, still: TakenStill) -> None:
        """Hold a still, which is on disk, for review."""
        await self._review.keep(still.study_instance_uid, still.series_number - 1, still.frame)

    def heard(self, message: ServerMessage) -> None:
        """Note what the server says about stills."""
        self._board.heard(message)

    async def run(self) -> None:
        """Tell the gate of every report on the preview, until there are no more."""
        revision = self._hints.revision
        while True:
            try:
                revision, report = await self._hints.next(revision)
            except EOFError:
                return
            if self._guide is not None:
                self._guide.hear(report, nobody=self._nobody())

    def close(self) -> None:
        """Let go of the pictures of the last visit; safe to call twice."""
        self._review.close()

    @property
    def _led(self) -> GuidedPace:
        if not self.active:
            raise InvalidTransition("no visit is under way")
        if self._guide is None:
            raise InvalidTransition("this visit goes by the clock: wait for its end, or stop it")
        return self._guide

    def _make_pace(self) -> Pace:
        settings = self._config.visit
        if not self._config.guided:
            return TimedPace(settings.seating_s)
        return GuidedPace(
            auto_shoot_s=settings.auto_shoot_s, idle_limit_s=settings.idle_limit_s, changed=self._changed
        )

    async def _play(self, visit: Visit) -> None:
        try:
            await visit.play()
        except Exception:  # noqa: BLE001
            # The boundary of one visit: it has failed, in words for the operator; the booth goes on.
            _log.exception("a visit failed unexpectedly")

    def _note_change(self) -> None:
        if not self.active:
            self._review.forget()
        self._changed()

    def _note_ended(self, visit: Visit, playing: asyncio.Task[None]) -> None:
        if self._playing is playing:  # the next may have begun while the end of this one went to disk
            self._playing = None
        if visit.session.active:  # cancelled before its first step
            visit.session.move(SessionEvent.ABORT)
        self._changed()


def _asked(protocol: VisitProtocol, request: VisitRequest) -> VisitProtocol:
    """The protocol as the operator asks for it."""
    site = protocol.site
    if request.site is not None:
        if request.site >= len(protocol.sites):
            raise InvalidTransition("the protocol has no such site: load the page again")
        site = protocol.sites[request.site]
    preparation = request.preparation
    if preparation is Preparation.UNSPECIFIED:
        preparation = protocol.preparation
    return msgspec.structs.replace(protocol, preparation=preparation, site=site, sites=())
