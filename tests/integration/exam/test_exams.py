"""Every exam over small models of colour rules: all goals are measured, and results reach file, card and screen."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dermabooth.commands.models import app
from tests.fixtures.small_models import make_small_repository
from training.exam import GOALS, NAMES, examine
from training.exam.results import BEGIN, END, as_json, write_card
from training.exam.tables import tables

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

MODELS = Path(__file__).resolve().parents[3] / "triton_models"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_repository(tmp_path_factory.mktemp("models"), MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_an_exam_measures_all_that_has_a_goal(name: str, repository: Path) -> None:
    report = examine(name, repository, "small")
    for of_set, goals in GOALS[name].items():
        assert goals.keys() <= report.metrics[of_set].keys()
        assert (
            of_set not in report.baseline or report.baseline[of_set].keys() <= report.metrics[of_set].keys()
        )
    told = as_json(name, report, repository, "small")
    assert {"metrics", "baseline", "by_ita", "date", "machine", "sha256"} <= told.keys()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert all(len(row) == len(table.header) for table in tables(name, report) for row in table.rows)
    card = repository / name / "MODEL_CARD.md"
    card.write_text(f"# {name}\n\n{BEGIN}\nold\n{END}\n\nend\n")
    text = write_card(repository, name, report).read_text()
    assert text.startswith(f"# {name}\n\n{BEGIN}\n\nMeasured ")
    assert text.endswith(f"{END}\n\nend\n")
    assert "old" not in text


def test_the_same_exam_gives_the_same_figures(repository: Path) -> None:
    first, second = (examine("acne_classifier", repository, "small") for _ in range(2))
    assert repr(first) == repr(second)


def test_the_command_writes_results_and_keeps_those_of_other_models(repository: Path, tmp_path: Path) -> None:
    results = tmp_path / "exam.json"
    results.write_text(json.dumps({"models": {"another": {}}, "real": {"skin_dice": 0.5}}))
    folder = tmp_path / "pictures"
    shutil.copytree(_pictures(tmp_path), folder)
    asked = ["evaluate", "acne_classifier", "--size", "small", "--json", str(results)]
    done = CliRunner().invoke(app, [*asked, "--repository", str(repository), "--portraits", str(folder)])
    assert done.exit_code == 0, done.output
    told = json.loads(results.read_text())
    assert told["models"].keys() == {"another", "acne_classifier"}
    assert 0 <= told["real"]["skin_dice"] <= 1
    assert told["real"]["portraits"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nonsense"], "there is no exam of it"),
        (["skin_items", "--repository", "nowhere"], "train and export it first"),
        (["skin_items", "--portraits", "nowhere"], "nowhere: no such folder"),
        (["skin_items", "--repository", "nowhere", "--cards"], "leave out --cards"),
    ],
)
def test_what_cannot_be_examined_is_told_in_a_line(words: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["evaluate", *words, "--size", "small"])
    assert done.exit_code == 1
    assert says in done.output


def _pictures(tmp_path: Path) -> Path:
    import cv2
    import numpy as np

    from tests.fixtures.real_face import real_face

    folder = tmp_path / "real"
    for name in ("portraits", "masks"):
        (folder / name).mkdir(parents=True)
    face = real_face()
    mask = np.zeros(face.shape[:2], np.uint8)
    cv2.ellipse(mask, (225, 115), (45, 60), 0, 0, 360, 255, -1)
    cv2.imwrite(str(folder / "portraits" / "one.png"), face[..., ::-1])
    cv2.imwrite(str(folder / "masks" / "one.png"), mask)
    return folder
