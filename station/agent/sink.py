"""The spool as visits see it."""

from collections.abc import Awaitable, Callable

from station.calibration import Calibration
from station.capture import TakenStill
from station.protocol import StillOffer, VisitClosed, VisitOpened
from station.transport import Spool, Still


class SpoolSink:
    """Keeps visits in the spool; `notify` hears of everything new, `kept` is given each still that is on disk.

    Every still is kept under the calibration record that holds for it, or with the reason why none does.
    """

    def __init__(
        self,
        spool: Spool,
        notify: Callable[[], None],
        calibration: Calibration,
        kept: Callable[[TakenStill], Awaitable[None]],
    ) -> None:
        self._spool = spool
        self._notify = notify
        self._calibration = calibration
        self._kept = kept

    async def open_visit(self, message: VisitOpened) -> None:
        """Keep the beginning of a visit."""
        await self._spool.open_visit(message)
        self._notify()

    async def put(self, still: TakenStill) -> StillOffer:
        """Keep a still."""
        frame = self._calibration.stamped(still.frame)
        offer = await self._spool.put(Still(**{**vars(still), "frame": frame}))
        self._notify()
        await self._kept(still)
        return offer

    async def close_visit(self, message: VisitClosed) -> None:
        """Keep the end of a visit."""
        await self._spool.close_visit(message)
        self._notify()
