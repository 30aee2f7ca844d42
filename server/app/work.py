"""The `work` process: stills in, analysis, DICOM objects."""

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2

from server.access import Scope, Tokens
from server.app import ready
from server.app.auditing import auditing, forward
from server.app.hospital import Hospital, open_hospital
from server.app.priority import yield_to_previews
from server.app.recording import Recorder
from server.app.worker_name import worker_name
from server.config import ServerConfig, read_profile
from server.corrections import CopyMaker
from server.dicom import warm_up
from server.events import BoothJudged, BoothSeen, EventSender, StepEnded, StillArrived
from server.inference import SEVERITY_MODELS, TritonClient, model_infos
from server.ingest import Ingest, IngestEvent
from server.orders import OrderDesk
from server.outbox import Outbox
from server.pipeline import (
    FIRST_STEPS,
    NEEDS,
    STEPS,
    VERDICT_STEPS,
    Examiner,
    ObjectMaker,
    Step,
    Tracking,
    Workbench,
    Worker,
    still_steps,
)
from server.store import Archive, StepResult, Still, Store, WorkState, routes_of
from station.protocol import LAST_STEP, StillExamined, StillProgress, Welcome
from station.quality import QualityProfile

TOKEN_LIFETIME_S = 24 * 3600.0
TOKEN_RENEWAL_S = 12 * 3600.0
"""A preview is interrupted for a moment when its token is renewed."""
PRESENCE_S = 5.0
LOOK_FOR_LIVE_S = 0.25
"""How soon after the live process has come up the booths hear where their preview goes."""


async def run_work(config: ServerConfig, *, models: Path, quality: Path, version: str) -> None:
    """Take and analyse stills until cancelled."""
    os.umask(ready.PRIVATE)
    yield_to_previews()
    cv2.setNumThreads(1)
    profile = read_profile(quality / f"{config.analysis.quality_profile}.toml")
    async with contextlib.AsyncExitStack() as stack:
        auditor = stack.enter_context(auditing(config, "work"))
        base = await _open_base(stack, config, f"dermabooth {version}")
        recorder = Recorder(auditor, base.store, config.destinations)
        steps = await _open_analysis(stack, base, models, profile)
        door = EventSender(config.run)
        stack.callback(door.close)
        hospital = await stack.enter_async_context(_hospital(base, recorder))
        news = _News(base.store, door, hospital.outbox)
        workers = _workers(base, steps, news)
        greeter = _Greeter(config, base.software)
        news.ingest = ingest = await stack.enter_async_context(
            _ingest(base, greeter, news, hospital.orders, recorder)
        )
        stack.callback(ready.withdraw, config.run, "work")
        ready.announce(config.run, "work", capture=ingest.endpoint)
        async with asyncio.TaskGroup() as tasks:
            hospital.start(tasks)
            for worker in workers:
                tasks.create_task(worker.run(), name="worker")
            tasks.create_task(_receive(ingest), name="ingest")
            tasks.create_task(forward(config), name="audit")
            tasks.create_task(_tell_presence(ingest, door, greeter), name="presence")


@dataclass(frozen=True)
class _Base:
    """What the parts of the process have in common."""

    config: ServerConfig
    store: Store
    archive: Archive
    tracking: Tracking
    software: str


async def _open_base(stack: contextlib.AsyncExitStack, config: ServerConfig, software: str) -> _Base:
    archive = Archive(config.archive)
    store = Store.open(
        config.database_url, steps=STEPS, routes=routes_of(config.destinations), archive=archive
    )
    stack.push_async_callback(store.close)
    await store.complete_sidecars()
    return _Base(config, store, archive, Tracking.open(config.keys), software)


async def _open_analysis(
    stack: contextlib.AsyncExitStack, base: _Base, models: Path, profile: QualityProfile
) -> Mapping[str, Step]:
    """The steps of a still, warmed up."""
    config = base.config
    triton = await stack.enter_async_context(TritonClient(config.triton.url))
    severity = SEVERITY_MODELS[config.analysis.severity]
    infos = model_infos(models, without=set(SEVERITY_MODELS.values()) - {severity})
    examiner = Examiner(triton, profile, models=infos, severity=severity, threads=2)
    stack.callback(examiner.close)
    await examiner.run(warm_up)
    maker = ObjectMaker(infos, base.software, base.tracking, institution_name=config.dicom.institution_name)
    return still_steps(Workbench(base.store, base.archive, examiner), maker, config.objects)


def _hospital(base: _Base, recorder: Recorder) -> contextlib.AbstractAsyncContextManager[Hospital]:
    copies = CopyMaker(base.archive, base.software, base.tracking.uid)
    worker = worker_name(base.config.data)
    return open_hospital(base.config, base.store, base.archive, copies, recorder, worker=worker)


def _ingest(
    base: _Base, greeter: "_Greeter", news: "_News", orders: OrderDesk | None, recorder: Recorder
) -> Ingest:
    return Ingest(
        base.config.capture.endpoint,
        base.config.keys,
        base.config.booths,
        base.store,
        base.archive,
        greeter.welcome,
        news.heard,
        orders=None if orders is None else orders.answer,
        on_refused=recorder.refusal,
    )


def _workers(base: _Base, steps: Mapping[str, Step], news: "_News") -> list[Worker]:
    """One for the verdicts on captures, which never waits for a long step, and one for everything."""
    store, name = base.store, worker_name(base.config.data)
    workers = [
        Worker(store, steps, name=f"{name}/verdict", on_end=news.step_ended, needs=NEEDS, only=VERDICT_STEPS),
        Worker(
            store,
            steps,
            name=name,
            on_end=news.step_ended,
            needs=NEEDS,
            first=VERDICT_STEPS | FIRST_STEPS,
        ),
    ]
    news.workers = workers
    return workers


async def _receive(ingest: Ingest) -> None:
    await ingest.wait()
    raise RuntimeError("the ingest ended while the server runs")


async def _tell_presence(ingest: Ingest, door: EventSender, greeter: "_Greeter") -> None:
    """Say again which booths are here, and how they judge their previews, to a live process that started later; greet
    them again when it moves.
    """
    while True:
        again = greeter.is_stale()
        for booth, preview in ingest.judged.items():
            door.send(BoothSeen(booth_id=booth, connected=True))
            door.send(BoothJudged(booth_id=booth, preview=preview))
            if again:
                ingest.send(booth, greeter.welcome(booth))
        await asyncio.sleep(PRESENCE_S if greeter.knows_live else LOOK_FOR_LIVE_S)


class _Greeter:
    """Tells a booth where its preview goes, with a token for it."""

    def __init__(self, config: ServerConfig, software: str) -> None:
        self._config = config
        self._software = software
        self._orders = config.orders.configured
        self._tokens = Tokens.open(config.keys)
        self._address = self._live_address()
        self._renew_at = time.monotonic() + TOKEN_RENEWAL_S

    def welcome(self, booth_id: str) -> Welcome:
        """The greeting; without a preview while the live process is away."""
        address = self._live_address()
        if address is None:
            return Welcome(server=self._software, orders=self._orders)
        token = self._tokens.issue(booth_id, [Scope.PUBLISH], lifetime_s=TOKEN_LIFETIME_S)
        return Welcome(
            server=self._software,
            whip_url=f"{address}/whip/{booth_id}",
            whip_token=token,
            orders=self._orders,
        )

    @property
    def knows_live(self) -> bool:
        """Whether the live process has ever been seen."""
        return self._address is not None

    def is_stale(self) -> bool:
        """Whether every earlier greeting is outdated: the live process came or moved, or tokens grow old."""
        address = self._live_address()
        moved = address is not None and address != self._address
        self._address = address or self._address
        if moved or time.monotonic() >= self._renew_at:
            self._renew_at = time.monotonic() + TOKEN_RENEWAL_S
            return True
        return False

    def _live_address(self) -> str | None:
        live = ready.addresses(self._config.run, "live")
        return None if live is None else live["http"]


class _News:
    """Tells booth and pages how the analysis goes."""

    def __init__(self, store: Store, door: EventSender, outbox: Outbox) -> None:
        self.ingest: Ingest | None = None
        self.workers: list[Worker] = []
        self._outbox = outbox
        self._store = store
        self._door = door

    def poke(self) -> None:
        """Something may be due."""
        for worker in self.workers:
            worker.poke()

    def heard(self, event: IngestEvent) -> None:
        """The ingest has news."""
        self._door.send(event)
        if isinstance(event, StillArrived):
            self.poke()

    async def step_ended(self, still: Still, step: str, done: bool, result: StepResult | None) -> None:
        """A step of a still has ended."""
        self.poke()
        if result is not None and result.instances:
            self._outbox.poke()
        study, sop = still.study_instance_uid, still.sop_instance_uid
        self._door.send(StepEnded(study_instance_uid=study, sop_instance_uid=sop, step=step, done=done))
        if self.ingest is None:
            return
        booth = (await self._store.visit(study)).booth_id
        if result is not None and result.quality is not None:
            report = StillExamined(study_instance_uid=study, sop_instance_uid=sop, quality=result.quality)
            self.ingest.send(booth, report)
        ended, failed = await self._ended(still)
        last = step == STEPS[-1] and ended == len(STEPS) and not failed
        self.ingest.send(
            booth,
            StillProgress(
                study_instance_uid=study,
                sop_instance_uid=sop,
                step=LAST_STEP if last else step,
                done=done,
                ended=ended,
                total=len(STEPS),
                message="" if done else "not analysed: see the server's log",
            ),
        )

    async def _ended(self, still: Still) -> tuple[int, int]:
        """How many steps of a still have ended, and how many of these were given up."""
        states = [
            status.state
            for status in await self._store.work(still.study_instance_uid)
            if status.sop_instance_uid == still.sop_instance_uid
        ]
        failed = states.count(WorkState.FAILED)
        return states.count(WorkState.DONE) + failed, failed
