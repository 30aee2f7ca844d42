"""`dermabooth models train` and `list`: what they print, and how they stop and go on."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from dermabooth import resources
from dermabooth.commands.models import app
from server.inference import model_infos
from tests.unit.training.toy import Halves, Toy
from training.checkpoint import load
from training.recipe import Normaliser, Preparing, Split, Stage

pytestmark = pytest.mark.unit


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A command line on which the toy recipe is the one to train."""
    monkeypatch.setattr("training.recipes.recipe", lambda name: Toy())
    return CliRunner()


def test_trains_and_says_what_is_next(run: CliRunner, tmp_path: Path) -> None:
    done = run.invoke(app, ["train", "toy", "--images", "80", "--width", "2", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"next: dermabooth models export toy --checkpoint {tmp_path}/checkpoint.pt" in done.output
    assert done.output.startswith("stage plain, 56 images; ")
    assert "\nstage augmented, 28 images; " in done.output
    assert " images: accuracy" in done.output
    assert load(tmp_path).settings.width == 2


def test_a_signal_ends_it_between_two_steps_and_it_goes_on(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    drawn = Halves.__getitem__

    def signalled(self: Halves, index: int) -> dict[str, NDArray[Any]]:
        nonlocal asked
        asked += 1
        if asked == 60:
            os.kill(os.getpid(), signal.SIGTERM)
        return drawn(self, index)

    monkeypatch.setattr(Halves, "__getitem__", signalled)
    command = ["train", "toy", "--out", str(tmp_path)]
    before = signal.getsignal(signal.SIGTERM)
    stopped = run.invoke(app, command)
    assert stopped.exit_code == 130
    assert "the same command goes on" in stopped.output
    assert signal.getsignal(signal.SIGTERM) is before
    state = load(tmp_path)
    assert 0 < state.images < 120
    assert not state.done
    assert run.invoke(app, command).exit_code == 0
    assert load(tmp_path).done


class Prepared(Toy):
    """Makes three things before it trains."""

    def prepare(self, data: Path | None, normaliser: Normaliser, heard: Preparing) -> None:
        for done in range(3):
            heard("heads to look at", (done + 1) / 3)
            if self.interrupted and done == 1:
                os.kill(os.getpid(), signal.SIGINT)
        self.was_prepared = True

    interrupted = False
    was_prepared = False

    def dataset(self, split: Split, stage: Stage, seed: int, data: Path | None) -> Any:
        assert self.was_prepared
        return super().dataset(split, stage, seed, data)


def test_what_is_needed_is_made_first_under_the_same_bar(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("training.recipes.recipe", lambda name: Prepared())
    done = CliRunner().invoke(app, ["train", "toy", "--images", "8", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("heads to look at\n")


def test_making_it_can_be_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = Prepared()
    made.interrupted = True
    monkeypatch.setattr("training.recipes.recipe", lambda name: made)
    stopped = CliRunner().invoke(app, ["train", "toy", "--out", str(tmp_path)])
    assert stopped.exit_code == 130
    assert "the same command goes on" in stopped.output
    assert not made.was_prepared


def test_other_settings_need_another_folder(run: CliRunner, tmp_path: Path) -> None:
    assert run.invoke(app, ["train", "toy", "--images", "8", "--out", str(tmp_path)]).exit_code == 0
    other = ["train", "toy", "--images", "8", "--seed", "1", "--out", str(tmp_path)]
    refused = run.invoke(app, other)
    assert refused.exit_code == 1
    assert "seed 0 there and 1 now" in refused.output
    assert run.invoke(app, [*other, "--fresh"]).exit_code == 0


def test_an_unknown_model_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", "eyes", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert done.output.startswith("dermabooth: eyes: cannot be trained; one of skin_segmenter")


def test_a_missing_file_of_weights_is_one_line(run: CliRunner, tmp_path: Path) -> None:
    done = run.invoke(app, ["train", "toy", "--init", str(tmp_path / "none.pth"), "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "none.pth" in done.output


def test_without_pytorch_the_command_line_is_there_and_train_says_what_to_install() -> None:
    script = """
import sys
sys.modules["torch"] = None
from dermabooth import cli
sys.argv = ["dermabooth", "models", *sys.argv[1:]]
cli.main()
"""
    helped, trained = (
        subprocess.run(
            [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60, check=False
        )
        for words in (["--help"], ["train", "skin_items"])
    )
    assert helped.returncode == 0, helped.stderr
    assert trained.returncode == 1
    assert trained.stderr.startswith("dermabooth: training needs PyTorch: `make train-setup`"), trained.stderr


def test_list_names_every_model_with_hash_and_card() -> None:
    done = CliRunner().invoke(app, ["list"])
    assert done.exit_code == 0
    for info in model_infos(resources.triton_models()):
        (line,) = (line for line in done.output.splitlines() if f" {info.name} " in line)
        assert info.sha256 in line
        carded = (resources.triton_models() / info.name / "MODEL_CARD.md").exists()
        assert ("MODEL_CARD.md" in line) == carded
