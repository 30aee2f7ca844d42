"""The spool as visits see it."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from station.calibration import Calibration, CurrentCalibration
from station.errors import StationError
from station.protocol import StillOffer, VisitClosed, VisitOpened
from station.still import TakenStill
from station.transport import Spool

_log = logging.getLogger(__name__)


class SpoolSink:
    """Keeps visits in the spool; `notify` hears of everything new, `kept` is given each still that is on disk.

    Every still is kept under the calibration record that held for it at the beginning of its visit, or with the reason
    why none did.
    """

    def __init__(
        self,
        spool: Spool,
        notify: Callable[[], None],
        records: CurrentCalibration,
        kept: Callable[[TakenStill], Awaitable[None]],
    ) -> None:
        self._spool = spool
        self._notify = notify
        self._records = records
        self._held: dict[str, Calibration] = {}
        self._kept = kept

    async def open_visit(self, message: VisitOpened) -> None:
        """Keep the beginning of a visit."""
        self._held[message.study_instance_uid] = self._records.now
        await self._spool.open_visit(message)
        self._notify()

    async def put(self, still: TakenStill) -> StillOffer:
        """Keep a still."""
        frame = self._held[still.study_instance_uid].stamped(still.frame)
        offer = await self._spool.put(replace(still, frame=frame))
        self._notify()
        await self._kept(still)
        return offer

    async def close_visit(self, message: VisitClosed) -> None:
        """Keep the end of a visit."""
        self._held.pop(message.study_instance_uid, None)
        await self._spool.close_visit(message)
        self._notify()


async def close_left_visits(spool: Spool) -> None:
    """Close the visits that an earlier run began and did not end, with the stills it took."""
    for visit in spool.visits():
        if visit.closed is not None:
            continue
        stills = spool.taken(visit.study_instance_uid)
        message = VisitClosed(
            study_instance_uid=visit.study_instance_uid,
            closed_at=time.time(),
            stills=stills,
            complete=len(spool.standing(visit.study_instance_uid)) >= visit.opened.protocol.stills,
        )
        try:
            await spool.close_visit(message)
        except StationError:
            _log.warning("the end of an earlier visit is not on disk: it is closed at a later start")
