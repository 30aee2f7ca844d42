"""The kiosk's picture while a head is framed: frames that Chromium drew, with the overlay of each, and what the booth needs.

The booth is a program of its own with a simulated camera; overlays come over WebRTC from a live plane in this process
that answers every frame with the same face and maps, so that no model's time is in the figure.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import cv2
import msgspec
import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.async_api import Page, async_playwright

from benchmarks.live.model import door
from dermabooth import resources
from dermabooth.commands.booth import allow
from dermabooth.demo.processes import program, read_announcement
from server.ingest import Ingest, open_server_keys
from server.live import Analysis
from server.store import Archive, Store
from station.protocol import Box, Face, Layer, Welcome
from station.transport import open_keys

GOAL_FPS = 15.0
CAMERA_FPS = 20
WIDTH, HEIGHT = 1280, 720
SECONDS = 12.0
_WARM_UP_S = 3.0
_START_LIMIT_S = 120.0
_BOOTH = "bench"
_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]

_COUNT = """(canvas, seconds) => new Promise((done) => {
    let last = canvas.dataset.frame, drawn = 0, overlaid = 0, longest = 0, at = performance.now();
    const began = at;
    const look = (now) => {
        if (canvas.dataset.frame !== last) {
            last = canvas.dataset.frame;
            drawn += 1;
            overlaid += canvas.dataset.overlay === "true" ? 1 : 0;
            longest = Math.max(longest, now - at);
            at = now;
        }
        if (now - began < 1000 * seconds) {
            requestAnimationFrame(look);
        } else {
            done({ seconds: (now - began) / 1000, drawn, overlaid, longest_ms: longest });
        }
    };
    requestAnimationFrame(look);
})"""
"""Counts a frame when the browser is about to paint with another frame on the canvas than at the paint before."""

Row = dict[str, Any]
Picture = NDArray[np.uint8]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What the page drew."""

    seconds: float
    drawn: int
    overlaid: int
    longest_ms: float
    """Longest time that one frame stayed."""

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.drawn / self.seconds


async def measure() -> list[Row]:
    """Two rows; about 40 seconds, most of them to render the simulated subject and to start."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            door(_analyse) as (_, whip_url, token),
            _server(Path(folder), Welcome(server="bench", whip_url=whip_url, whip_token=token)) as endpoint,
            _booth(Path(folder), endpoint) as told,
            _page(str(told["kiosk"])) as page,
        ):
            await _frame_a_head(page)
            await asyncio.sleep(_WARM_UP_S)
            groups = _groups(int(told["pid"]))
            began, before = time.perf_counter(), [_cpu_s(group) for group in groups]
            canvas = page.locator("live-picture canvas.live")
            drawn = msgspec.convert(await canvas.evaluate(_COUNT, SECONDS), Drawn)
            elapsed = time.perf_counter() - began
            shares = [(_cpu_s(group) - spent) / elapsed for group, spent in zip(groups, before, strict=True)]
    return _rows(drawn, *shares)


def _rows(drawn: Drawn, booth: float, server: float, browser: float) -> list[Row]:
    setting = f"{WIDTH}x{HEIGHT}, simulated camera at {CAMERA_FPS} frames/s"
    return [
        {
            "name": "preview drawn on the kiosk's page with overlay, head being framed",
            "value": round(drawn.rate, 1),
            "unit": "1/s",
            "goal": f">= {GOAL_FPS:g}",
            "met": drawn.rate >= GOAL_FPS and drawn.overlaid >= 0.9 * drawn.drawn,
            "context": f"{setting}; Chromium painted {drawn.drawn} frames in {drawn.seconds:.0f} s, {drawn.overlaid} "
            f"with their overlay; longest stay {drawn.longest_ms:.0f} ms",
        },
        {
            "name": "the booth's program meanwhile",
            "value": round(100 * booth, 0),
            "unit": "% of a core",
            "goal": None,
            "met": None,
            "context": f"simulated camera, face, quality, JPEG, VP8; the live plane beside it took {100 * server:.0f} %, "
            f"Chromium {100 * browser:.0f} %, of {os.cpu_count()} cores",
        },
    ]


def _groups(booth: int) -> tuple[list[psutil.Process], list[psutil.Process], list[psutil.Process]]:
    """Booth, live plane and browser, which all run now and on."""
    station, itself = psutil.Process(booth), psutil.Process()
    stations = [station, *station.children(recursive=True)]
    return stations, [itself], [one for one in itself.children(recursive=True) if one not in stations]


def _cpu_s(group: list[psutil.Process]) -> float:
    """Processor time so far; what has ended counts no more."""
    total = 0.0
    for process in group:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


async def _analyse(_booth: str, rgb: Picture) -> Analysis:
    height, width = rgb.shape[:2]
    face = Face(box=Box(round(0.36 * width), round(0.2 * height), round(0.28 * width), round(0.62 * height)))
    skin = np.zeros((height, width), np.uint8)
    centre, axes = (width // 2, height // 2), (round(0.14 * width), round(0.32 * height))
    cv2.ellipse(skin, centre, axes, 0, 0, 360, (255,), cv2.FILLED)
    noise = np.random.default_rng(0).integers(0, 256, (45, 80), np.uint8)
    layers = {Layer.SKIN: skin, Layer.MELANIN: noise, Layer.REDNESS: noise, Layer.REFLECTION: noise}
    return Analysis(face, layers, 0.0)


@contextlib.asynccontextmanager
async def _server(folder: Path, welcome: Welcome) -> AsyncIterator[str]:
    """The endpoint of a server that sends the booth's preview to the live plane."""
    data = folder / "server"
    allow(data / "booths", _BOOTH, open_keys(folder / "booth" / "keys").public.decode())
    open_server_keys(data / "keys")
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}", steps=("held",))
    archive = Archive(data / "archive")
    try:
        async with Ingest(
            "tcp://127.0.0.1:*", data / "keys", data / "booths", store, archive, lambda _booth: welcome
        ) as ingest:
            yield ingest.endpoint
    finally:
        await store.close()


_BOOTH_TOML = f"""booth_id = "{_BOOTH}"
protocol = "{resources.configs()}/protocols/front.toml"
quality = "{resources.configs()}/quality/normal.toml"
[camera]
type = "sim"
seed = 2
width = 240
height = 160
preview_width = {WIDTH}
preview_height = {HEIGHT}
preview_fps = {CAMERA_FPS}
[lights]
type = "sim"
[visit]
pace = "guided"
auto_shoot_s = 0.0
"""


@contextlib.asynccontextmanager
async def _booth(folder: Path, endpoint: str) -> AsyncIterator[dict[str, Any]]:
    """What a simulated booth tells of itself, `kiosk` and `pid`; stills are small, for none is taken."""
    config, data, since = folder / "station.toml", folder / "booth", time.time()
    config.write_text(_BOOTH_TOML)
    arguments = [
        *("station", "--config", str(config), "--data", str(data), "--kiosk-port", "0"),
        *("--server", endpoint, "--server-key", str(folder / "server" / "keys" / "server.key")),
    ]

    def up() -> dict[str, Any] | None:
        return read_announcement(data / "run" / "station.json", since)

    async with program("booth", arguments, folder / "booth.log", up, _START_LIMIT_S) as told:
        yield cast(dict[str, Any], told)


@contextlib.asynccontextmanager
async def _page(address: str) -> AsyncIterator[Page]:
    if shutil.which(_CHROMIUM) is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(1000 * _START_LIMIT_S)
            await page.goto(address)
            yield page
        finally:
            await browser.close()


async def _frame_a_head(page: Page) -> None:
    """Begin a visit, and have every layer drawn over the head that is being framed."""
    await page.locator('start-screen [name="patient_id"]').fill("bench")
    await page.locator('start-screen [data-action="continue"]').click()
    await page.locator('preparation-screen [data-action="start"]:not([disabled])').click()
    await page.locator('framing-screen [data-fold="layers"] summary').click()
    for layer in ("skin", "melanin", "redness", "reflection"):
        switch = page.locator(f'framing-screen layer-panel [data-layer="{layer}"]')
        if await switch.get_attribute("aria-checked") != "true":
            await switch.click()
    await page.locator('live-picture canvas.live[data-overlay="true"]').wait_for()
