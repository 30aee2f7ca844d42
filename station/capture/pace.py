"""Two ways to lead a visit: by the clock, and by the operator with a gate that sees when the pose is right."""

import asyncio
from collections.abc import Callable

from station.capture.contract import Take
from station.capture.gate import NOBODY, PoseWatch, wanting
from station.capture.session import SessionEvent, SessionState
from station.capture.visit import Visit
from station.errors import InvalidTransition
from station.protocol import QualityReport, View

FRESH_S = 1.0
"""Age at which the gate's last word no longer counts."""
UNMEASURED = ("Wait: the picture of this pose is not measured yet.",)

_POSING = frozenset({SessionState.FRAMING, SessionState.READY})


class TimedPace:
    """Each view is shot when the subject has had `seating_s` to take its pose; nobody looks, nothing is reviewed."""

    def __init__(self, seating_s: float) -> None:
        self._seating_s = seating_s

    async def lead(self, visit: Visit) -> None:
        """Shoot every view and finish."""
        take: Take | None = Take(0)
        while take is not None:
            visit.ask(take)
            await asyncio.sleep(self._seating_s)
            visit.session.move(SessionEvent.SHOOT)
            take = visit.following()
            await visit.shoot(then=take)
        visit.session.move(SessionEvent.REVIEW)
        visit.session.move(SessionEvent.FINISH)


class GuidedPace:
    """A view is shot when its pose has been right for `auto_shoot_s`, or when the operator says so; the end is a review.

    `hear` is told every report on the preview, `changed` is called when `wanting` or `shoots_in_s` changed without the session.
    With `auto_shoot_s` 0 only the operator shoots. A pose or a review that nobody ends within `idle_limit_s` closes the
    visit. One object leads one visit; all methods belong to the event loop, and time is the loop's.
    """

    def __init__(self, *, auto_shoot_s: float, idle_limit_s: float, changed: Callable[[], None]) -> None:
        self._auto_shoot_s = auto_shoot_s
        self._idle_limit_s = idle_limit_s
        self._changed = changed
        self._visit: Visit | None = None
        self._called = asyncio.Event()
        self._override = ""
        self._auto = _Timer(self._shoot_by_itself)
        self._stale = _Timer(self.doubt)
        self._idle = _Timer(self._expire)
        self._watch = PoseWatch(View.UNSPECIFIED, None)
        self._wanting: tuple[str, ...] = ()
        self._unmeasured = UNMEASURED

    @property
    def wanting(self) -> tuple[str, ...]:
        """What keeps the gate from green, worst first; empty where no pose is asked for."""
        return self._wanting if self._posing else ()

    @property
    def shoots_in_s(self) -> float | None:
        """Seconds until the shot comes by itself; None: it does not."""
        return self._auto.left_s

    async def lead(self, visit: Visit) -> None:
        """Shoot every view, take stills again as asked, and return when the visit is finished or has expired."""
        self._visit = visit
        try:
            self._ask(visit, Take(0))
            while visit.session.active:
                await self._called.wait()
                self._called.clear()
                if visit.session.state is SessionState.SHOOTING:
                    following = visit.following()
                    await visit.shoot(self._override, then=following)
                    self._go_on(visit, following)
        finally:
            self._quiet()

    def hear(self, report: QualityReport, *, nobody: bool = False) -> None:
        """Go by the newest report on the preview, if it is on the pose that is asked for.

        `nobody`: a face was looked for in the preview, and there is none.
        """
        if self._posing and self._watch.reported(self._led.previewed):
            self._stale.start(FRESH_S)
            self._weigh((NOBODY,) if nobody else wanting(report))

    def doubt(self) -> None:
        """Let no earlier report count any longer: the gate is not green until the next one."""
        if self._posing:
            self._weigh(self._unmeasured)

    def explain(self, why: str) -> None:
        """Say `why` while nothing is measured, instead of a wait; empty: nothing is known to be wrong."""
        told, self._unmeasured = self._unmeasured, (why,) if why else UNMEASURED
        if self._posing and self._wanting == told != self._unmeasured:
            self._weigh(self._unmeasured)

    def shoot(self, reason: str = "") -> None:
        """Shoot now; the gate's corrections are overridden for a `reason`, which goes with the stills.

        Raises `InvalidTransition` if it is no time to shoot, or if the gate asks for a correction and no reason is given.
        """
        if self._state is SessionState.FRAMING and not reason.strip():
            told = " ".join(self.wanting)
            raise InvalidTransition(f"a visit that is framing cannot shoot without a reason: {told}")
        self._shoot(reason.strip() if self._state is SessionState.FRAMING else "")

    def retake(self, index: int) -> None:
        """Ask for the pose of one still again; raises `InvalidTransition` outside the review or for no such still."""
        visit = self._led
        self._ask(visit, visit.again(index), SessionEvent.RETAKE)

    def finish(self) -> None:
        """Close the reviewed visit; raises `InvalidTransition` outside the review."""
        self._end(SessionEvent.FINISH)

    @property
    def _led(self) -> Visit:
        if self._visit is None:
            raise InvalidTransition(f"a visit that is {SessionState.IDLE} cannot be led yet: wait a moment")
        return self._visit

    @property
    def _state(self) -> SessionState:
        return self._led.session.state

    @property
    def _posing(self) -> bool:
        return self._visit is not None and self._visit.session.state in _POSING

    def _ask(self, visit: Visit, take: Take, event: SessionEvent = SessionEvent.FRAME) -> None:
        visit.session.check(event)
        self._wanting = self._unmeasured
        visit.ask(take, event)
        self._watch = PoseWatch(visit.view, visit.previewed)
        self._idle.start(self._idle_limit_s)

    def _go_on(self, visit: Visit, following: Take | None) -> None:
        if following is not None:
            self._ask(visit, following)
        else:
            visit.session.move(SessionEvent.REVIEW)
            self._idle.start(self._idle_limit_s)

    def _weigh(self, wanted: tuple[str, ...]) -> None:
        told, self._wanting = self._wanting, wanted
        if wanted:
            self._lose()
        elif self._state is SessionState.FRAMING:
            if self._auto_shoot_s > 0:
                self._auto.start(self._auto_shoot_s)
            self._led.session.move(SessionEvent.GREEN)
        if told != wanted:
            self._changed()

    def _lose(self) -> None:
        self._auto.stop()
        if self._state is SessionState.READY:
            self._led.session.move(SessionEvent.LOSE)

    def _shoot_by_itself(self) -> None:
        if self._state is SessionState.READY:
            self._shoot("")

    def _shoot(self, override: str) -> None:
        self._led.session.check(SessionEvent.SHOOT)
        self._quiet()
        self._override = override
        self._led.session.move(SessionEvent.SHOOT)
        self._called.set()

    def _expire(self) -> None:
        visit = self._led
        if visit.session.active:
            limit = self._idle_limit_s
            waited = f"{limit / 60:.0f} min" if limit >= 60 else f"{limit:.0f} s"
            visit.problem = f"closed by itself: nobody went on for {waited}"
            self._end(SessionEvent.EXPIRE)

    def _end(self, event: SessionEvent) -> None:
        self._led.session.check(event)
        self._quiet()
        self._led.session.move(event)
        self._called.set()

    def _quiet(self) -> None:
        for timer in (self._auto, self._stale, self._idle):
            timer.stop()


class _Timer:
    """One call after a while; starting it again begins anew."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._handle: asyncio.TimerHandle | None = None

    @property
    def left_s(self) -> float | None:
        if self._handle is None:
            return None
        return max(0.0, self._handle.when() - asyncio.get_running_loop().time())

    def start(self, after_s: float) -> None:
        self.stop()
        self._handle = asyncio.get_running_loop().call_later(after_s, self._ring)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _ring(self) -> None:
        self._handle = None
        self._call()
