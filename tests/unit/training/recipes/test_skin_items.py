"""The recipe of `skin_items`: what its network sees, its loss, its variation, what is served."""

import itertools

import numpy as np
import pytest
import torch

from training import order
from training.datasets.swatches import ItemSwatches
from training.recipe import Batch
from training.recipes import item_variation
from training.recipes.item_variation import Example, overlaid, turned, varied
from training.recipes.skin_items import FULL_SCALE, SkinItems, SkinItemsNetwork

pytestmark = pytest.mark.unit

SIDE = 64


def _batch(*, augmented: bool = False, count: int = 2) -> Batch:
    return order.first(ItemSwatches("train", 0, augmented=augmented, side=SIDE), count, count)[0]


def test_an_example_is_a_function_of_seed_and_index() -> None:
    one, again, other = (ItemSwatches("train", seed, side=SIDE)[3] for seed in (0, 0, 1))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["image"], other["image"])
    assert not np.array_equal(one["image"], ItemSwatches("check", 0, side=SIDE)[3]["image"])
    assert one["image"].shape == (SIDE, SIDE, 6)
    assert one["area"].shape == one["known"].shape == one["intensity"].shape == (4, SIDE, SIDE)


def test_exposure_and_balance_do_not_matter() -> None:
    linear = np.random.default_rng(1).uniform(0.15, 0.35, (1, 32, 32, 6))
    bright = linear * np.array([1.3, 1.3, 1.3, 1.2, 1.2, 1.2])
    one, other = (
        SkinItemsNetwork.prepared(
            torch.from_numpy(np.rint(255 * (1.055 * light ** (1 / 2.4) - 0.055)).astype(np.uint8))
        )
        for light in (linear, bright)
    )
    assert one.shape == (1, 8, 32, 32)
    assert torch.allclose(one, other, atol=0.06)


def test_comedones_weigh_more_and_faint_truth_nothing() -> None:
    recipe = SkinItems()
    torch.manual_seed(0)
    network = recipe.network(0.125)
    batch = dict(_batch())
    batch["known"] = torch.zeros_like(batch["known"])
    torch.manual_seed(0)
    _, parts = recipe.loss(network, batch)
    assert float(parts["entropy"]) == 0
    batch["known"] = torch.ones_like(batch["known"])
    batch["comedones"] = torch.zeros_like(batch["comedones"])
    losses = []
    for share in (0, 1):
        batch["comedones"] = torch.full_like(batch["comedones"], share)
        torch.manual_seed(0)
        losses.append(float(recipe.loss(network, batch)[1]["entropy"]))
    assert losses[1] > 1.5 * losses[0]


@pytest.mark.parametrize("augmented", [False, True])
def test_the_loss_falls(augmented: bool) -> None:
    recipe, batch = SkinItems(), _batch(augmented=augmented)
    torch.manual_seed(0)
    network = recipe.network(0.125)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(14):
        loss, _ = recipe.loss(network.train(), batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4])
    figures = recipe.check(network.eval(), batch)
    assert set(figures) >= {"melanin", "trouble", "wrinkle", "pore"}
    assert all(np.isfinite(each) for each in figures.values())


def test_a_turn_takes_picture_and_truth_along() -> None:
    base = torch.arange(64.0).reshape(1, 1, 8, 8)
    example = Example(base.expand(1, 8, 8, 8), *(base.expand(1, 4, 8, 8) for _ in range(3)))
    seen = set()
    for seed in range(40):
        torch.manual_seed(seed)
        made = turned(example)
        assert all(torch.equal(part[:, :1], made.planes[:, :1]) for part in made)
        seen.add(tuple(made.planes[0, 0].flatten().tolist()))
    assert len(seen) == 8


def test_variation_scales_intensity_with_contrast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_variation, "OVERLAID_SHARE", 0.0)
    torch.manual_seed(3)
    planes = torch.randn(2, 8, 64, 64)
    truth = torch.ones(2, 4, 64, 64)
    for seed in range(12):
        torch.manual_seed(seed)
        made = varied(Example(planes, truth, truth, truth))
        gains = set(made.intensity.flatten().tolist())
        assert len(gains) == 2
        assert min(gains) > 0.5
        assert max(gains) < 1.65
        assert made.area.shape[-1] % 16 == 0
        for one, two in itertools.pairwise(made):
            assert one.shape[2:] == two.shape[2:]


def test_what_is_served() -> None:
    recipe = SkinItems()
    served = recipe.served(recipe.network(0.125))
    (image,) = served.inputs
    with torch.no_grad():
        area, intensity = served.module(torch.zeros(2, *image.shape, dtype=torch.uint8))
    for tensor, spec in zip((area, intensity), served.outputs, strict=True):
        assert tensor.shape == (2, *spec.shape)
        assert tensor.dtype == torch.uint8
    assert [float(each) for each in served.metadata["full_scale"].split(",")] == list(FULL_SCALE)


def test_a_second_skin_brings_its_lesions_and_what_is_unknown_of_it() -> None:
    torch.manual_seed(0)
    planes, one = torch.randn(64, 8, 16, 16), torch.zeros(64, 4, 16, 16)
    area, weight = one.clone(), one + 1
    area[::2, :, 4:8, 4:8] = 1
    weight[::2, :, 10:12, 4:8] = 0
    made = overlaid(Example(planes, area, area * 0.5, weight))
    free = made.area[1::2].amax((1, 2, 3)) > 0
    assert 5 < int(free.sum()) < 20
    assert torch.equal(made.area[1::2][free][0], area[0].flip(1))
    assert torch.equal(made.weight[1::2][free][0], weight[0].flip(1))
    assert torch.equal(made.intensity, made.area * 0.5)
    second = (planes.roll(1, 0).flip(2) + planes)[1::2][free]
    assert torch.equal(made.planes[1::2][free][:, :6], second[:, :6])
    assert torch.equal(made.planes[:, 6:], planes[:, 6:])


def test_pictures_keep_their_numbers_where_the_arithmetic_is_bfloat16() -> None:
    torch.manual_seed(1)
    picture, area = torch.rand(8, item_variation.PLACED, 48, 48), torch.zeros(8, 4, 48, 48)
    with torch.autocast("cpu", torch.bfloat16):
        smeared = item_variation._smeared(picture, area)
    assert smeared.dtype == torch.float32
    assert not torch.equal(smeared, picture)
