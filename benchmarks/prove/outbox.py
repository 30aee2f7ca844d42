"""Objects on their way to a PACS that dies, over a network that breaks, from a server that dies: all arrive, once."""

import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.prove.claims import Advance, Claim
from server.store import DeliveryState, Store
from tests.fixtures.bad_network import BadNetwork, Strike
from tests.fixtures.listener_process import listening
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.outbox_process import OutboxProcess
from tests.fixtures.outbox_stores import open_with_routes, put_visit
from tests.fixtures.ports import free_port

OBJECTS = 500
PACS_KILLS, CUTS, SERVER_KILLS = 10, 10, 5
END_LIMIT_S = 240.0
_PIXELS = 200_000
_TIMEOUT_S = 3.0
"""Of the destination: a stalled connection is given up then, and a report that does not come."""
_DICOM = {
    "network_timeout_s": _TIMEOUT_S,
    "listener": {"enabled": True, "allowed_ae_titles": [Orthanc.aet], "allowed_addresses": ["127.0.0.1"]},
}
_HIT_LIMIT_S = 90.0
"""Longer than the longest pause of the outbox: then something passes that a cut can hit."""


@dataclass(frozen=True)
class Way:
    """How objects go to the PACS."""

    name: str
    settings: Callable[[int, int], dict[str, Any]]
    """Of the destination, by the ports of DICOMweb and DIMSE."""
    last: DeliveryState
    """In which its deliveries end."""
    reports: bool = False
    """The PACS reports storage commitment on an association of its own."""


def _stow(web: int, _: int) -> dict[str, Any]:
    return {"type": "stow", "url": f"http://127.0.0.1:{web}/dicom-web"}


def _dimse(_: int, dimse: int, **more: Any) -> dict[str, Any]:
    return {"type": "dimse", "host": "127.0.0.1", "port": dimse, "ae_title": Orthanc.aet, **more}


_COMMITMENT: dict[str, Any] = {"commitment": "listener", "commitment_within_s": _TIMEOUT_S}
WAYS = (
    Way("STOW-RS", _stow, DeliveryState.COMMITTED),
    Way("C-STORE", _dimse, DeliveryState.STORED),
    Way("C-STORE, committed", partial(_dimse, **_COMMITMENT), DeliveryState.COMMITTED, reports=True),
)
"""C-STORE without storage commitment is only taken."""


async def prove_outbox(way: Way, folder: Path, seed: int, advance: Advance) -> Claim:
    """Send the objects while the troubles strike, then look at what the PACS holds."""
    started = time.monotonic()
    uids: list[str] = []
    async with _counterpart(way, _made(folder)) as (pacs, networks, listener):
        store, archive = open_with_routes(folder / "server", "pacs")
        web, dimse, *_ = networks
        settings = {"name": "pacs", "timeout_s": _TIMEOUT_S, **way.settings(web.port, dimse.port)}
        run = _Run(folder / "server", settings, pacs, networks, listener, random.Random(seed))
        try:
            troubles = run.troubles()
            for number, trouble in enumerate(troubles):
                each = OBJECTS // len(troubles)
                uids += (await put_visit(store, archive, stills=each, modalities=("XC",), size=_PIXELS)).uids
                await trouble()
                advance(number / len(troubles))
            violations = await _end(store, run, uids, way.last)
            violations += [f"only {run.cuts} of {CUTS} cuts hit a connection"] if run.cuts < CUTS else []
            await run.process.kill()
            violations += _compare(uids, await asyncio.to_thread(pacs.instances))
        finally:
            await store.close()
    context = f"{way.name}: {PACS_KILLS} kills of Orthanc, {run.cuts} cuts that hit, "
    context += f"{SERVER_KILLS} kills of the outbox{' and the listener' if way.reports else ''}"
    name = f"{OBJECTS} objects to Orthanc by {way.name}: none lost, none twice"
    return Claim(name, len(uids), time.monotonic() - started, tuple(violations), context)


@contextlib.asynccontextmanager
async def _counterpart(
    way: Way, folder: Path
) -> AsyncIterator[tuple[Orthanc, tuple[BadNetwork, ...], "_Listener | None"]]:
    """The PACS, the networks to it (DICOMweb, DIMSE) and back (reports), and who hears the reports."""
    async with contextlib.AsyncExitStack() as stack:
        more: dict[str, Any] = {}
        back: tuple[BadNetwork, ...] = ()
        listener = None
        if way.reports:
            listener = _Listener(folder / "server")
            stack.callback(listener.close)
            back = (await stack.enter_async_context(_network(listener.port)),)
            booth = {"AET": "DERMABOOTH", "Host": "127.0.0.1", "Port": back[0].port}
            more = {"DicomModalities": {"booth": {**booth, "AllowStorageCommitment": True}}}
        pacs = Orthanc(Path(tempfile.mkdtemp(prefix="orthanc-", dir=folder)), more)
        stack.callback(pacs.kill)
        await asyncio.to_thread(pacs.start)
        there = [
            await stack.enter_async_context(_network(port)) for port in (pacs.http_port, pacs.dicom_port)
        ]
        yield pacs, (*there, *back), listener


@contextlib.asynccontextmanager
async def _network(target: int) -> AsyncIterator[BadNetwork]:
    network = BadNetwork(target)
    async with network.running():
        yield network


class _Listener:
    """Hears the reports at one port, whichever life it is in."""

    def __init__(self, data: Path) -> None:
        self._data, self.port = data, free_port()
        self._life = contextlib.ExitStack()
        self._start()

    def kill(self) -> None:
        """SIGKILL, and another life."""
        self._process.kill()
        self._life.close()
        self._start()

    def close(self) -> None:
        self._life.close()

    def _start(self) -> None:
        self._process = self._life.enter_context(listening(self._data, port=self.port)).process


class _Run:
    def __init__(
        self,
        data: Path,
        destination: dict[str, Any],
        pacs: Orthanc,
        networks: tuple[BadNetwork, ...],
        listener: _Listener | None,
        rng: random.Random,
    ) -> None:
        self._data, self._destination = data, destination
        self._pacs, self._networks, self._listener, self._rng = pacs, networks, listener, rng
        self._strikes = [list(Strike)[number % len(Strike)] for number in range(CUTS)]
        self.process = OutboxProcess(data, [destination], dicom=_DICOM)
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

    def check(self) -> None:
        """Raises `RuntimeError` where the outbox has ended by itself."""
        if self.process.exit_code is not None:
            raise RuntimeError(f"the outbox ended by itself with exit code {self.process.exit_code}")

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
            self.check()
            await asyncio.sleep(0.02)
        self.cuts += int(self.network_hits > before)
        for network in self._networks:
            network.calm()

    async def _kill_server(self) -> None:
        await self._moment()
        await self.process.kill()
        if self._listener is not None:
            await asyncio.to_thread(self._listener.kill)
        self.process = OutboxProcess(self._data, [self._destination], dicom=_DICOM)


async def _end(store: Store, run: _Run, uids: list[str], last: DeliveryState) -> list[str]:
    """Wait until every delivery has ended; what has not."""
    deadline = time.monotonic() + END_LIMIT_S
    while True:
        counts = (await store.deliveries.counts()).get("pacs", {})
        if counts == {last: len(uids)}:
            return []
        if time.monotonic() > deadline:
            return [f"after {END_LIMIT_S:.0f} s: {dict(counts)}"]
        run.check()
        await asyncio.sleep(0.2)


def _compare(uids: list[str], held: list[str]) -> list[str]:
    there = Counter(held)
    lost = [f"lost: {uid}" for uid in uids if uid not in there]
    return lost + [f"{number} times: {uid}" for uid, number in there.items() if number > 1]


def _made(folder: Path) -> Path:
    (folder / "server").mkdir(parents=True)
    return folder
