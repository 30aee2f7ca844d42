"""Whether the demo's visit has arrived where it was sent."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from dermabooth.demo.sending import Settings
from server.store import Delivery, DeliverySearch, DeliveryState, Store

SEND_LIMIT_S = 300.0
"""Time for everything to arrive."""
_LOOK_S = 0.2

Show = Callable[[float, float], None]
"""Told how many objects have ended, of how many."""


async def wait_until_sent(
    study: str, destinations: Sequence[Settings], store: Store, show: Show
) -> list[dict[str, Any]]:
    """What became of the visit at every destination, once each object has ended there or `SEND_LIMIT_S` has passed."""
    deadline = time.monotonic() + SEND_LIMIT_S
    while True:
        told = await _told(study, destinations, store)
        ended = sum(one["ended"] for one in told)
        total = sum(one["objects"] for one in told)
        show(ended, total)
        if (total and ended == total) or time.monotonic() > deadline:
            return told
        await asyncio.sleep(_LOOK_S)


async def _told(study: str, destinations: Sequence[Settings], store: Store) -> list[dict[str, Any]]:
    told = []
    for destination in destinations:
        name = destination["name"]
        found = await store.deliveries.find(
            DeliverySearch(study_instance_uid=study, destination=name), limit=500
        )
        states, last = [one.state for one in found], _last_states(destination)
        arrived = sum(map(last.__contains__, states))
        parked = states.count(DeliveryState.PARKED)
        told.append(
            {
                "name": name,
                "type": destination["type"],
                "ok": bool(states) and arrived == len(states),
                "objects": len(states),
                "ended": arrived + parked,
                "states": {state.value: states.count(state) for state in DeliveryState},
                "reasons": sorted({_why(one) for one in found if one.state not in last}),
            }
        )
    return told


def _why(delivery: Delivery) -> str:
    words = (delivery.reason or f"still {delivery.state.value}", delivery.next_step)
    return ": ".join(filter(None, words))


def _last_states(destination: Settings) -> frozenset[DeliveryState]:
    """C-STORE alone proves nothing more than that an object was taken."""
    if destination["type"] == "dimse":
        return frozenset({DeliveryState.STORED, DeliveryState.COMMITTED})
    return frozenset({DeliveryState.COMMITTED})
