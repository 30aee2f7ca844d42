"""`analyze` on one photograph, all files written, against what its models and the decoder take alone."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from dermabooth.commands.analyze import open_examiner
from dermabooth.photographs import read_photograph
from phantom import CameraModel, Identity, shade, trace
from server.analysis import find_face
from server.inference import TritonClient, chromophores, face_layers

GOAL = 2.0
WIDTH, HEIGHT = 1600, 1200
ROUNDS = 7

Row = dict[str, Any]


async def measure(triton_url: str) -> list[Row]:
    """One row; about 20 seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "photograph.jpg"
        Image.fromarray(_picture()).save(path, quality=92, subsampling=1)
        async with open_examiner(triton_url) as examiner, TritonClient(triton_url) as triton:
            whole, parts = [], []
            for turn in range(ROUNDS + 1):
                started = time.perf_counter()
                await examiner.examine(path, folder / str(turn))
                whole.append(time.perf_counter() - started)
                parts.append(await _parts(path, triton))
    # The first turn fills caches of libraries.
    alone = [statistics.median(turn[part] for turn in parts[1:]) for part in range(3)]
    ratio = statistics.median(time_ / sum(turn) for time_, turn in zip(whole[1:], parts[1:], strict=True))
    return [
        {
            "name": "analyze 1600x1200, all files written / its models and decoding alone",
            "value": round(ratio, 2),
            "unit": "ratio",
            "goal": f"<= {GOAL:g}",
            "met": ratio <= GOAL,
            "context": f"{1e3 * statistics.median(whole[1:]):.0f} ms against decoding {1e3 * alone[0]:.0f}, "
            f"face detector {1e3 * alone[1]:.0f} and Triton's models {1e3 * alone[2]:.0f} ms",
        }
    ]


async def _parts(path: Path, triton: TritonClient) -> tuple[float, float, float]:
    """Seconds of decoding, of the face detector and of the models."""
    started = time.perf_counter()
    srgb = read_photograph(path).srgb
    decoded = time.perf_counter()
    face = await asyncio.to_thread(find_face, srgb)
    found = time.perf_counter()
    assert face is not None
    box = (float(face.box.x), float(face.box.y), float(face.box.width), float(face.box.height))
    await chromophores(triton, srgb)
    await face_layers(triton, srgb, box)
    return decoded - started, found - decoded, time.perf_counter() - found


def _picture() -> Any:
    scene = shade(trace(Identity.sample(3, "light", demo=True), WIDTH // 2, HEIGHT // 2), "white")
    picture = CameraModel().expose(scene.linear, seed=3).srgb
    return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
