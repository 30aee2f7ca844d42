"""Figures, their goals and the tables they are told in."""

from pathlib import Path

import numpy as np
import pytest

from training.exam import Figure, goal
from training.exam.goals import FAINT, IN_RANGE, SHIFTED_ONE, Goal
from training.exam.items_scoring import correlation, mean, ratio
from training.exam.report import Report, Table, plain, share, worst_over_best
from training.exam.results import BEGIN, merge, write_card
from training.exam.tables import closing, markdown, tables, text

pytestmark = pytest.mark.unit


def test_a_goal_is_kept_or_not_and_never_by_nothing() -> None:
    least, most = Goal(0.9), Goal(0.1, least=False)
    assert least.met(plain(0.9, 1))
    assert not least.met(plain(0.89, 1))
    assert most.met(plain(0.1, 1))
    assert not most.met(plain(float("nan"), 1))
    assert (str(least), str(most)) == ("≥ 0.9", "≤ 0.1")
    assert goal("skin_items", IN_RANGE, "dice melanin") == Goal(0.93)
    assert goal("skin_items", IN_RANGE, "nonsense") is None


def test_the_last_line_counts_goals_and_names_the_farthest() -> None:
    figures = {"dice melanin": plain(0.95, 9), "dice trouble": plain(0.425, 9), "AUC pore": plain(0.1, 9)}
    report = Report({IN_RANGE: {**figures, "worst over best ITA class pore": plain(float("nan"), 0)}})
    said = "skin_items: 1 of 3 goals met; farthest: in-range, dice trouble 0.425, wanted ≥ 0.85"
    assert closing("skin_items", report) == said
    kept = Report({IN_RANGE: {"dice melanin": plain(0.95, 9)}})
    assert closing("skin_items", kept) == "skin_items: 1 of 1 goals met"


def test_columns_and_classes_of_a_table() -> None:
    table = Table()
    for index, (name, value) in enumerate((("light", 1.0), ("dark", 3.0), ("light", 2.0))):
        table.add(index, name, {"value": value, "only light": value} if name == "light" else {"value": value})
    assert table.figure(mean, "value").value == 2.0
    assert table.figure(mean, "only light").value == 1.5
    by_ita = table.by_ita(mean, "value")
    assert list(by_ita) == ["light", "dark"]
    assert (by_ita["light"].value, by_ita["light"].n) == (1.5, 2)
    assert worst_over_best(by_ita, 1).value == 0.5
    assert np.isnan(worst_over_best(by_ita, 2).value)


def test_statistics_leave_out_what_is_missing() -> None:
    rows = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [np.nan, 1.0]])
    assert correlation(rows) == pytest.approx(1.0)
    assert ratio(np.array([[1.0, 2.0], [2.0, 2.0]])) == 0.75
    assert np.isnan(ratio(np.zeros((2, 2))))


def test_figures_are_told_with_their_interval() -> None:
    assert text(share(9, 10)) == "0.900 [0.596, 0.982]"
    assert text(plain(0.5, 3)) == "0.500"
    assert text(None) == text(plain(float("nan"), 0)) == "–"
    assert Figure(0.5, float("nan"), 1.0, 2).as_json() == {"value": 0.5, "low": None, "high": 1.0, "n": 2}


def test_groups_and_faint_bins_become_columns() -> None:
    report = Report()
    report.metrics[SHIFTED_ONE] = {"kappa, light": plain(0.9, 5), "kappa, noise": plain(0.8, 5)}
    report.metrics[FAINT] = {
        "recall papule, contrast-to-noise 1 to 2": share(1, 2),
        "recall papule, contrast-to-noise 0 to 1": share(0, 2),
    }
    said = markdown(tables("acne_severity", report))
    assert "| measure | light | noise |" in said
    assert "| kappa | 0.900 | 0.800 |" in said
    assert "| kind | 0 to 1 | 1 to 2 |" in said
    assert "| papule | 0.000 (2) | 0.500 (2) |" in said


def test_a_card_without_markers_is_told(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MODEL_CARD.md").write_text(f"# a card\n{BEGIN}\n")
    with pytest.raises(ValueError, match="not there once each"):
        write_card(tmp_path, "model", Report())


def test_results_of_models_and_of_real_pictures_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "exam.json"
    merge(path, {"a": {"x": 1}}, {"skin_dice": 0.9})
    merge(path, {"b": {"x": 2}}, None)
    assert '"a"' in path.read_text()
    assert '"skin_dice": 0.9' in path.read_text()
