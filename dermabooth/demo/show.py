"""The demo from start to end."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dermabooth import resources
from dermabooth.commands.booth import allow
from dermabooth.demo.booth import BoothClient, BoothTrouble
from dermabooth.demo.outcome import collect, show
from dermabooth.demo.processes import program, read_announcement
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
    with _progress(console) as progress:
        async with contextlib.AsyncExitStack() as stack:
            task = progress.add_task("starting server and Triton", total=None)
            settings, live = await stack.enter_async_context(_server(options))
            progress.update(task, description="starting booth (the first start renders its subject)")
            booth = await stack.enter_async_context(_booth(options, settings))
            await booth.wait_for(Phase.READY, FIRST_RENDER_LIMIT_S)
            progress.update(task, description="waiting for the first overlay")
            await booth.wait_for_overlay(START_LIMIT_S)
            console.print(
                f"first overlay {time.monotonic() - started:.1f} s after the start", highlight=False
            )
            await asyncio.sleep(LIVE_S)
            outcome, seconds = await _visit(options, settings, booth, progress)
            progress.stop()
            show(outcome, seconds, console)
            _print_addresses(settings, live, options, console)
            if options.json_file is not None:
                options.json_file.write_text(json.dumps(outcome, indent=2))
            if not options.once:
                console.print("Ctrl-C ends the demo.")
                await asyncio.Event().wait()
    return bool(outcome["ok"])


@contextlib.asynccontextmanager
async def _server(options: DemoOptions) -> AsyncIterator[tuple[ServerConfig, str]]:
    data = options.data / "server"
    settings = ServerConfig.load(data=data)
    since = time.time()
    arguments = ["server", "--data", str(data), "--http", "127.0.0.1:0", "--capture", "tcp://127.0.0.1:*"]

    def up() -> dict[str, Any] | None:
        """Both processes, of this run."""
        told = [read_announcement(settings.run / f"{role}.json", since) for role in ("live", "work")]
        return told[0] if all(told) else None

    async with program("server", arguments, options.data / "server.log", up, START_LIMIT_S) as live:
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


async def _visit(
    options: DemoOptions, settings: ServerConfig, booth: BoothClient, progress: Progress
) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    study = await booth.start_visit(PATIENT)
    store = Store.open(settings.database_url)
    try:
        state = await _until_analysed(study, booth, store, progress)
        triton_url = (addresses(settings.run, "triton") or {})["grpc"]
        async with TritonClient(triton_url) as triton:
            taken = sum(1 for still in (state.visit.stills if state.visit else ()) if still.sop_instance_uid)
            outcome = await collect(study, taken, state, store, Archive(settings.archive), triton)
    finally:
        await store.close()
    return outcome, time.monotonic() - started


async def _until_analysed(study: str, booth: BoothClient, store: Store, progress: Progress) -> BoothState:
    """The booth's state once the visit is closed and every step of every still has ended."""
    state = await booth.state()
    total = state.protocol.stills
    shooting = progress.add_task("stills taken", total=total)
    analysing = progress.add_task("analysis steps", total=total * len(STEPS))
    deadline = time.monotonic() + VISIT_LIMIT_S
    while True:
        state = await booth.state()
        work = await store.work(study)
        visit = state.visit
        taken = 0 if visit is None else sum(1 for still in visit.stills if still.sop_instance_uid)
        ended = sum(1 for status in work if status.state in (WorkState.DONE, WorkState.FAILED))
        given_up = any(status.state == WorkState.FAILED for status in work)
        progress.update(shooting, completed=taken)
        progress.update(analysing, completed=ended)
        closed = visit is not None and visit.closed and state.uplink.pending == 0
        if closed and (given_up or (ended == taken * len(STEPS))):
            return state
        if time.monotonic() > deadline:
            raise BoothTrouble(f"the visit did not end within {VISIT_LIMIT_S:.0f} s")
        await asyncio.sleep(0.2)


def _print_addresses(settings: ServerConfig, live: str, options: DemoOptions, console: Console) -> None:
    code = LoginCodes(Tokens.open(settings.keys)).new()
    kiosk = json.loads((options.data / "station" / "run" / "station.json").read_text())["kiosk"]
    console.print(f"kiosk   {kiosk}", highlight=False, soft_wrap=True)
    console.print(f"viewer  {live}/#code={code}", highlight=False, soft_wrap=True)


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description:<48}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def default_station_config() -> Path:
    """The simulated booth."""
    return resources.configs() / "station" / "sim.toml"
