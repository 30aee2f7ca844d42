"""The demo's booth and visit, once its server is there."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from dermabooth.commands.booth import allow
from dermabooth.demo.arrival import wait_until_sent
from dermabooth.demo.booth import BoothClient, BoothTrouble
from dermabooth.demo.options import DemoOptions
from dermabooth.demo.outcome import collect
from dermabooth.demo.processes import program, read_announcement
from dermabooth.demo.progress import Steps
from dermabooth.demo.sending import destinations_of
from dermabooth.demo.server import START_LIMIT_S, RunningServer
from dermabooth.demo.tables import show
from server.access import Tokens
from server.api import LoginCodes
from server.app import addresses
from server.config import ServerConfig
from server.inference import TritonClient
from server.ingest import open_server_keys
from server.pipeline import STEPS
from server.store import Archive, Store, WorkState
from station.config import StationConfig
from station.kiosk import BoothState, Phase
from station.protocol import Patient
from station.transport import open_keys

PATIENT = Patient(patient_id="DEMO-1", issuer_of_patient_id="DEMO", patient_name="Phantom^Demo")
FIRST_RENDER_LIMIT_S = 300.0
VISIT_LIMIT_S = 600.0
LIVE_S = 5.0
"""How long the preview runs at least before the visit, so that its figures mean something."""
LOOK_S = 0.2
_BOOTH, _OVERLAY = "starting booth", "waiting for the first overlay"
_SENDING = "sending the visit"
_LIVE, _SHOOTING, _ANALYSIS = "watching the live picture", "taking stills", "analysing stills"
_PERCENT = re.compile(r"(\d+)%")


async def show_visit(
    server: RunningServer, options: DemoOptions, console: Console, steps: Steps, started: float
) -> bool:
    """Shoot a visit and tell of it; with `once` return then, else stay until cancelled. True: every still came through.

    `started` is when the demo began, on the monotonic clock.
    """
    settings = server.settings
    async with contextlib.AsyncExitStack() as stack:
        steps.begin(_BOOTH)
        booth = await stack.enter_async_context(_booth(options, server))
        stack.callback(steps.begin, "stopping")
        stack.enter_context(advising(options.data))
        await booth.wait_for(Phase.READY, FIRST_RENDER_LIMIT_S, lambda state: _show_preparing(state, steps))
        steps.begin(_OVERLAY)
        live = await server.wait_up()
        await booth.wait_for_overlay(START_LIMIT_S)
        first_overlay_s = time.monotonic() - started
        await _watch_preview(steps)
        outcome, seconds = await _visit(options, settings, booth, steps)
        steps.end()
        show(outcome, console)
        _tell(console, f"first overlay after {first_overlay_s:.1f} s, visit complete after {seconds:.1f} s")
        if options.json_file is not None:
            options.json_file.write_text(json.dumps(outcome, indent=2))
        if not options.once:
            _print_addresses(settings, live, options, console)
            _tell(console, "Ctrl-C ends the demo.")
            await asyncio.Event().wait()
    return bool(outcome["ok"])


@contextlib.contextmanager
def advising(data: Path) -> Iterator[None]:
    """Lets `BoothTrouble` say what to do about it; `data` is the demo's folder."""
    try:
        yield
    except BoothTrouble as error:
        logs = f"{data / 'station.log'} and {data / 'server.log'}"
        raise BoothTrouble(
            f"{error}. See the ends of {logs}. A slow or busy computer needs longer: end other programs and start the "
            "demo again; what it has made so far stays"
        ) from error


@contextlib.asynccontextmanager
async def _booth(options: DemoOptions, server: RunningServer) -> AsyncIterator[BoothClient]:
    data = options.data / "station"
    settings = server.settings
    config = StationConfig.load(options.station_config)
    keys = open_keys(data / "keys")
    allow(settings.booths, config.booth_id, keys.public.decode())
    open_server_keys(settings.keys)
    since = time.time()
    arguments = [
        *("station", "--config", str(options.station_config), "--data", str(data)),
        *("--server", server.capture, "--server-key", str(settings.keys / "server.key"), "--kiosk-port", "0"),
    ]
    if options.once:
        arguments += ["--pace", "timed"]
    if options.seed is not None:
        arguments += ["--seed", str(options.seed)]
    log = options.data / "station.log"

    def up() -> dict[str, Any] | None:
        return read_announcement(data / "run" / "station.json", since)

    async with (
        program("booth", arguments, log, up, START_LIMIT_S) as told,
        BoothClient(told["kiosk"]) as client,
    ):
        yield client


def _show_preparing(state: BoothState, steps: Steps) -> None:
    """The first start renders the simulated subject."""
    if found := _PERCENT.search(state.problem):
        steps.show(_BOOTH, int(found[1]), 100)


async def _watch_preview(steps: Steps) -> None:
    steps.begin(_LIVE)
    ticks = round(LIVE_S / LOOK_S)
    for tick in range(ticks):
        steps.show(_LIVE, tick, ticks)
        await asyncio.sleep(LOOK_S)


async def _visit(
    options: DemoOptions, settings: ServerConfig, booth: BoothClient, steps: Steps
) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    study = await booth.start_visit(PATIENT)
    store = Store.open(settings.database_url)
    try:
        state = await _until_analysed(study, booth, store, steps)
        seconds = time.monotonic() - started
        triton_url = (addresses(settings.run, "triton") or {})["grpc"]
        async with TritonClient(triton_url) as triton:
            outcome = await collect(study, state, store, Archive(settings.archive.resolve()), triton)
        if options.send_to:
            await _send(study, options, store, steps, outcome)
    finally:
        await store.close()
    return outcome, seconds


async def _send(
    study: str, options: DemoOptions, store: Store, steps: Steps, outcome: dict[str, Any]
) -> None:
    """Wait until the visit has arrived everywhere; the outcome says so."""
    steps.begin(_SENDING)
    sent = await wait_until_sent(
        study,
        destinations_of(options.send_to),
        store,
        lambda ended, total: steps.show(_SENDING, ended, total or 1),
    )
    outcome["destinations"] = sent
    outcome["ok"] = outcome["ok"] and all(one["ok"] for one in sent)


async def _until_analysed(study: str, booth: BoothClient, store: Store, steps: Steps) -> BoothState:
    """The booth's state once the visit is closed and every step of every still has ended."""
    total = (await booth.state()).protocol.stills
    steps.begin(_SHOOTING, _ANALYSIS)
    deadline = time.monotonic() + VISIT_LIMIT_S
    while True:
        state = await booth.state()
        await booth.lead(state)
        work = await store.work(study)
        visit = state.visit
        taken = 0 if visit is None else sum(1 for still in visit.stills if still.sop_instance_uid)
        ended = sum(1 for status in work if status.state in (WorkState.DONE, WorkState.FAILED))
        given_up = any(status.state == WorkState.FAILED for status in work)
        steps.show(_SHOOTING, taken, total)
        steps.show(_ANALYSIS, ended, total * len(STEPS))
        closed = visit is not None and visit.closed and state.uplink.pending == 0
        if closed and (given_up or (ended == taken * len(STEPS))):
            return state
        if time.monotonic() > deadline:
            so_far = f"{taken} of {total} pictures taken, {ended} of {total * len(STEPS)} analysis steps done"
            raise BoothTrouble(f"the visit did not end within {VISIT_LIMIT_S:.0f} s: {so_far}")
        await asyncio.sleep(LOOK_S)


def _print_addresses(settings: ServerConfig, live: str, options: DemoOptions, console: Console) -> None:
    code = LoginCodes(Tokens.open(settings.keys)).new()
    kiosk = json.loads((options.data / "station" / "run" / "station.json").read_text())["kiosk"]
    _tell(console, f"kiosk    {kiosk}")
    _tell(console, f"viewer   {live}/#code={code}")
    _tell(console, f"         signs in once, within ten minutes; afterwards: {settings.keys / 'admin.token'}")


def _tell(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True, markup=False)
