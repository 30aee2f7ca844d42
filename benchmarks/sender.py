"""A booth with the stills of one visit in its spool, a program of its own that sends them at a word."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dermabooth.commands.booth import allow
from dermabooth.demo.processes import read_announcement
from phantom import LIGHTS, NEUTRAL_TAB_REFLECTANCE, CameraModel, Identity, Scene, shade, trace
from server.config import ServerConfig
from server.ingest import open_server_keys
from station.protocol import (
    Box,
    Exposure,
    Frame,
    FrameHeader,
    Light,
    LightingRecipe,
    LightStep,
    NeutralTab,
    View,
    VisitClosed,
    VisitOpened,
    VisitProtocol,
    new_uid,
)
from station.still import TakenStill
from station.transport import Spool, ZeroMqUplink, load_key, open_keys

WIDTH, HEIGHT = 6000, 4000
SENDING = "sending"
VISITS: Mapping[str, tuple[Light, ...]] = {
    "four white": (Light.WHITE,) * 4,
    "every light": tuple(Light(light) for light in LIGHTS),
}
"""The lights of the stills, by the name of the visit."""
PACE_S = {"four white": None, "every light": 1.0}
"""Seconds between two exposures; None: all taken before the word."""
_REDUCED = {"four white": 8, "every light": 2}
"""How much smaller the phantom is traced than it is sent."""
_POLARISED_STOPS = 1.0
Pixels = NDArray[np.uint8]


async def prepare(folder: Path, settings: ServerConfig, visit: str) -> tuple[str, asyncio.subprocess.Process]:
    """The Study Instance UID of a visit of `VISITS`, and the booth that sends it at a word (`send`)."""
    allow(settings.booths, SENDING, open_keys(folder / "station").public.decode())
    open_server_keys(settings.keys)
    endpoint = (read_announcement(settings.run / "work.json", 0) or {})["capture"]
    sender = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.sender",
        str(folder),
        endpoint,
        str(settings.keys / "server.key"),
        visit,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert sender.stdout is not None
    study = (await sender.stdout.readline()).decode().strip()
    return study, sender


def send(sender: asyncio.subprocess.Process) -> None:
    """Say the word."""
    assert sender.stdin is not None
    sender.stdin.write(b"go\n")


async def exposed_at(sender: asyncio.subprocess.Process) -> float:
    """When the last exposure was handed to the uplink, Unix time."""
    assert sender.stdout is not None
    return float(await sender.stdout.readline())


async def stop(sender: asyncio.subprocess.Process) -> None:
    """End the booth, whether it has sent everything or not."""
    if sender.returncode is None:
        sender.kill()
    await sender.wait()


async def _be_the_sender(folder: Path, endpoint: str, server_key: Path, name: str) -> None:
    spool = Spool.open(folder / "spool")
    visit, frames = _visit(VISITS[name]), _exposures(name)
    await spool.open_visit(visit)
    if PACE_S[name] is None:
        await _shoot(spool, visit, frames, 0.0)
    else:
        frames = iter(list(frames))
    print(visit.study_instance_uid, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    uplink = ZeroMqUplink(
        endpoint,
        booth_id=SENDING,
        software="bench",
        keys=open_keys(folder / "station"),
        server_key=load_key(server_key),
        spool=spool,
        on_message=lambda _message: None,
    )
    async with uplink:
        if (pace_s := PACE_S[name]) is not None:
            await _shoot(spool, visit, frames, pace_s)
        print(time.time(), flush=True)
        while spool.pending():
            await asyncio.sleep(0.1)
    await spool.close()


async def _shoot(spool: Spool, visit: VisitOpened, frames: Iterator[Frame], pace_s: float) -> None:
    stills = []
    for number, frame in enumerate(frames, start=1):
        await asyncio.sleep(pace_s if number > 1 else 0.0)
        stills.append(await _take(spool, visit, number, frame))
    await spool.close_visit(
        VisitClosed(
            study_instance_uid=visit.study_instance_uid,
            closed_at=time.time(),
            stills=tuple(stills),
            complete=True,
        )
    )


def _visit(lights: tuple[Light, ...]) -> VisitOpened:
    steps = [
        LightStep(light=light, power=1.0, exposure=Exposure(time_s=0.01)) for light in dict.fromkeys(lights)
    ]
    recipe = LightingRecipe(name="bench", steps=tuple(steps))
    protocol = VisitProtocol(name="bench", views=(View.FRONT,), recipe=recipe)
    return VisitOpened(study_instance_uid=new_uid(), opened_at=time.time(), protocol=protocol)


async def _take(spool: Spool, visit: VisitOpened, number: int, frame: Frame) -> str:
    still = TakenStill(
        frame=frame,
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=visit.study_instance_uid,
        series_number=number,
        instance_number=1,
    )
    await spool.put(still)
    return still.sop_instance_uid


def _exposures(name: str) -> Iterator[Frame]:
    """The frames of a visit one after the other, for four of 24 MP are half a gigabyte."""
    factor = _REDUCED[name]
    geometry = trace(Identity.sample(3, "light", demo=True), WIDTH // factor, HEIGHT // factor)
    taken: tuple[Light, Frame] | None = None
    for light in VISITS[name]:
        if taken is None or taken[0] is not light:
            scene = shade(geometry, light.value)  # type: ignore[arg-type]
            taken = light, _frame(light, scene, factor)
        yield taken[1]


def _frame(light: Light, scene: Scene, factor: int) -> Frame:
    stops = 0.0 if light is Light.WHITE else _POLARISED_STOPS
    picture = CameraModel(exposure=stops).expose(scene.linear, seed=3).srgb
    large = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    header = FrameHeader(
        frame_id=1,
        width=WIDTH,
        height=HEIGHT,
        light=light,
        view=View.FRONT,
        captured_at=time.time(),
        px_per_mm=factor * scene.truth["px_per_mm"],
        neutral_tab=_tab(scene, factor),
    )
    return Frame(header, np.ascontiguousarray(large, np.uint8))


def _tab(scene: Scene, factor: int) -> NeutralTab | None:
    if scene.neutral_tab is None:
        return None
    x, y, width, height = (factor * side for side in scene.neutral_tab)
    return NeutralTab(Box(x, y, width, height), NEUTRAL_TAB_REFLECTANCE)


if __name__ == "__main__":
    folder, endpoint, key, name = sys.argv[1:]
    asyncio.run(_be_the_sender(Path(folder), endpoint, Path(key), name))
