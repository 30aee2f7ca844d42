"""The pictures of one view under its several lights, and which of them may still come."""

import time

from server.pipeline.worker import NotYet
from server.store import Still, Store, Visit, WorkState, standing
from station.protocol import Light

PATIENCE_S = 3600.0
"""How long a still waits for another light of its view, if its booth does not say that there will be none."""
_ENDED = frozenset({WorkState.DONE, WorkState.FAILED})


class Twins:
    """Finds the same view under another light."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, still: Still, light: Light) -> Still | None:
        """The newest of the same view under another light; None if there will be none.

        Raises `NotYet` while it may come.
        """
        if still.header.light is light:
            return None
        visit = await self._store.visit(still.study_instance_uid)
        stills = await self._store.stills(still.study_instance_uid)
        for other in standing(stills):
            if other.header.light is light and other.header.view is still.header.view:
                return other
        if _may_come(visit, stills, light) and time.time() < still.received_at + PATIENCE_S:
            raise NotYet(f"the {light.value} picture of this view has not arrived")
        return None

    async def ended(self, still: Still, step: str) -> bool:
        """Whether a step of a still is done or given up."""
        return await self._state(still, step) in _ENDED

    async def given_up(self, still: Still, step: str) -> bool:
        """Whether a step of a still is given up."""
        return await self._state(still, step) == WorkState.FAILED

    async def _state(self, still: Still, step: str) -> str:
        for status in await self._store.work(still.study_instance_uid):
            if (status.sop_instance_uid, status.step) == (still.sop_instance_uid, step):
                return status.state
        return ""


def _may_come(visit: Visit, stills: list[Still], light: Light) -> bool:
    if light not in {step.light for step in visit.protocol.recipe.steps}:
        return False
    if visit.complete is None:
        return True
    return bool(set(visit.expected) - {still.sop_instance_uid for still in stills})
