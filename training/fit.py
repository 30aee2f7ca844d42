"""Trains the network of a recipe: AdamW, its stages one after another, resumable at any moment.

The same seed, data and images give the same run, interrupted or not: what comes when is a function of the
position, and each step draws its random numbers from seed and step. Under `minutes` the speed of the machine
decides where stages end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from pathlib import Path

import torch

from training import checkpoint, order, plan
from training.checkpoint import Checkpoint, Settings
from training.progress import Journal, Listener, unheard
from training.recipe import Recipe, Stage
from training.run import Run

JOURNAL = "log.jsonl"


def fit(
    recipe: Recipe,
    *,
    folder: Path,
    width: float | None = None,
    data: Path | None = None,
    seed: int = 0,
    init: Path | None = None,
    images: int | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
    workers: int = 0,
    threads: int = 1,
    resume: bool = True,
    progress: Listener = unheard,
) -> Path:
    """Train and return the checkpoint file in `folder`, beside which `log.jsonl` tells how it went.

    `images` is the total of all stages, divided as the recipe divides its own. `epochs` counts passes over the
    folder `data`, or of the recipe's own number of images without one. `minutes` is a limit: stages and learning
    rate then follow the clock where it is ahead of the images. `init` is a state dict (see
    `checkpoint.initialise`). It computes on the GPU where there is one, else on the CPU with `threads` threads.
    A checkpoint of the same settings in `folder` is resumed, a finished one returned as it is; ValueError if
    the settings differ, and `resume` False starts anew.
    """
    width = recipe.default_width if width is None else width
    planned = plan.Plan(_stages(recipe, data, seed, images, epochs), minutes, recipe.schedule)
    settings = _settings(recipe, planned, width, seed, data, init)
    former = _former(folder, settings) if resume else None
    if former is not None and former.done:
        return folder / checkpoint.FILE
    folder.mkdir(parents=True, exist_ok=True)
    with _threads(threads):
        torch.manual_seed(seed)
        network = recipe.network(width)
        taken = checkpoint.initialise(network, init) if init and former is None else ""
        run = Run(recipe, network, planned, settings, _device(), folder, progress, Journal(folder / JOURNAL))
        run.begin(former, taken)
        return run.train(data, workers=workers)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _settings(
    recipe: Recipe, planned: plan.Plan, width: float, seed: int, data: Path | None, init: Path | None
) -> Settings:
    return Settings(
        recipe=recipe.name,
        width=width,
        seed=seed,
        data=str(data) if data else "phantom",
        batch_size=recipe.batch_size,
        stages=tuple((s.name, s.images, s.learning_rate, s.augmented) for s in planned.stages),
        minutes=planned.minutes,
        init=str(init or ""),
    )


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """PyTorch computes on that many threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _stages(
    recipe: Recipe, data: Path | None, seed: int, images: int | None, epochs: float | None
) -> tuple[Stage, ...]:
    """The recipe's stages with the images asked for."""
    if images is not None and epochs is not None:
        raise ValueError("give images or epochs, not both")
    total = sum(stage.images for stage in recipe.stages)
    if epochs is not None:
        one = total if data is None else order.length(recipe.dataset("train", recipe.stages[0], seed, data))
        images = round(epochs * one)
    if images is not None and images < 1:
        raise ValueError("at least one image is needed")
    counts = plan.shares(recipe.stages, images or total)
    return plan.scaled(recipe.stages, counts, recipe.batch_size)


def _former(folder: Path, settings: Settings) -> Checkpoint | None:
    """The checkpoint to resume from; ValueError if it is of other settings."""
    if not (folder / checkpoint.FILE).exists():
        return None
    former = checkpoint.load(folder)
    differing = _differing(former.settings, settings)
    if differing:
        told = ", ".join(f"{name} {was!r} there and {now!r} now" for name, (was, now) in differing.items())
        raise ValueError(
            f"{folder}: holds a run of other settings ({told}); use another folder or start anew"
        )
    return former


def _differing(was: Settings, now: Settings) -> Mapping[str, tuple[object, object]]:
    names = Settings.__dataclass_fields__
    pairs = zip(names, astuple(was), astuple(now), strict=True)
    return {name: (one, other) for name, one, other in pairs if one != other}
