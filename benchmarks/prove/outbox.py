"""Objects on their way to a PACS that dies, over a network that breaks, from a server that dies: all arrive, once."""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.prove.claims import Advance, Claim
from server.store import DeliveryState, Store
from tests.fixtures.bad_network import BadNetwork, Strike
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.outbox_process import OutboxProcess
from tests.fixtures.outbox_stores import open_with_routes, put_visit

OBJECTS = 500
PACS_KILLS, CUTS, SERVER_KILLS = 10, 10, 5
END_LIMIT_S = 240.0
_PIXELS = 200_000
_TIMEOUT_S = 3.0
"""Of the destination: a stalled connection is given up then."""
_HIT_LIMIT_S = 90.0
"""Longer than the longest pause of the outbox: then something passes that a cut can hit."""

Destination = Callable[[int, int], dict[str, Any]]
"""The settings of a destination, by the ports of DICOMweb and DIMSE."""
DESTINATIONS: dict[str, tuple[Destination, DeliveryState]] = {
    "STOW-RS": (
        lambda web, _: {"type": "stow", "url": f"http://127.0.0.1:{web}/dicom-web"},
        DeliveryState.COMMITTED,
    ),
    "C-STORE": (
        lambda _, dimse: {
            "type": "dimse",
            "host": "127.0.0.1",
            "port": dimse,
            "ae_title": Orthanc.aet,
        },
        DeliveryState.STORED,
    ),
}
"""Each with the state in which its deliveries end: C-STORE without storage commitment is only taken."""


async def prove_outbox(kind: str, folder: Path, seed: int, advance: Advance) -> Claim:
    """Send the objects while the troubles strike, then look at what the PACS holds."""
    started = time.monotonic()
    pacs = Orthanc(Path(tempfile.mkdtemp(prefix="orthanc-", dir=_made(folder))))
    await asyncio.to_thread(pacs.start)
    web, dimse = BadNetwork(pacs.http_port), BadNetwork(pacs.dicom_port)
    store, archive = open_with_routes(folder / "server", "pacs")
    try:
        async with web.running(), dimse.running():
            settings, last = DESTINATIONS[kind]
            destination = {"name": "pacs", "timeout_s": _TIMEOUT_S, **settings(web.port, dimse.port)}
            run = _Run(folder / "server", destination, pacs, (web, dimse), random.Random(seed))
            uids: list[str] = []
            troubles = run.troubles()
            for number, trouble in enumerate(troubles):
                each = OBJECTS // len(troubles)
                uids += (await put_visit(store, archive, stills=each, modalities=("XC",), size=_PIXELS)).uids
                await trouble()
                advance(number / len(troubles))
            violations = await _end(store, uids, last)
            violations += [f"only {run.cuts} of {CUTS} cuts hit a connection"] if run.cuts < CUTS else []
            await run.process.kill()
            violations += _compare(uids, await asyncio.to_thread(pacs.instances))
    finally:
        pacs.kill()
        await store.close()
    context = f"{kind}: {PACS_KILLS} kills of Orthanc, {run.cuts} cuts that hit, "
    context += f"{SERVER_KILLS} kills of the outbox"
    name = f"{OBJECTS} objects to Orthanc by {kind}: none lost, none twice"
    return Claim(name, len(uids), time.monotonic() - started, tuple(violations), context)


class _Run:
    def __init__(
        self,
        data: Path,
        destination: dict[str, Any],
        pacs: Orthanc,
        networks: tuple[BadNetwork, ...],
        rng: random.Random,
    ) -> None:
        self._data, self._destination = data, destination
        self._pacs, self._networks, self._rng = pacs, networks, rng
        self._strikes = [list(Strike)[number % len(Strike)] for number in range(CUTS)]
        self.process = OutboxProcess(data, [destination])
        self.cuts = 0
        """Those that have hit a connection."""

    @property
    def network_hits(self) -> int:
        """Connections that a cut has hit."""
        return sum(one.struck for one in self._networks)

    def troubles(self) -> list[Any]:
        """All of them, in an order by chance."""
        found = [*[self._kill_pacs] * PACS_KILLS, *[self._cut] * CUTS, *[self._kill_server] * SERVER_KILLS]
        self._rng.shuffle(found)
        return found

    async def _moment(self) -> None:
        await asyncio.sleep(self._rng.uniform(0.0, 0.4))

    async def _kill_pacs(self) -> None:
        await self._moment()
        self._pacs.kill()
        await asyncio.to_thread(self._pacs.start)

    async def _cut(self) -> None:
        # At once: a moment later everything could have arrived, and nothing would pass any more.
        how, before = self._strikes.pop(), self.network_hits
        for network in self._networks:
            network.strike(how)
        deadline = time.monotonic() + _HIT_LIMIT_S
        while self.network_hits == before and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self.cuts += int(self.network_hits > before)
        for network in self._networks:
            network.calm()

    async def _kill_server(self) -> None:
        await self._moment()
        await self.process.kill()
        self.process = OutboxProcess(self._data, [self._destination])


async def _end(store: Store, uids: list[str], last: DeliveryState) -> list[str]:
    """Wait until every delivery has ended; what has not."""
    deadline = time.monotonic() + END_LIMIT_S
    while True:
        counts = (await store.deliveries.counts()).get("pacs", {})
        if counts == {last: len(uids)}:
            return []
        if time.monotonic() > deadline:
            return [f"after {END_LIMIT_S:.0f} s: {dict(counts)}"]
        await asyncio.sleep(0.2)


def _compare(uids: list[str], held: list[str]) -> list[str]:
    there = Counter(held)
    lost = [f"lost: {uid}" for uid in uids if uid not in there]
    return lost + [f"{number} times: {uid}" for uid, number in there.items() if number > 1]


def _made(folder: Path) -> Path:
    (folder / "server").mkdir(parents=True)
    return folder
