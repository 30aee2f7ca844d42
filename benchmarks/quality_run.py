"""The exam of capture quality over people: in several processes, and where it ended the next one goes on."""

import hashlib
import multiprocessing
import time
import tomllib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import msgspec
import numpy as np

from benchmarks.quality_booth import BOOTH_FAULTS, TRACED
from benchmarks.quality_faults import FAULTS
from benchmarks.quality_phantom import Head, Plane, Shot, blob, person
from benchmarks.quality_portraits import try_all
from benchmarks.quality_tables import Outcome
from benchmarks.quality_trials import RECIPE, Fault, Trial, draw_size, try_fault
from dermabooth import resources
from phantom import ITA_CLASSES
from station.protocol import Verdict
from station.quality import QualityProfile, examine, load_profile

TONES: Final = "tones"
FAULT_PEOPLE: Final = 17
"""People, the first ones, whose pictures are spoilt by faults; all are compared by tone."""
PICTURES: Final = 8
"""Of each person and tone, whose pass rate is compared."""
_ROOT: Final = Path(__file__).parents[1]
_SOURCES: Final = (
    "station/quality/*.py",
    "station/geometry/*.py",
    "phantom/*.py",
    "benchmarks/quality_[bfprt]*.py",
    "configs/quality/normal.toml",
    "triton_models/skin_segmenter/*/model.onnx",
)

Advance = Callable[[float], None]


GROUPS: Final[dict[str, tuple[Fault, ...]]] = {
    "pixels": tuple(fault for fault in FAULTS if fault.measure not in ("head_pose", "pose_change")),
    "pose": tuple(fault for fault in FAULTS if fault.measure in ("head_pose", "pose_change")),
    "booth": tuple(fault for fault in BOOTH_FAULTS if fault not in TRACED),
    "traced": TRACED,
    TONES: (),
}
"""Faults that are tried together, in the order of the exam; last the pictures that are compared by tone."""


class Part(NamedTuple):
    """One group of faults, or the comparison of tones, for one person."""

    group: str
    number: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one person of the exam goes through."""

    tones: tuple[str, ...] = ITA_CLASSES
    fault_people: int = FAULT_PEOPLE
    each: int = 1
    """Pictures of each fault, person and tone."""
    pictures: int = PICTURES

    @classmethod
    def of(cls, people: int, trials: int, tones: tuple[str, ...], pictures: int) -> "Plan":
        """`trials` or a few more pictures of every fault."""
        fault_people = min(people, FAULT_PEOPLE)
        each = -(-trials // (fault_people * len(tones)))
        return cls(tones=tones, fault_people=fault_people, each=each, pictures=pictures)

    def parts(self, people: int) -> list[Part]:
        """Everything to do, in order."""
        return [
            Part(group, number)
            for group in GROUPS
            for number in range(people if group == TONES else self.fault_people)
        ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one part gave."""

    part: Part
    sources: str
    """Digest of everything that it depends on."""
    trials: tuple[Trial, ...] = ()
    passed: dict[str, tuple[bool, ...]] = {}


def run(
    people: int,
    trials: int,
    *,
    tones: tuple[str, ...] = ITA_CLASSES,
    pictures: int = PICTURES,
    portraits: bool = False,
    advance: Advance = lambda share: None,
    jobs: int = 1,
    kept: Path | None = None,
    minutes: float = float("inf"),
    again: Collection[str] = (),
) -> Outcome:
    """The exam of so many phantom people, in every tone; with fixed seeds, so that the number of processes is nothing to it.

    `kept` is a file to which every answer goes at once; those of an earlier run by the same sources are taken from it, but
    for the groups to try `again`, with which those of other sources are taken too. After so many `minutes` nothing more is
    begun.
    """
    plan = Plan.of(people, trials, tones, pictures)
    answers, parts = _known(kept, plan, again), plan.parts(people)
    missing = [part for part in parts if part not in answers]
    ends = time.monotonic() + 60 * minutes
    with _answered(plan, missing, jobs, ends) as coming:
        for answer in coming:
            answers[answer.part] = answer
            _keep(kept, answer)
            advance(len(answers) / len(parts))
    outcome = _outcome([answers[part] for part in parts if part in answers], tones)
    if portraits:
        outcome.portraits, outcome.tried = try_all(normal_profile())
    return outcome


def _outcome(answers: list[Answer], tones: tuple[str, ...]) -> Outcome:
    people = {
        group: {answer.part.number for answer in answers if answer.part.group == group} for group in GROUPS
    }
    outcome = Outcome(
        people=max(map(len, people.values())),
        profile=normal_profile().version,
        passed={tone: [] for tone in tones},
        compared=len(people[TONES]),
    )
    for answer in answers:
        outcome.trials += answer.trials
        for tone, passes in answer.passed.items():
            outcome.passed[tone] += passes
    return outcome


def normal_profile() -> QualityProfile:
    """The profile whose limits the exam holds faults against."""
    with (resources.configs() / "quality" / "normal.toml").open("rb") as file:
        return load_profile(tomllib.load(file))


def examined(part: Part, plan: Plan) -> Answer:
    """One person through one part of it."""
    profile, same = normal_profile(), person(part.number, plan.tones)
    if part.group == TONES:
        passed = {
            head.tone: tuple(
                _passes(head, profile, [part.number, picture, 29]) for picture in range(plan.pictures)
            )
            for head in same
        }
        return Answer(part=part, sources=_sources(), passed=passed)
    rng = np.random.default_rng([part.number, 17, *part.group.encode()])
    trials = [
        try_fault(
            fault,
            head,
            profile,
            draw_size(rng, found=bool((turn + part.number) % 2), largest=fault.largest),
            rng,
        )
        for head in same
        for fault in GROUPS[part.group]
        for turn in range(plan.each)
    ]
    return Answer(part=part, sources=_sources(), trials=tuple(trials))


def _passes(head: Head, profile: QualityProfile, seed: list[int]) -> bool:
    """Whether a picture passes, taken a little wrong in a way that the seed alone sets."""
    rng = np.random.default_rng(seed)
    shot = Shot(
        stops=rng.uniform(-0.7, 0.5),
        blur_px=rng.uniform(0.5, 1.1),
        full_well=float(np.exp(rng.uniform(np.log(2000), np.log(15000)))),
        balance=(1 + rng.uniform(-0.035, 0.035), 1.0, 1 + rng.uniform(-0.035, 0.035)),
    )
    zone = np.zeros(head.skin.shape, np.uint8)
    box = head.face.box
    centre = box.x + round(0.74 * box.width), box.y + round(0.64 * box.height)
    cv2.circle(zone, centre, round(0.12 * box.width), 255, -1)
    shine = blob(head, zone, rng.uniform(0, 0.12), 0.35)
    radiance: Plane = np.asarray(head.white.linear + shine[..., None], np.float32)
    frame = shot.take(head, radiance, int(rng.integers(1 << 31)))
    report = examine(frame, recipe=RECIPE, profile=profile, face=head.face, skin=head.skin)
    return report.verdict is Verdict.PASS


@contextmanager
def _answered(plan: Plan, parts: list[Part], jobs: int, ends: float) -> Iterator[Iterator[Answer]]:
    if jobs == 1 or len(parts) < 2:
        yield (examined(part, plan) for part in parts if time.monotonic() < ends)
        return
    cv2.setNumThreads(1)
    with multiprocessing.get_context("spawn").Pool(jobs, cv2.setNumThreads, (1,)) as pool:
        yield _bounded(pool.imap_unordered(partial(examined, plan=plan), parts), ends)


def _bounded(answers: Iterator[Answer], ends: float) -> Iterator[Answer]:
    for answer in answers:
        yield answer
        if time.monotonic() > ends:
            return


def _known(kept: Path | None, plan: Plan, again: Collection[str]) -> dict[Part, Answer]:
    """The answers of an earlier run; a file of another plan is begun anew."""
    if kept is None:
        return {}
    lines = kept.read_bytes().splitlines() if kept.exists() else []
    if not lines or msgspec.json.decode(lines[0], type=Plan) != plan:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.encode(plan) + b"\n")
        return {}
    found = {}
    for line in lines[1:]:
        try:
            answer = msgspec.json.decode(line, type=Answer)
        except msgspec.DecodeError:
            continue  # the last line of a run that was ended while it wrote
        if answer.part.group not in again and (again or answer.sources == _sources()):
            found[answer.part] = answer
    return found


def _keep(kept: Path | None, answer: Answer) -> None:
    if kept is not None:
        with kept.open("ab") as file:
            file.write(msgspec.json.encode(answer) + b"\n")


@lru_cache(maxsize=1)
def _sources() -> str:
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(_ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
