"""The page's texts: the same in every language, and every sentence that the booth says is among them."""

import ast
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.orders import desk
from station.agent import worklist
from station.agent.quality import UNMEASURABLE
from station.calibration import Drift, daily
from station.capture import UNMEASURED
from station.devices import DriverThread, driver_thread
from station.errors import DeviceUnavailable
from station.protocol import Verdict
from station.quality import advice
from station.quality.sample import Reading
from station.worklist import server_list

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "web" / "src" / "shared" / "catalogue"
LANGUAGES = ("en", "fr", "ko")
PLURALS = {"en": {"one", "other"}, "fr": {"one", "other"}, "ko": {"other"}}
"""Forms of cardinal numbers below a million (Unicode CLDR)."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def texts(language: str) -> dict[str, Any]:
    return dict(json.loads((CATALOGUE / f"{language}.json").read_text()))


def flat(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text with its path; plural forms are one text."""
    if isinstance(part, str) or ("other" in part and set(part) <= {"one", "other"}):
        yield path, part
        return
    for key, value in part.items():
        yield from flat(value, f"{path}.{key}")


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def operator() -> list[dict[str, str]]:
    return list(json.loads((CATALOGUE / "operator.json").read_text())["sentences"])


def normal(text: str) -> str:
    """As the page compares sentences."""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…%" else ".")


def known(text: str) -> bool:
    """Whether the page has this sentence, or a template that it is made from."""
    for row in operator():
        parts = _PLACEHOLDER.split(normal(row["en"]))[::2]
        if re.fullmatch("(.+)".join(map(re.escape, parts)), normal(text), re.IGNORECASE):
            return True
    return False


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_language_has_the_texts_of_english_with_the_same_placeholders(language: str) -> None:
    english, other = dict(flat(texts("en"))), dict(flat(texts(language)))
    assert english.keys() == other.keys()
    for path, text in english.items():
        if isinstance(text, str):
            assert placeholders(other[path]) == placeholders(text), path
            assert bool(other[path]) == bool(text), path
        else:
            assert other[path].keys() == PLURALS[language], path
            assert placeholders(other[path]["other"]) == placeholders(text["other"]), path


def test_no_sentence_of_the_booth_comes_twice_and_none_loses_a_placeholder() -> None:
    rows = operator()
    assert len({normal(row["en"]).lower() for row in rows}) == len(rows)
    for row in rows:
        for language in LANGUAGES[1:]:
            assert row[language], row["en"]
            said = {name.lower() for name in placeholders(row[language])}
            assert said <= {name.lower() for name in placeholders(row["en"])}, row["en"]


def advised() -> list[str]:
    """Every sentence, or template of one, that `station.quality.advice` can say."""
    tables = [
        table for name, table in vars(advice).items() if isinstance(table, dict) and not name.startswith("__")
    ]
    regions = next(table for table in tables if "left_cheek" in table)
    templates = [text for table in tables if table is not regions for text in table.values()]
    tab = [
        advice.sentence(Reading("neutral_tab_exposure", stops, "EV", "neutral_tab"), elsewhere=False)
        for stops in (1.2, -1.2)
    ]
    return [*templates, *tab]


@pytest.mark.parametrize("text", sorted(set(advised())))
def test_advice_is_known_to_the_page(text: str) -> None:
    assert known(text.format(region="the chin", Region="The chin"))


def test_the_parts_of_the_face_are_known_to_the_page() -> None:
    regions = {row["en"] for row in json.loads((CATALOGUE / "operator.json").read_text())["regions"]}
    source = Path(advice.__file__).read_text()
    assert set(re.findall(r'"(the \w+(?: cheek)?)"', source)) == regions


def reasons() -> list[str]:
    """Every sentence in the code of `station.quality`: why a measure cannot be told."""
    found = []
    for path in sorted((ROOT / "station" / "quality").glob("*.py")):
        tree = ast.parse(path.read_text())
        spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in spoken
            and re.fullmatch(r"[A-Z][^{}\n]* [^{}\n]*\.", node.value)
        ]
    return sorted(set(found))


@pytest.mark.parametrize("text", reasons())
def test_why_a_measure_cannot_be_told_is_known_to_the_page(text: str) -> None:
    assert known(text)


def refusals(errors: tuple[str, ...] = ("InvalidTransition", "UvRefused")) -> list[str]:
    """What the booth says where it refuses an event of a visit, or ultraviolet light."""
    found = []
    for path in sorted((ROOT / "station").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in errors and node.args:
                text = _template(node.args[0])
                found += [] if text is None else [text]
    return sorted(set(found))


def _template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return None


@pytest.mark.parametrize("text", refusals())
def test_a_refusal_is_known_to_the_page(text: str) -> None:
    assert known(text)


@pytest.mark.parametrize(
    "text",
    [
        server_list.AWAY,
        server_list.NO_LIST,
        server_list.NEVER_TOLD,
        server_list.NOT_FOUND_OUT,
        worklist.NOT_SEARCHABLE,
        desk.AWAY,
        desk.LONGER,
        desk.UNUSABLE.format(count=3),
    ],
)
def test_what_is_said_of_the_worklist_is_known_to_the_page(text: str) -> None:
    assert known(text)


def daily_advice() -> list[str]:
    """What the booth says about every quantity of a daily check."""
    kinds = ("colour/white", "lamp/white", "scale", "focus", "polarisation")
    figures = [
        Drift(name=kind, then=1.0, now=2.0, drift=9.0, unit="%", warn=1.0, fail=2.0, verdict=verdict)
        for kind in kinds
        for verdict in (Verdict.WARN, Verdict.FAIL)
    ]
    return [daily.advice(figure) for figure in figures]


@pytest.mark.parametrize("text", sorted(set(daily_advice())))
def test_advice_of_a_daily_check_is_known_to_the_page(text: str) -> None:
    assert known(text)


@pytest.mark.parametrize("text", [UNMEASURABLE, *UNMEASURED, "taken, but not kept: the disk is full"])
def test_what_the_booth_says_during_a_visit_is_known_to_the_page(text: str) -> None:
    assert known(text)


async def test_what_the_booth_says_of_a_driver_that_hangs_is_known_to_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver_thread, "OPEN_LIMIT_S", 0.05)
    monkeypatch.setattr(driver_thread, "CLOSE_LIMIT_S", 0.05)
    go_on, thread = threading.Event(), DriverThread("v4l2-camera")
    with pytest.raises(DeviceUnavailable) as late:
        await thread.open(go_on.wait, 60)
    await thread.close(lambda: None)
    with pytest.raises(DeviceUnavailable) as beside:
        await DriverThread("v4l2-camera").open(lambda: None)
    go_on.set()
    thread._thread.join(30)
    assert known(str(late.value))
    assert known(str(beside.value))
