"""What the outbox adds to the sending itself: its table, its hashes and its tasks, beside the same destination called bare."""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from server.config import ServerConfig
from server.outbox import Destination, Outbox, Parcel, Stage, Transfer, open_destination
from server.store import Archive, DeliveryState, Store
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.outbox_stores import open_with_routes, put_visit

VISIT_GOAL_PCT, SMALL_GOAL_MS = 15.0, 6.0
ROUNDS = 15
SMALL = 200
_PICTURE = 24_000_000
_NAME = "pacs"
_LIMIT_S = 120.0

Row = dict[str, Any]


async def measure(rounds: int = ROUNDS) -> list[Row]:
    """Two rows for STOW-RS and two for C-STORE; five minutes."""
    rows = []
    for kind, settings in (("STOW-RS", _stow), ("C-STORE", _dimse)):
        visit = await asyncio.to_thread(_pairs, settings, rounds, 4, _PICTURE)
        shares = [100 * (ours / bare - 1) for ours, bare in visit]
        rows.append(
            _row(f"outbox / bare {kind}, a visit of 4 x 24 MP, more time", shares, "%", VISIT_GOAL_PCT, visit)
        )
        small = await asyncio.to_thread(_pairs, settings, rounds, SMALL, 0)
        more = [1000 * (ours - bare) / SMALL for ours, bare in small]
        rows.append(
            _row(f"outbox - bare {kind}, each of {SMALL} small objects", more, "ms", SMALL_GOAL_MS, small)
        )
    return rows


def _row(
    name: str, values: Sequence[float], unit: str, goal: float, pairs: Sequence[tuple[float, float]]
) -> Row:
    value = statistics.median(values)
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "goal": f"<= {goal:g}",
        "met": value <= goal,
        "context": f"to Orthanc on loopback until taken: {ours:.3f} s and {bare:.3f} s, median of {len(pairs)} pairs",
    }


def _stow(pacs: Orthanc) -> dict[str, Any]:
    return {"type": "stow", "name": _NAME, "url": pacs.web}


def _dimse(pacs: Orthanc) -> dict[str, Any]:
    port, title = pacs.dicom_port, pacs.aet
    return {"type": "dimse", "name": _NAME, "host": "127.0.0.1", "port": port, "ae_title": title}


def _pairs(
    settings: Callable[[Orthanc], dict[str, Any]], rounds: int, objects: int, size: int
) -> list[tuple[float, float]]:
    """Seconds with the outbox and without, of equal visits one after the other."""
    with running() as pacs, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_alternate(Path(folder), settings(pacs), rounds, objects, size))


async def _alternate(
    folder: Path, settings: dict[str, Any], rounds: int, objects: int, size: int
) -> list[tuple[float, float]]:
    store, archive = open_with_routes(folder, _NAME)
    config = ServerConfig.load(data=folder, destinations=[settings])
    try:
        pairs = []
        for number in range(rounds + 1):
            # Who is first changes: what one leaves to be written to disk slows the next.
            bare = await _bare(folder, config, objects, size) if number % 2 else None
            await put_visit(store, archive, stills=objects, modalities=("XC",), size=size)
            destination = open_destination(config.destinations[0], config, store)
            ours = await _by_outbox(destination, store, archive, objects)
            pairs.append((ours, bare or await _bare(folder, config, objects, size)))
        return pairs[1:]  # the first warms both up
    finally:
        await store.close()


async def _by_outbox(destination: Destination, store: Store, archive: Archive, objects: int) -> float:
    left, over = objects, asyncio.Event()

    async def heard(transfer: Transfer) -> None:
        nonlocal left
        if transfer.stage is Stage.STORED:
            left -= sum(map(len, transfer.instances.values()))
            if left == 0:
                over.set()

    outbox = Outbox([destination], store, archive, worker="w", observer=heard)
    began = time.perf_counter()
    task = asyncio.create_task(outbox.run(), name="outbox")
    async with asyncio.timeout(_LIMIT_S):
        await over.wait()  # asking the table all the while would be a cost of its own
        while await _on_the_way(store):
            await asyncio.sleep(0.005)
    took = time.perf_counter() - began
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return took


async def _on_the_way(store: Store) -> int:
    counts = (await store.deliveries.counts()).get(_NAME, {})
    return counts.get(DeliveryState.WAITING, 0) + counts.get(DeliveryState.SENDING, 0)


async def _bare(folder: Path, config: ServerConfig, objects: int, size: int) -> float:
    """The same kind of visit, which no outbox knows of, by the destination alone."""
    with tempfile.TemporaryDirectory(dir=folder) as other:
        store, archive = open_with_routes(Path(other))
        put = await put_visit(store, archive, stills=objects, modalities=("XC",), size=size)
        parcels = [
            Parcel(
                one.sop_instance_uid,
                one.sop_class_uid,
                put.study,
                archive.resolve(one.path),
                one.sha256,
            )
            for one in await store.instances(put.study)
        ]
        destination = open_destination(config.destinations[0], config, store)
        began = time.perf_counter()
        told = [one async for one in destination.send(parcels)]
        took = time.perf_counter() - began
        await destination.close()
        await store.close()
    if {one.fate.value for one in told} != {"stored"} or len(told) != objects:
        raise RuntimeError(f"the PACS did not take everything: {told[:2]}")
    return took
