"""Damaged pictures, DICOM files and configurations: refused with a sentence, whatever they hold.

Each kind runs in a child process with bounded memory, so that a crash is seen and not suffered.
"""

import asyncio
import random
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.prove.claims import Advance, Claim
from benchmarks.prove.mutations import damage, spoil
from dermabooth import resources
from dermabooth.photographs import read_photograph
from server.config import ServerConfig, read_profile
from server.dicom import encoded
from server.errors import BadImage
from server.errors import ConfigError as ServerConfigError
from server.inference import model_infos
from server.pipeline import Identity, ObjectMaker
from station.config import StationConfig
from station.errors import ConfigError as StationConfigError
from station.protocol import FrameHeader, Light, Patient, new_uid

MEMORY = 6 << 30
SLOW_S = 10.0
LONGEST_TEXT = 10_000
Trial = Callable[[random.Random, Path], str]


async def prove_files(kind: str, seconds: float, seed: int, advance: Advance) -> Claim:
    """Try one kind of file for so long."""
    started, trials, found = time.monotonic(), 0, []
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, kind, str(seed), str(seconds)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    async for line in child.stdout:
        number, _, problem = line.decode().strip().partition(" ")
        trials = int(number) + 1
        if problem:
            found.append(f"seed {seed}, trial {number}: {problem}")
        advance((time.monotonic() - started) / seconds)
    if code := await child.wait():
        found.append(f"seed {seed}, trial {trials}: the process ended with {code}")
    name = {"pictures": "a damaged picture or DICOM file is read or refused by name"}.get(
        kind, "a spoilt configuration is refused with a sentence"
    )
    return Claim(name, trials, time.monotonic() - started, tuple(found))


def _pictures() -> Trial:
    rng = np.random.default_rng(1)
    picture = np.asarray(cv2.resize(rng.integers(0, 256, (12, 16, 3), np.uint8), (160, 120)), np.uint8)
    whole = {
        suffix: cv2.imencode(suffix, picture)[1].tobytes()
        for suffix in (".jpg", ".png", ".tif", ".webp", ".bmp")
    }
    whole[".dcm"] = _dicom(picture)

    def trial(rng: random.Random, folder: Path) -> str:
        suffix = rng.choice(list(whole))
        path = folder / f"picture{rng.choice((suffix, suffix, '.jpg'))}"
        path.write_bytes(damage(whole[suffix], rng))
        try:
            found = read_photograph(path).srgb
        except BadImage as error:
            return "" if str(error) else "refused without a word"
        return "" if found.dtype == np.uint8 and found.ndim == 3 else f"read as {found.dtype} {found.shape}"

    return trial


def _dicom(picture: NDArray[np.uint8]) -> bytes:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    header = FrameHeader(frame_id=0, width=160, height=120, light=Light.WHITE, captured_at=at.timestamp())
    identity = Identity(
        patient=Patient(),
        study_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        sop_instance_uid=new_uid(),
        series_number=1,
        instance_number=1,
        header=header,
        study_at=at,
    )
    maker = ObjectMaker(model_infos(resources.triton_models()), "prove")
    return bytes(encoded(maker.photo(identity, picture, None)))


def _configs() -> Trial:
    source = resources.configs()
    files = sorted(path.relative_to(source) for path in source.rglob("*.toml"))

    def trial(rng: random.Random, folder: Path) -> str:
        copy = folder / "configs"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        victim = copy / rng.choice(files)
        victim.write_bytes(spoil(victim.read_text(), rng))
        try:
            _load(victim, copy)
        except (ServerConfigError, StationConfigError) as error:
            return "" if 0 < len(str(error)) < LONGEST_TEXT else f"a text of {len(str(error))} characters"
        return ""

    return trial


def _load(victim: Path, configs: Path) -> None:
    if victim.parent.name == "server":
        ServerConfig.load(victim)
    elif victim.parent.name == "quality":
        read_profile(victim)
    else:
        for station in sorted((configs / "station").glob("*.toml")):
            if victim.parent.name != "station" or station == victim:
                StationConfig.load(station)


TRIALS: dict[str, Callable[[], Trial]] = {"pictures": _pictures, "configs": _configs}


def _try(kind: str, seed: int, seconds: float) -> None:
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    cv2.setNumThreads(1)
    trial, end, number = TRIALS[kind](), time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as name:
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                problem = trial(random.Random(f"{seed}/{number}"), Path(name))
            except Exception as error:  # noqa: BLE001  whatever comes out is what is looked for
                problem = f"{type(error).__name__}: {error}"[:300].replace("\n", " ")
            if time.monotonic() - began > SLOW_S:
                problem = problem or f"took {time.monotonic() - began:.0f} s"
            print(number, problem, flush=True)
            number += 1


if __name__ == "__main__":
    _try(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
