"""The recipe of the skin segmenter on a few synthetic pictures."""

import numpy as np
import pytest
import torch

from phantom.landmarks import LANDMARKS
from phantom.portrait import IGNORE
from phantom.scene import PART, PARTS
from training.recipes.skin_segmenter import SERVED_SIDE, SkinSegmenter, places

pytestmark = pytest.mark.unit


def _batch(size: int = 2, side: int = 64) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(5)
    labels = np.zeros((size, side, side), np.uint8)
    labels[:, 16:48, 16:48] = PART["skin"]
    labels[:, 30:34, 20:40] = IGNORE
    image = rng.integers(0, 60, (size, side, side, 3), dtype=np.uint8)
    image[labels == PART["skin"]] += 120
    landmarks = np.full((size, len(LANDMARKS), 3), (0.5, 0.25, 1.0), np.float32)
    return {
        "image": torch.tensor(image),
        "labels": torch.tensor(labels),
        "landmarks": torch.tensor(landmarks),
    }


def test_a_few_steps_learn_a_square_and_its_landmarks() -> None:
    torch.manual_seed(0)
    recipe, batch = SkinSegmenter(), _batch(4)
    recipe.landmark_weight = 1.0
    network = recipe.network(0.125)
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    losses = []
    for _ in range(24):
        loss, parts = recipe.loss(network.train(), batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert set(parts) == {"skin", "parts", "landmarks", "seen"}
    assert losses[-1] < 0.6 * losses[0]
    with torch.no_grad():
        figures = recipe.check(network.train(), batch)
    assert figures["skin_dice"] > 0.8
    assert figures["landmark_error"] < 0.15


def test_pictures_without_a_face_have_a_loss() -> None:
    batch = _batch()
    batch["labels"][:], batch["landmarks"][:] = 0, 0
    loss, _ = SkinSegmenter().loss(SkinSegmenter().network(0.125).train(), batch)
    assert torch.isfinite(loss)


def test_ignored_pixels_do_not_count() -> None:
    torch.manual_seed(0)
    recipe, batch = SkinSegmenter(), _batch()
    network = recipe.network(0.125).eval()
    dice = recipe.check(network, batch)["skin_dice"]
    batch["labels"][batch["labels"] == IGNORE] = PART["skin"]
    assert recipe.check(network, batch)["skin_dice"] != dice


def test_soft_argmax_finds_a_peak_and_the_confidence_under_it() -> None:
    maps = torch.zeros(1, 16, 8, 10)
    maps[0, 3, 2, 7] = 50.0
    maps[0, 8 + 3] = -20.0
    maps[0, 8 + 3, 2, 7] = 20.0
    x, y, confidence = places(maps)[0, 3].tolist()
    assert (x, y) == pytest.approx((7.5 / 10, 2.5 / 8), abs=1e-4)
    assert confidence > 0.99


def test_what_is_served_follows_its_specs() -> None:
    recipe = SkinSegmenter()
    served = recipe.served(recipe.network(0.125).eval())
    image = torch.zeros(2, SERVED_SIDE, SERVED_SIDE, 3, dtype=torch.uint8)
    with torch.no_grad():
        outputs = served.module(image)
    for spec, output in zip(served.outputs, outputs, strict=True):
        assert output.numpy().dtype == spec.dtype
        assert output.shape == (2, *spec.shape)
    assert served.metadata["parts"].split(",") == list(PARTS)
    assert served.metadata["landmarks"].split(",") == list(LANDMARKS)


def test_the_shipped_width_fits_in_six_megabytes() -> None:
    recipe = SkinSegmenter()
    kept = [
        parameter.numel()
        for name, parameter in recipe.network(recipe.default_width).named_parameters()
        if "auxiliary" not in name
    ]
    assert 2 * sum(kept) < 6_000_000
