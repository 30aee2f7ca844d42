"""How long a visit of four lights at 24 MP takes, from the last exposure to each kind of result."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import sender
from benchmarks.interference import server
from server.config import ServerConfig
from server.store import Store, WorkState

GOALS = {"quality verdict": 3.0, "first layer": 15.0, "everything": 180.0}
"""Seconds after the last exposure, on 2 cores."""
LIMIT_S = 600.0
VISIT = "every light"
LIGHTS, PACE = len(sender.VISITS[VISIT]), sender.PACE_S[VISIT]

Row = dict[str, Any]


async def measure() -> list[Row]:
    """Three rows; about four minutes and 3 GB of disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with server(folder) as (settings, _):
            study, booth = await sender.prepare(folder, settings, VISIT)
            try:
                sender.send(booth)
                last = await sender.exposed_at(booth)
                seconds, context = await _follow(settings, study, last)
            finally:
                await sender.stop(booth)
    return [_row(result, seconds[result], context) for result in GOALS]


def _row(result: str, seconds: float, context: str) -> Row:
    share = seconds / GOALS[result]
    return {
        "name": f"{result} of a visit of four lights, 24 MP / {GOALS[result]:g} s",
        "value": round(share, 2),
        "unit": "ratio",
        "goal": "<= 1",
        "met": share <= 1,
        "context": f"{seconds:.1f} s after the last of four exposures, {PACE} s apart; {context}",
    }


async def _follow(settings: ServerConfig, study: str, last: float) -> tuple[dict[str, float], str]:
    """Seconds until the last verdict, the first layer and the last step; TimeoutError after `LIMIT_S`."""
    store, seconds = Store.open(settings.database_url), dict[str, float]()
    try:
        async with asyncio.timeout(LIMIT_S):
            while "everything" not in seconds:
                for result in await _reached(store, settings, study):
                    seconds.setdefault(result, max(0.0, time.time() - last))
                await asyncio.sleep(0.1)
        return seconds, await _outcome(store, study)
    finally:
        await store.close()


async def _reached(store: Store, settings: ServerConfig, study: str) -> list[str]:
    stills, work = await store.stills(study), await store.work(study)
    reached = []
    if len(stills) == LIGHTS and all(still.quality is not None for still in stills):
        reached.append("quality verdict")
    if next(settings.data.rglob("layer-*.png"), None):
        reached.append("first layer")
    ended = {WorkState.DONE, WorkState.FAILED}
    if len(stills) == LIGHTS and all(one.state in ended for one in work):
        reached.append("everything")
    return reached


async def _outcome(store: Store, study: str) -> str:
    work = await store.work(study)
    done = sum(one.state == WorkState.DONE for one in work)
    return f"{done} of {len(work)} steps done"
