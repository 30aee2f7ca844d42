"""The acne recipes: losses with and without what a data set lacks, and the graphs that are served."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from phantom.complexion import HEADS
from training.datasets.tables import UNKNOWN
from training.networks.residual import SeverityNetwork
from training.recipe import Served
from training.recipes.acne_classifier import AcneClassifier, AcneNetwork
from training.recipes.acne_severity import AcneSeverity, grade_of
from training.recipes.face_planes import masked_skin, normalised_face
from training.recipes.severity_graph import GRADES, Calibration, calibrate, combine, served, signs

pytestmark = pytest.mark.unit

WIDTH = 0.0625
PLAIN = Calibration((1.0, 1.0, -1.0, 1.0, 0.0), 0.5, 0.0, 0.5)


@pytest.fixture(scope="module", autouse=True)
def few_heads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DERMABOOTH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setitem(HEADS, "check", 1)
        yield
    torch.set_num_threads(threads)


def batch(size: int = 4) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(1)
    grade = torch.arange(size) % GRADES
    return {
        "image": torch.randint(0, 256, (size, 224, 224, 3), dtype=torch.uint8, generator=drawn),
        "grade": grade,
        "acne": (grade > 0).long(),
        "lesions": (torch.rand((size, 28, 28), generator=drawn) < 0.1).float(),
        "severity": grade.float(),
        "ita": torch.arange(size) % 6,
        "illumination": torch.full((size,), UNKNOWN),
    }


def severity_network(recipe: AcneSeverity | None = None) -> SeverityNetwork:
    torch.manual_seed(0)
    network = (recipe or AcneSeverity()).network(WIDTH)
    assert isinstance(network, SeverityNetwork)
    return network


def test_the_loss_takes_the_labels_that_there_are() -> None:
    recipe, network, whole = AcneSeverity(), severity_network(), batch()
    loss, parts = recipe.loss(network, whole)
    assert set(parts) == {"regression", "classification", "ita", "illumination", "lesions"}
    assert parts["illumination"] == 0
    assert torch.isfinite(loss)
    _, few = recipe.loss(network, {name: whole[name] for name in ("image", "grade")})
    assert set(few) == {"regression", "classification"}


def test_auxiliary_tasks_follow_the_data_set() -> None:
    recipe = AcneSeverity({"gender": 2, "ethnicity": 5})
    network = severity_network(recipe)
    assert set(network.auxiliary) == {"gender", "ethnicity"}
    _, parts = recipe.loss(network, batch() | {"gender": torch.tensor([0, 1, UNKNOWN, 1])})
    assert parts["gender"] > 0
    assert not {"ita", "ethnicity"} & set(parts)


def test_a_step_of_training_lessens_the_loss() -> None:
    for recipe in (AcneSeverity(), AcneClassifier()):
        torch.manual_seed(0)
        network, examples = recipe.network(0.125), batch()
        optimiser = torch.optim.AdamW(network.parameters(), 3e-3)
        losses = []
        for _ in range(6):
            loss, _ = recipe.loss(network, examples)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(float(loss.detach()))
        assert losses[-1] < losses[0]
        assert recipe.check(network.eval(), examples)


def test_exposure_and_white_do_not_change_what_is_seen() -> None:
    light = torch.rand((1, 224, 224, 3), generator=torch.Generator().manual_seed(2)) * 0.4 + 0.2

    def encoded(gain: float) -> Tensor:
        return (255 * (light * gain) ** (1 / 2.2)).round().to(torch.uint8)

    once, brighter = normalised_face(encoded(1.0)), normalised_face(encoded(1.3))
    assert (once - brighter).abs().mean() < 0.03


def test_outside_the_mask_a_crop_is_zero() -> None:
    image = batch(1)["image"].clamp_min(1)
    image[:, :, :100] = 0
    planes = masked_skin(image)
    assert (planes[..., :100] == 0).all()
    assert planes[..., 100:].mean((2, 3)).abs().max() < 1e-3


def test_grades_are_rounded_means_of_both_heads() -> None:
    distribution = torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]])
    assert grade_of(torch.tensor([[2.9], [9.0]]), distribution).tolist() == [2.0, 4.0]


def outputs_of(graph: Served, image: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        answers = graph.module(image)
    named = {spec.name: answer for spec, answer in zip(graph.outputs, answers, strict=True)}
    for spec in graph.outputs:
        assert tuple(named[spec.name].shape[1:]) == spec.shape, spec.name
        assert str(named[spec.name].dtype).removeprefix("torch.") == spec.dtype.name, spec.name
    return named


@pytest.mark.parametrize("k", [1, 4])
def test_the_served_severity_is_repeatable_and_whole(k: int) -> None:
    graph = served(severity_network().eval(), k, PLAIN)
    assert not [
        name for name, _ in graph.module.named_parameters() if "auxiliary" in name or "lesions" in name
    ]
    image = batch(2)["image"]
    named, again = outputs_of(graph, image), outputs_of(graph, image)
    assert all(torch.equal(named[name], again[name]) for name in named)
    assert named["distribution"].sum(1) == pytest.approx(torch.ones(2).numpy())
    assert set(named["grade"].flatten().tolist()) <= {0.0, 1.0, 2.0, 3.0, 4.0}
    shown = named["heatmap"][named["heatmap"] > 0]
    assert shown.numel() == 0 or shown.min() >= 0.5 * 255


def test_doubt_grows_with_what_the_heads_disagree_on() -> None:
    sure = torch.tensor([[[2.0, 0, 0, 1, 0, 0]]])
    torn = torch.tensor([[[2.0, 0.3, 0, 0.4, 0, 0.3]]])
    apart = torch.tensor([[[1.0, 0, 0, 1, 0, 0]]])
    assert signs(torn)[0, 0] > signs(sure)[0, 0]
    assert signs(apart)[0, 1] > signs(sure)[0, 1]
    assert signs(apart)[0, 2] < signs(sure)[0, 2]
    assert combine(apart)[2].item() == 1.5


def test_calibration_learns_from_wrong_grades() -> None:
    recipe = AcneSeverity()
    recipe.calibration_images = 6
    network = severity_network()
    found = calibrate(network, recipe._held_out(), 1, 0.5)
    assert len(found.weights) == 5
    assert all(torch.isfinite(torch.tensor(found.weights)))
    assert found.least >= 0
    named = recipe.variants(network)
    assert set(named) == {"acne_severity_fast"}
    assert named["acne_severity_fast"].metadata["augmentations"] == "1"


def test_the_served_classifier_shows_where() -> None:
    torch.manual_seed(0)
    recipe = AcneClassifier()
    recipe.calibration_images = 6
    network = recipe.network(0.125)
    assert isinstance(network, AcneNetwork)
    graph = recipe.served(network.eval())
    named = outputs_of(graph, batch(2)["image"])
    assert named["probability"].sum(1) == pytest.approx(torch.ones(2).numpy())
    assert not [name for name, _ in graph.module.named_parameters() if "lesions" in name]


def test_class_weights_follow_the_shares_of_the_data() -> None:
    assert AcneClassifier((0.88, 0.12)).class_weights == pytest.approx((0.5 / 0.88, 0.5 / 0.12))
