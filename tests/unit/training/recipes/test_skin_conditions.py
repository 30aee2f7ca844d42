"""The recipe of `skin_conditions`: its examples, its loss, what is served."""

import numpy as np
import pytest
import torch

from phantom.swatch import CONDITIONS, Law, swatch
from training import order
from training.datasets.swatches import CELL, ConditionSwatches, places
from training.networks.cam import activation_maps
from training.recipes.skin_conditions import (
    MAP_SIDE,
    SIDE,
    Labelled,
    SkinConditions,
    SkinConditionsNetwork,
    overlaid,
)

pytestmark = pytest.mark.unit


def test_examples_say_what_is_there_and_where() -> None:
    examples = [ConditionSwatches("train", 0, side=96)[index] for index in range(16)]
    present = np.stack([each["conditions"] for each in examples])
    assert present.any(0).all()
    assert (present == 0).any(0).all()
    for each in examples:
        assert each["places"].shape == (len(CONDITIONS), 96 // CELL, 96 // CELL)
        assert not each["places"][each["conditions"] == 0].any()
    again = ConditionSwatches("train", 0, side=96)[5]
    assert all(np.array_equal(examples[5][name], again[name]) for name in again)


def test_places_are_those_of_the_lesions() -> None:
    skin = swatch(
        4, Law.training(), side=96, px_per_mm=6, conditions={"lentigo", "dryness"}, lights=("white",)
    )
    shown = places(skin)
    assert shown[CONDITIONS.index("dryness")].all()
    spots = skin.masks[0].reshape(96 // CELL, CELL, 96 // CELL, CELL).max((1, 3))
    assert (shown[CONDITIONS.index("lentigo")] <= spots + 1).all()
    assert shown[CONDITIONS.index("lentigo")].any() == spots.any()
    assert not shown[CONDITIONS.index("melasma")].any()


def test_augmented_examples_keep_their_labels() -> None:
    plain, varied = (ConditionSwatches("train", 0, side=96, augmented=each)[7] for each in (False, True))
    assert np.array_equal(plain["conditions"], varied["conditions"])
    assert np.array_equal(plain["places"].any((1, 2)), varied["places"].any((1, 2)))
    assert not np.array_equal(plain["image"], varied["image"])


def test_a_second_skin_brings_its_conditions() -> None:
    torch.manual_seed(1)
    present, shown = torch.zeros(64, 8), torch.zeros(64, 8, 2, 2)
    present[::2, 3], shown[::2, 3, 0] = 1, 1
    made = overlaid(Labelled(torch.rand(64, 3, 16, 16), present, shown))
    brought = made.conditions[1::2, 3] > 0
    assert 3 < int(brought.sum()) < 16
    assert torch.equal(made.places[1::2][brought][:, 3, 1], torch.ones(int(brought.sum()), 2))
    assert not made.places[1::2][~brought].any()
    assert torch.equal(made.conditions[::2], present[::2])


def test_the_map_is_grad_cam_of_the_pooled_scores() -> None:
    torch.manual_seed(2)
    network = SkinConditions().network(0.0625).eval()
    assert isinstance(network, SkinConditionsNetwork)
    features = torch.rand(1, network.vgg.classifier.in_features, 5, 5, requires_grad=True)
    logits, _ = network.judged(features)
    (slope,) = torch.autograd.grad(logits[0, 3], features)
    by_gradient = torch.relu((slope.mean((2, 3), keepdim=True) * features).sum(1))
    forward = activation_maps(features, network.vgg.classifier.weight)[:, 3]
    assert torch.allclose(by_gradient, forward, atol=1e-6)


def test_the_loss_falls() -> None:
    recipe = SkinConditions()
    batch = order.first(ConditionSwatches("train", 0, side=64), 4, 4)[0]
    torch.manual_seed(0)
    network = recipe.network(0.0625)
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    losses = []
    for _ in range(12):
        loss, _ = recipe.loss(network.train(), batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]
    assert set(recipe.check(network.eval(), batch)) == {"right", "f1"}


def test_what_is_served() -> None:
    recipe = SkinConditions()
    served = recipe.served(recipe.network(0.0625))
    image = torch.randint(0, 255, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    with torch.no_grad():
        probability, heatmap = served.module(image)
    assert probability.shape == (2, 8)
    assert float(probability.min()) >= 0
    assert float(probability.max()) <= 1
    assert heatmap.shape == (2, 8, MAP_SIDE, MAP_SIDE)
    assert heatmap.dtype == torch.uint8
    assert served.metadata["conditions"].split(",") == list(CONDITIONS)
