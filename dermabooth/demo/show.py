"""The demo from start to end."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from dermabooth import resources
from dermabooth.commands.booth import allow
from dermabooth.demo.booth import BoothClient, BoothTrouble
from dermabooth.demo.outcome import collect
from dermabooth.demo.processes import program, read_announcement
from dermabooth.demo.progress import Steps
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
START_LIMIT_S = 120.0
FIRST_RENDER_LIMIT_S = 300.0
VISIT_LIMIT_S = 600.0
LIVE_S = 5.0
"""How long the preview runs at least before the visit, so that its figures mean something."""
LOOK_S = 0.2
_PROCESSES = ("triton", "live", "work")
_SERVER, _BOOTH, _OVERLAY = "starting server and Triton", "starting booth", "waiting for the first overlay"
_LIVE, _SHOOTING, _ANALYSIS = "watching the live picture", "taking stills", "analysing stills"
_PERCENT = re.compile(r"(\d+)%")


@dataclass(frozen=True)
class DemoOptions:
    """What the demo is told."""

    data: Path
    once: bool
    json_file: Path | None
    station_config: Path
    seed: int | None


async def run_demo(options: DemoOptions, console: Console) -> bool:
    """Show a visit; with `once` return afterwards, else stay until cancelled. True: every still came through."""
    started = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        steps = stack.enter_context(Steps(console))
        steps.begin(_SERVER)
        settings, live = await stack.enter_async_context(_server(options, steps))
        steps.begin(_BOOTH)
        booth = await stack.enter_async_context(_booth(options, settings))
        stack.callback(steps.begin, "stopping")
        await booth.wait_for(Phase.READY, FIRST_RENDER_LIMIT_S, lambda state: _show_preparing(state, steps))
        steps.begin(_OVERLAY)
        await booth.wait_for_overlay(START_LIMIT_S)
        first_overlay_s = time.monotonic() - started
        await _watch_preview(steps)
        outcome, seconds = await _visit(options, settings, booth, steps)
        steps.end()
        show(outcome, console)
        _tell(console, f"first overlay after {first_overlay_s:.1f} s, visit complete after {seconds:.1f} s")
        _print_addresses(settings, live, options, console)
        if options.json_file is not None:
            options.json_file.write_text(json.dumps(outcome, indent=2))
        if not options.once:
            _tell(console, "Ctrl-C ends the demo.")
            await asyncio.Event().wait()
    return bool(outcome["ok"])


@contextlib.asynccontextmanager
async def _server(options: DemoOptions, steps: Steps) -> AsyncIterator[tuple[ServerConfig, str]]:
    data = options.data / "server"
    settings = ServerConfig.load(data=data)
    since = time.time()
    arguments = ["server", "--data", str(data), "--http", "127.0.0.1:0", "--capture", "tcp://127.0.0.1:*"]

    def up() -> dict[str, Any] | None:
        """All processes, of this run."""
        told = [read_announcement(settings.run / f"{role}.json", since) for role in _PROCESSES]
        steps.show(_SERVER, sum(1 for one in told if one), len(_PROCESSES))
        return told[_PROCESSES.index("live")] if all(told) else None

    log = options.data / "server.log"
    environment = {"DERMABOOTH_SERVER_TRITON__URL": "127.0.0.1:0"}
    async with program("server", arguments, log, up, START_LIMIT_S, environment) as live:
        yield settings, live["http"]


@contextlib.asynccontextmanager
async def _booth(options: DemoOptions, settings: ServerConfig) -> AsyncIterator[BoothClient]:
    data = options.data / "station"
    config = StationConfig.load(options.station_config)
    keys = open_keys(data / "keys")
    allow(settings.booths, config.booth_id, keys.public.decode())
    open_server_keys(settings.keys)
    capture = (addresses(settings.run, "work") or {})["capture"]
    since = time.time()
    arguments = [
        *("station", "--config", str(options.station_config), "--data", str(data)),
        *("--server", capture, "--server-key", str(settings.keys / "server.key"), "--kiosk-port", "0"),
    ]
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
    finally:
        await store.close()
    return outcome, seconds


async def _until_analysed(study: str, booth: BoothClient, store: Store, steps: Steps) -> BoothState:
    """The booth's state once the visit is closed and every step of every still has ended."""
    total = (await booth.state()).protocol.stills
    steps.begin(_SHOOTING, _ANALYSIS)
    deadline = time.monotonic() + VISIT_LIMIT_S
    while True:
        state = await booth.state()
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
            raise BoothTrouble(f"the visit did not end within {VISIT_LIMIT_S:.0f} s")
        await asyncio.sleep(LOOK_S)


def _print_addresses(settings: ServerConfig, live: str, options: DemoOptions, console: Console) -> None:
    code = LoginCodes(Tokens.open(settings.keys)).new()
    kiosk = json.loads((options.data / "station" / "run" / "station.json").read_text())["kiosk"]
    _tell(console, f"kiosk    {kiosk}")
    _tell(console, f"viewer   {live}/#code={code}")
    _tell(console, f"         signs in once, within ten minutes; afterwards: {settings.keys / 'admin.token'}")


def _tell(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True, markup=False)


def default_station_config() -> Path:
    """The simulated booth."""
    return resources.configs() / "station" / "sim.toml"
