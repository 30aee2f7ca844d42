"""Training learns, and an interrupted run ends where an uninterrupted one does."""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.toy import Halves, Toy
from training import checkpoint
from training.average import Average
from training.checkpoint import initialise, load, restore
from training.fit import fit
from training.order import Positions, batches
from training.plan import Plan, scaled, shares
from training.progress import Progress
from training.recipe import Recipe, Stage

pytestmark = pytest.mark.unit


def _interrupted_at(images: int) -> Callable[[Progress], None]:
    def listen(progress: Progress) -> None:
        if progress.images >= images:
            raise KeyboardInterrupt

    return listen


def _journal(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_learns(tmp_path: Path) -> None:
    heard: list[Progress] = []
    path = fit(Toy(), folder=tmp_path, images=400, progress=heard.append)
    assert path == tmp_path / "checkpoint.pt"
    assert heard[-1].figures["accuracy"] > 0.9
    assert heard[-1].fraction == 1.0
    plain = [one for one in heard if one.stage == "plain"]
    assert len(plain) == 69  # its begin, two thirds of 400 in batches of 4, and the last figures
    assert (plain[0].images, plain[-1].images) == (0, plain[0].images_of_stage) == (0, 268)
    assert {"loss", "cross_entropy"} == set(heard[-1].losses)


@pytest.mark.parametrize("at", [40, 100])
def test_resumes_exactly(tmp_path: Path, at: int) -> None:
    fit(Toy(), folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(Toy(), folder=tmp_path / "parts", progress=_interrupted_at(at))
    assert load(tmp_path / "parts").images == at
    fit(Toy(), folder=tmp_path / "parts")
    whole, parts = load(tmp_path / "whole"), load(tmp_path / "parts")
    assert whole.done
    assert parts.done
    for name, weight in whole.average.items():
        assert torch.equal(weight, parts.average[name]), name
    for name, weight in whole.network.items():
        assert torch.equal(weight, parts.network[name]), name
    assert "resume" in [line["event"] for line in _journal(tmp_path / "parts")]


def test_sees_the_same_examples_when_resumed(tmp_path: Path) -> None:
    whole, one, other = Toy(), Toy(), Toy()
    data = tmp_path / "data"
    fit(whole, folder=tmp_path / "whole", data=data)
    with pytest.raises(KeyboardInterrupt):
        fit(one, folder=tmp_path / "parts", data=data, progress=_interrupted_at(60))
    fit(other, folder=tmp_path / "parts", data=data)
    plain = _trained_on(one)[0] + _trained_on(other)[0]
    assert plain == _trained_on(whole)[0]
    assert sorted(plain[:24]) == list(range(24))
    assert sorted(plain[24:48]) == list(range(24, 48))
    assert [index + 24 for index in plain[:24]] != plain[24:48]


def _trained_on(recipe: Toy) -> list[list[int]]:
    """The indices asked of the training set, one list for each stage."""
    return [made.asked for made in recipe.made if made.asked != list(range(24))]


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    fit(Toy(), folder=tmp_path)
    heard: list[Progress] = []
    fit(Toy(), folder=tmp_path, progress=heard.append)
    assert not heard
    fit(Toy(), folder=tmp_path, resume=False, progress=heard.append)
    assert len(heard) == 34


def test_another_run_in_the_folder_is_refused(tmp_path: Path) -> None:
    fit(Toy(), folder=tmp_path, images=8)
    with pytest.raises(ValueError, match="seed 0 there and 1 now"):
        fit(Toy(), folder=tmp_path, images=8, seed=1)


def test_minutes_end_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Progress] = []
    ticks = count()
    monkeypatch.setattr("training.run.time.monotonic", lambda: next(ticks) / 10_000)
    fit(Toy(), folder=tmp_path, images=10_000_000, minutes=0.01, progress=heard.append)
    assert heard[-1].seconds == pytest.approx(0.6, abs=0.05)
    assert {one.stage for one in heard} == {"plain", "augmented"}
    assert heard[-1].learning_rate < 2e-3


def test_epochs_are_passes_over_the_folder(tmp_path: Path) -> None:
    heard: list[Progress] = []
    fit(Toy(), folder=tmp_path, data=tmp_path, epochs=2, progress=heard.append)
    assert heard[-1].images == 48
    with pytest.raises(ValueError, match="not both"):
        fit(Toy(), folder=tmp_path, images=1, epochs=1)


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path) -> None:
    class Broken(Toy):
        stages = (Stage("plain", 400, 1e30, augmented=False),)

    with pytest.raises(FloatingPointError, match="after"):
        fit(Broken(), folder=tmp_path)


def test_an_interrupted_write_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit(Toy(), folder=tmp_path, images=8)
    former = load(tmp_path)
    (tmp_path / "checkpoint.pt.part").write_bytes(b"half")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.checkpoint.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(former, tmp_path)
    assert load(tmp_path).images == former.images


def test_restores_the_averaged_network(tmp_path: Path) -> None:
    fit(Toy(), folder=tmp_path, images=8, width=2.0)
    network = restore(Toy(), tmp_path)
    assert not network.training
    assert torch.equal(network.state_dict()["0.weight"], load(tmp_path).average["0.weight"])


def test_what_is_no_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"not this")
    with pytest.raises(ValueError, match="broken"):
        load(tmp_path)
    torch.save({"weight": torch.zeros(1)}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="not a checkpoint"):
        load(tmp_path)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    class Other(Toy):
        name = "other"

    fit(Toy(), folder=tmp_path, images=8)
    with pytest.raises(ValueError, match="holds toy, not other"):
        restore(Other(), tmp_path)


def test_starts_from_a_checkpoint(tmp_path: Path) -> None:
    fit(Toy(), folder=tmp_path / "first", images=8)
    network = Toy().network(1.0)
    assert initialise(network, tmp_path / "first") == "9 of 9 tensors taken from toy"
    assert torch.equal(network.state_dict()["0.weight"], load(tmp_path / "first").average["0.weight"])
    with pytest.raises(ValueError, match="none of whose tensors fits"):
        initialise(torch.nn.Linear(2, 2), tmp_path / "first")
    fit(Toy(), folder=tmp_path / "second", images=8, init=tmp_path / "first")
    assert "9 of 9" in str(_journal(tmp_path / "second")[0]["taken"])


def test_starts_from_a_state_dict(tmp_path: Path) -> None:
    file = tmp_path / "imagenet.pth"
    torch.save({"0.weight": torch.zeros(8, 3, 3, 3), "5.weight": torch.zeros(1000, 4)}, file)
    network = Toy().network(1.0)
    assert initialise(network, file).startswith("1 tensors taken; 1 other shape: 5.weight")
    assert not network.state_dict()["0.weight"].any()


def test_the_average_covers_buffers() -> None:
    network = Toy().network(1.0)
    average = Average(network)
    norm = network[1]  # type: ignore[index]
    norm.running_mean += 1.0
    norm.num_batches_tracked += 3
    average.add(network, 0)
    state = average.network.state_dict()
    assert torch.allclose(state["1.running_mean"], torch.full((8,), 0.9))
    assert int(state["1.num_batches_tracked"]) == 3


def test_the_order_is_a_function_of_position() -> None:
    whole = iter(Positions(10, 4, seed=3, shuffled=True))
    taken = [index for _ in range(5) for index in next(whole)]
    assert sorted(taken[:10]) == list(range(10))
    assert next(iter(Positions(10, 4, seed=3, start=8, shuffled=True))) == taken[8:12]
    assert next(iter(Positions(10, 4, seed=3, start=8, shuffled=False))) == [8, 9, 0, 1]


def test_workers_give_the_same_batches() -> None:
    def taken(workers: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
        made = batches(Halves(1), 4, seed=0, start=0, shuffled=True, workers=workers)
        return [next(made)["image"].numpy() for _ in range(3)]

    for one, other in zip(taken(0), taken(1), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_learning_rate_warms_up_stays_and_falls() -> None:
    plan = Plan((Stage("a", 800, 1.0, augmented=False), Stage("b", 200, 0.1, augmented=True)))
    rates = [plan.learning_rate(0, 8 * step / 1000, step, 8) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:50] == [1.0] * 40
    assert rates[75] == pytest.approx(0.51)
    assert rates[-1] < 0.022
    assert plan.learning_rate(1, 0.82, 20, 8) == pytest.approx(0.1)


def test_the_learning_rate_of_bisenet_falls_from_the_start() -> None:
    plan = Plan((Stage("a", 1000, 1.0, augmented=False),), schedule="poly")
    assert plan.learning_rate(0, 0.5, 60, 8) == pytest.approx(0.5**0.9)
    assert plan.learning_rate(0, 1.0, 125, 8) == 0.02


def test_images_are_divided_as_the_recipe_divides_them() -> None:
    recipe: Recipe = Toy()
    assert shares(recipe.stages, 12) == (8, 4)
    assert [stage.images for stage in scaled(recipe.stages, (9, 0), 4)] == [12, 4]
