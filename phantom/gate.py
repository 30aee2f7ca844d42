"""`python -m phantom.gate`: do frontal renders count as faces for scikit-image's bundled LBP cascade?

A render passes when exactly one face is found (boxes whose centres lie within half a width of each other are one) and its
box has an intersection over union of at least 0.6 with the true one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray
from skimage.feature import Cascade

from phantom.camera import CameraModel
from phantom.identity import Identity, Pose
from phantom.scene import Box
from phantom.shade import shade
from phantom.spectral import ITA_CLASSES
from phantom.trace import trace

WIDTH, HEIGHT = 450, 550
MIN_IOU, MIN_SHARE = 0.6, 0.95
YAW_SD_DEG = 5.0


@dataclass(frozen=True)
class Verdict:
    """One render: how many faces the cascade found, and the best overlap with the true box."""

    seed: int
    ita_class: str
    faces: int
    iou: float
    style: str
    glasses: bool
    beard: str

    @property
    def passed(self) -> bool:
        """Exactly one face, in the right place."""
        return self.faces == 1 and self.iou >= MIN_IOU


@lru_cache(maxsize=1)
def _cascade() -> Any:
    return Cascade(skimage.data.lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]


def detect(srgb: NDArray[np.uint8]) -> list[Box]:
    """Faces (x, y, w, h) in an sRGB picture, largest first, near-duplicates merged."""
    height, width = srgb.shape[:2]
    short = min(height, width)
    found = _cascade().detect_multi_scale(
        img=srgb, scale_factor=1.2, step_ratio=1, min_size=(int(short * 0.2),) * 2, max_size=(short, short)
    )
    boxes = sorted(((d["c"], d["r"], d["width"], d["height"]) for d in found), key=lambda b: -b[2])
    kept: list[Box] = []
    for box in boxes:
        if not any(_same(box, other) for other in kept):
            kept.append(box)
    return kept


def _same(a: Box, b: Box) -> bool:
    apart = (abs(a[0] + a[2] / 2 - b[0] - b[2] / 2), abs(a[1] + a[3] / 2 - b[1] - b[3] / 2))
    return max(apart) < 0.5 * b[2]


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    w = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    h = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)


def render(seed: int, ita_class: str) -> tuple[NDArray[np.uint8], Box, Identity]:
    """The frontal render of a seed, its true box and its person."""
    person = Identity.sample(seed, ita_class)
    rng = np.random.default_rng([seed, 96])
    pose = Pose(float(rng.normal(0, YAW_SD_DEG)), float(rng.normal(0, 2.5)), float(rng.normal(0, 2)))
    geometry = trace(person, WIDTH, HEIGHT, pose, px_per_mm=float(rng.uniform(1.4, 1.9)))
    picture = CameraModel(exposure=float(rng.uniform(-0.15, 0.15))).expose(shade(geometry).linear, seed)
    return picture.srgb, geometry.box, person


def judge(seed: int, ita_class: str) -> Verdict:
    """Render a seed and put it to the cascade."""
    srgb, truth, p = render(seed, ita_class)
    boxes = detect(srgb)
    best = max((overlap(box, truth) for box in boxes), default=0.0)
    return Verdict(seed, ita_class, len(boxes), best, p.hair_style, p.glasses, p.beard)


def run(
    per_class: int,
    first_seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    jobs: int = 1,
) -> list[Verdict]:
    """Verdicts on `per_class` seeds of every ITA class, by `jobs` processes."""
    total = per_class * len(ITA_CLASSES)
    seeds = range(first_seed, first_seed + total)
    classes = [ITA_CLASSES[index % len(ITA_CLASSES)] for index in range(total)]
    if jobs == 1:
        return list(_watched(map(judge, seeds, classes), total, progress))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(_watched(pool.map(judge, seeds, classes), total, progress))


def _watched(
    verdicts: Iterable[Verdict], total: int, progress: Callable[[int, int], None] | None
) -> Iterator[Verdict]:
    for done, verdict in enumerate(verdicts, 1):
        if progress is not None:
            progress(done, total)
        yield verdict


def table(verdicts: Iterable[Verdict]) -> str:
    """Pass rates by class, as text."""
    verdicts = list(verdicts)
    lines = [f"{'class':<14}{'n':>5}{'one face':>10}{'passed':>9}{'IoU mean':>10}{'min':>7}"]
    for name in (*ITA_CLASSES, "all"):
        group = [v for v in verdicts if name in (v.ita_class, "all")]
        if not group:
            continue
        iou = [v.iou for v in group if v.faces]
        one, passed = np.mean([v.faces == 1 for v in group]), np.mean([v.passed for v in group])
        lines.append(
            f"{name:<14}{len(group):>5}{one:>10.1%}{passed:>9.1%}{np.mean(iou or [0]):>10.2f}{min(iou, default=0):>7.2f}"
        )
    return "\n".join(lines)


def _missed(v: Verdict) -> str:
    worn = f"{v.style}, beard {v.beard}, glasses {v.glasses}"
    return f"  seed {v.seed} {v.ita_class}: {v.faces} faces, IoU {v.iou:.2f}, {worn}"


def _bar(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done}/{total}" + ("\n" if done == total else ""))
    sys.stderr.flush()


def main(argv: list[str] | None = None) -> int:
    """Run the gate; exit 0 when at least 95 % pass."""
    parser = argparse.ArgumentParser(prog="python -m phantom.gate", description=__doc__)
    parser.add_argument("--per-class", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="write every verdict to this file")
    options = parser.parse_args(argv)
    verdicts = run(options.per_class, options.first_seed, _bar, options.jobs)
    share = float(np.mean([v.passed for v in verdicts]))
    lines = [
        table(verdicts),
        f"passed: {share:.1%} (goal {MIN_SHARE:.0%})",
        *(_missed(v) for v in verdicts if not v.passed),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if options.json is not None:
        options.json.write_text(
            json.dumps(
                {"passed": share, "goal": MIN_SHARE, "renders": [asdict(v) for v in verdicts]}, indent=1
            )
        )
    return 0 if share >= MIN_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
