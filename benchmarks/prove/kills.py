"""SIGKILL at random moments while visits arrive and are analysed; in the end every visit is complete, each object once."""

import asyncio
import hashlib
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from benchmarks.prove.claims import Advance, Claim
from server.inference import ManagedTriton
from server.store import Archive, Store, WorkState
from tests.fixtures.completeness import is_done, violations
from tests.fixtures.uplink_processes import free_endpoint
from tests.fixtures.uplinks import prepare
from tests.fixtures.visits import LIGHTS, Booth, PlannedVisit, a_booth, plan_visit
from tests.fixtures.work_process import WorkProcess

NAME = "killed at a random point: every visit ends complete, each object once"
BACKLOG = 3
"""Visits that wait at once, so that most kills strike while there is work."""
LONGEST_LIFE_S = 2.0
EARLY = 0.15
"""Share of the kills that may strike while the process starts."""
TRITON_EVERY = 20
"""One in so many kills takes Triton along."""
END_LIMIT_S = 240.0


async def prove_kills(
    folder: Path, triton: ManagedTriton, kills: int, deadline: float, seed: int, advance: Advance
) -> Claim:
    """Kill the work process so often, or until `deadline` (monotonic)."""
    started, data, endpoint = time.monotonic(), folder / "server", free_endpoint()
    await asyncio.to_thread(prepare, data)
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}")
    try:
        async with a_booth(folder / "spool", data, endpoint) as booth:
            run = _Run(data, endpoint, triton, store, booth, random.Random(seed))
            while run.kills < kills and time.monotonic() < deadline:
                await run.feed()
                await run.live_and_die()
                advance(run.kills / kills)
            await run.end()
    finally:
        await store.close()
    if run.kills < kills:
        run.found.append(f"time was up after {run.kills} of {kills} kills")
    struck = ", ".join(f"{name} {count}" for name, count in run.struck.most_common())
    context = f"{len(run.visits)} visits, {run.stills} stills; struck in: {struck}"
    return Claim(NAME, run.kills, time.monotonic() - started, tuple(run.found), context)


class _Run:
    def __init__(
        self,
        data: Path,
        endpoint: str,
        triton: ManagedTriton,
        store: Store,
        booth: Booth,
        rng: random.Random,
    ) -> None:
        self.kills = 0
        self.struck: Counter[str] = Counter()
        self.found: list[str] = []
        self.visits: list[PlannedVisit] = []
        self._open: list[PlannedVisit] = []
        self._hashes: dict[Path, str] = {}
        self._data, self._endpoint, self._triton = data, endpoint, triton
        self._store, self._booth, self._rng = store, booth, rng
        self._archive = Archive(data / "archive")

    @property
    def stills(self) -> int:
        """Stills that were sent."""
        return sum(len(visit.stills) for visit in self.visits)

    async def feed(self) -> None:
        """Put visits of one to three stills, of 8 or 12 bits, into the spool."""
        self._open = [v for v in self._open if not await is_done(self._store, v.study, len(v.stills))]
        while len(self._open) < BACKLOG:
            lights = self._rng.sample(list(LIGHTS), self._rng.randint(1, len(LIGHTS)))
            visit = plan_visit(self._rng.choice((8, 12)), lights)
            await self._booth.send(visit)
            self.visits.append(visit)
            self._open.append(visit)

    async def live_and_die(self) -> None:
        """One life of the process, and what it left."""
        process = self._process()
        try:
            if self._rng.random() >= EARLY:
                await process.up()
            await asyncio.sleep(self._rng.uniform(0, LONGEST_LIFE_S))
            if process.exit_code is not None:
                self.found.append(f"the process ended by itself with {process.exit_code}")
        finally:
            await process.kill()
        self.kills += 1
        if self.kills % TRITON_EVERY == 0 and self._triton.pid is not None:
            os.kill(self._triton.pid, signal.SIGKILL)
        await self._look_at_the_wreck()

    async def end(self) -> None:
        """Let everything be finished, and check all of it."""
        process = self._process()
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await self._booth.delivered(END_LIMIT_S)
                for visit in self.visits:
                    while not await is_done(self._store, visit.study, len(visit.stills)):
                        await asyncio.sleep(0.1)
        except TimeoutError:
            self.found.append(f"not everything was done {END_LIMIT_S:.0f} s after the last kill")
        finally:
            if code := await process.stop():
                self.found.append(f"the process ended with {code} on SIGTERM")
        for visit in self.visits:
            self.found += await violations(self._store, self._archive, visit)
        self._check_bytes(self.visits)
        self._check_folders()

    def _process(self) -> WorkProcess:
        return WorkProcess(self._data, self._triton.url, self._endpoint)

    async def _look_at_the_wreck(self) -> None:
        """Nothing that was acknowledged is gone, no object has changed; note where the kill struck."""
        waiting = {offer.sop_instance_uid for offer in self._booth.spool.pending()}
        running = []
        for visit in self._open:
            work = await self._store.work(visit.study)
            running += [status.step for status in work if status.state == WorkState.RUNNING]
            known = {status.sop_instance_uid for status in work}
            sent = {still.sop_instance_uid for still in visit.stills.values()}
            self.found += [f"{uid} was acknowledged and is gone" for uid in sent - waiting - known]
        self._check_bytes(self._open)
        self.struck[running[0] if running else "receiving" if waiting else "between steps"] += 1

    def _check_bytes(self, visits: list[PlannedVisit]) -> None:
        for visit in visits:
            for path in sorted((self._archive.root / visit.study).rglob("*.dcm")):
                if path.name.startswith("."):
                    continue
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                if self._hashes.setdefault(path, digest) != digest:
                    self.found.append(f"{path.name} of {path.parent.name} was written again with other bytes")

    def _check_folders(self) -> None:
        """Every folder of the archive is that of a still that was sent."""
        sent = {
            self._archive.root / visit.study / still.sop_instance_uid
            for visit in self.visits
            for still in visit.stills.values()
        }
        folders = (study for study in self._archive.root.iterdir() if study.is_dir())
        there = {path for study in folders for path in study.iterdir() if path.is_dir()}
        self.found += [f"{path.name} is in the archive and was never sent" for path in there - sent]
        self.found += [f"{path.name} is left in incoming" for path in (self._data / "incoming").iterdir()]
