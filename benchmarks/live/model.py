"""A booth's live overlay: from frame taken to overlay back at the booth, against the model's own time."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from benchmarks.live import scene
from benchmarks.live.plane import live_plane
from benchmarks.live.split import Split
from server.access import Scope, Tokens
from server.inference import TritonClient
from server.live import Analyse, Latency, LiveAnalyst, LiveHub
from station.devices import LatestFrame
from station.protocol import Frame, FrameHeader, Overlay
from station.transport.webrtc import WebRtcPreviewSender

GOAL_MS = 30.0
"""The p95 may exceed the model's own time by this much."""
FPS = 15.0
SECONDS = 15.0
_WARM_UP_S = 3.0
_MODEL = "face_layers"  # does the work of the ensemble `live`
_ROOT = Path(__file__).parents[2]
_MODULE = "benchmarks.live.model"

Row = dict[str, Any]


class BoothRun(msgspec.Struct, frozen=True, kw_only=True):
    """What one booth saw after its first seconds."""

    seconds: float
    frames: int
    """Frames taken."""
    overlays: int
    p50_ms: float
    p95_ms: float
    """From frame taken to overlay back."""
    with_face: int
    """Overlays that show a face."""

    @property
    def rate(self) -> float:
        """Frames answered per second."""
        return self.overlays / self.seconds


async def run_booth(
    whip_url: str,
    token: str,
    *,
    seconds: float = SECONDS,
    fps: float = FPS,
    warm_up_s: float = _WARM_UP_S,
    counting: Callable[[], None] = lambda: None,
) -> BoothRun:
    """Run one booth with a 1280x720 preview in a process of its own; raises `RuntimeError` if it heard nothing.

    `counting` is called when its warm-up is over and every overlay counts.
    """
    arguments = [whip_url, token, str(seconds), str(fps), str(warm_up_s)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _MODULE, *arguments, cwd=_ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds + warm_up_s + 60):
            assert process.stdout is not None
            if await process.stdout.readline():
                counting()
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError("the booth of the benchmark failed")
    return msgspec.json.decode(said.splitlines()[-1], type=BoothRun)


async def measure(triton_url: str, *, seconds: float = SECONDS) -> list[Row]:
    """Rows for one 720p15 booth over WebRTC with the shipped `live` model in the Triton at `triton_url`."""
    async with (
        TritonClient(triton_url) as triton,
        LiveAnalyst(triton) as analyst,
        door(analyst) as (hub, *place),
    ):
        before = (await triton.statistics())[_MODEL]
        split = Split(_MODULE, 0.9 * seconds)
        run = await run_booth(*place, seconds=seconds, counting=split.begin)
        after = (await triton.statistics())[_MODEL]
        here = hub.state().booths[0].latency_ms
    count = after.inference_count - before.inference_count
    model_ms = 1000 * (after.compute_s - before.compute_s) / max(count, 1)
    return _rows(run, model_ms, here, split.text)


def _rows(run: BoothRun, model_ms: float, here: Latency, cores: str) -> list[Row]:
    """`here` is the latency at the server, `cores` what of a core each took."""
    own = run.p95_ms - model_ms
    context = (
        f"{scene.WIDTH}x{scene.HEIGHT} at {FPS:g} frames/s, VP8 over WebRTC, loopback, {run.overlays} overlays "
        f"({run.with_face} with a face); p50 {run.p50_ms:.1f} ms, p95 {run.p95_ms:.1f} ms, of which at the server, from a frame's "
        f"last packet to its overlay sent, {here.p50:.1f} and {here.p95:.1f} ms, model {model_ms:.1f} ms; "
        f"of a core each: {cores}"
    )
    return [
        {
            "name": "live overlay, frame taken to overlay back, p95 beyond the model's own time",
            "value": round(own, 1),
            "unit": "ms",
            "goal": f"<= {GOAL_MS:g}",
            "met": own <= GOAL_MS,
            "context": context,
        },
        {
            "name": "live frames answered",
            "value": round(run.rate, 1),
            "unit": "1/s",
            "goal": None,
            "met": None,
            "context": context,
        },
    ]


@contextlib.asynccontextmanager
async def door(analyse: Analyse) -> AsyncIterator[tuple[LiveHub, str, str]]:
    """A live plane on loopback, in this process, with WHIP address and token of its booth."""
    with tempfile.TemporaryDirectory() as name:
        keys = Path(name)
        token = Tokens.open(keys).issue("bench", [Scope.PUBLISH])
        async with live_plane(analyse, keys) as (hub, url):
            yield hub, f"{url}/whip/bench", token


class _Watch:
    """Remembers when frames were taken and what their overlays took."""

    def __init__(self) -> None:
        self.taken: dict[int, float] = {}
        self.latencies_ms: list[float] = []
        self.with_face = 0
        self.counting = False
        self.frames = 0

    def film(self, frame_id: int) -> None:
        self.taken[frame_id] = time.perf_counter()
        self.frames += self.counting
        self.taken.pop(frame_id - 300, None)

    def hear(self, overlay: Overlay) -> None:
        taken = self.taken.pop(overlay.frame_id, None)
        if taken is not None and self.counting:
            self.latencies_ms.append((time.perf_counter() - taken) * 1000)
            self.with_face += bool(overlay.faces)


async def _film(source: LatestFrame, watch: _Watch, fps: float) -> None:
    """Show a moving face; a frame counts as taken when its pixels are there."""
    pictures = scene.movement()
    started, number = time.perf_counter(), 0
    while True:
        await asyncio.sleep(max(0.0, started + number / fps - time.perf_counter()))
        header = FrameHeader(frame_id=number, width=scene.WIDTH, height=scene.HEIGHT, captured_at=time.time())
        watch.film(number)
        source.put(Frame(header, pictures[number % len(pictures)]))
        number += 1


async def _booth(url: str, token: str, seconds: float, fps: float, warm_up_s: float) -> BoothRun:
    source, watch = LatestFrame(), _Watch()
    filming = asyncio.create_task(_film(source, watch, fps))
    async with WebRtcPreviewSender(url, token, source, on_overlay=watch.hear) as sender:
        async with asyncio.timeout(30):
            while sender.stats.answered == 0:
                await asyncio.sleep(0.05)
        await asyncio.sleep(warm_up_s)
        watch.counting = True
        print("counting", flush=True)
        await asyncio.sleep(seconds)
        watch.counting = False
    filming.cancel()
    await asyncio.wait({filming})
    p50, p95 = np.percentile(watch.latencies_ms, [50, 95]) if watch.latencies_ms else (np.nan, np.nan)
    return BoothRun(
        seconds=seconds,
        frames=watch.frames,
        overlays=len(watch.latencies_ms),
        p50_ms=float(p50),
        p95_ms=float(p95),
        with_face=watch.with_face,
    )


if __name__ == "__main__":
    cv2.setNumThreads(1)
    _url, _token, _seconds, _fps, _warm_up = sys.argv[1:]
    _run = asyncio.run(_booth(_url, _token, float(_seconds), float(_fps), float(_warm_up)))
    print(json.dumps(msgspec.to_builtins(_run)))
