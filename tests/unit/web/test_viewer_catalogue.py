"""The viewer's texts: what the server says and names has words in every language, and no page says anything else."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from server.analysis import colour
from server.pipeline import STEPS, missing
from station.protocol import Layer

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
WEB = ROOT / "web" / "src"
CATALOGUE = WEB / "shared" / "catalogue"
LANGUAGES = ("en", "fr", "ko")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NOT_FOR_PAGES = {"signalling.py", "whep.py", "whip.py", "metrics.py", "pages.py", "rates.py"}
_RAISED = {"AccessDenied", "NotFound", "Conflict", "BadImage", "StoreUnavailable", "StorageFull"}
_AS_THEY_ARE = {"dermabooth", "dermabooth station", "keys/admin.token"}
_TO_BOOTHS = ("belongs to another booth", "never opened", "taken by another still")


def texts(language: str) -> dict[str, Any]:
    return dict(json.loads((CATALOGUE / f"{language}.json").read_text()))


def sentences(name: str) -> list[dict[str, str]]:
    return list(json.loads((CATALOGUE / f"{name}.json").read_text())["sentences"])


def normal(text: str) -> str:
    """As the page compares sentences."""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…%" else ".")


def known(text: str) -> bool:
    """Whether the page has this sentence, or a template that it is made from."""
    for row in [*sentences("server"), *sentences("operator")]:
        parts = _PLACEHOLDER.split(normal(row["en"]))[::2]
        if re.fullmatch("(.+)".join(map(re.escape, parts)), normal(text), re.IGNORECASE):
            return True
    return False


def template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def calls(paths: list[Path]) -> Iterator[ast.Call]:
    for path in paths:
        yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def problems() -> Iterator[str]:
    """What the API answers to a page where something is wrong."""
    api = [path for path in (ROOT / "server" / "api").glob("*.py") if path.name not in _NOT_FOR_PAGES]
    for call in calls(api):
        yield from (text for word in call.keywords if word.arg == "text" and (text := template(word.value)))
    others = [ROOT / "server" / "access.py", *(ROOT / "server" / "store").glob("*.py")]
    for call in calls([*api, *others]):
        named = getattr(call.func, "id", "") in _RAISED and call.args
        text = template(call.args[0]) if named else None
        if text and not any(part in text for part in _TO_BOOTHS):
            yield text


def reasons() -> Iterator[str]:
    """Why a measure has no value."""
    for room in (missing, colour):
        yield from (
            text
            for name, text in vars(room).items()
            if name.isupper() and isinstance(text, str) and " " in text
        )
    yield from missing.UNCONTROLLED_LACKS.values()
    for path in (ROOT / "server" / "analysis").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "reason"
            if named or (isinstance(node, ast.keyword) and node.arg == "reason"):
                value = node.value  # type: ignore[attr-defined]
                parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                yield from (text for part in parts if (text := template(part)))


@pytest.mark.parametrize("text", sorted({*problems(), *reasons()}))
def test_what_the_server_says_is_known_to_the_page(text: str) -> None:
    assert known(text)


def test_no_sentence_of_the_server_comes_twice_and_none_loses_a_placeholder() -> None:
    rows = sentences("server")
    assert len({normal(row["en"]).lower() for row in rows}) == len(rows)
    for row, language in product(rows, LANGUAGES[1:]):
        assert row[language], row["en"]
        assert set(_PLACEHOLDER.findall(row[language])) == set(_PLACEHOLDER.findall(row["en"])), row["en"]


def documented(section: str) -> set[str]:
    """Names of measures in the reference, the marks' figures left out."""
    page = (ROOT / "docs" / "reference" / "skin-measures.md").read_text()
    table = page.partition(f"## {section}")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([a-z]\w+)`", cell)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_has_a_code_has_a_name(language: str) -> None:
    page = texts(language)
    assert set(STEPS) <= page["viewer"]["steps"].keys()
    assert {layer.value for layer in Layer} <= page["layers"]["names"].keys()
    measures = {
        name for name in documented("Measures") if "_p0" not in name and not name.endswith("uncertain")
    }
    assert measures - page["skin"].keys() == set()
    marks = {"spots", "trouble", "wrinkles", "pores", "brown_spots", "red_areas", "porphyrins", "uv_spots"}
    assert marks <= page["marks"].keys()
    assert page["mark_figures"].keys() == {"area", "count", "density", "size", "depth", "intensity"}


@pytest.mark.parametrize("path", sorted((WEB / "viewer").glob("*.ts")), ids=lambda path: path.stem)
def test_a_page_says_nothing_that_is_not_in_the_catalogue(path: Path) -> None:
    markup = re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "", path.read_text())
    said = re.findall(r"<[a-z][\w-]*(?:\s[^<>]*)?>\s*([A-Za-z][^<>{}`$;=()]*)\s*</", markup)
    labels = re.findall(r"(?:aria-label|title|heading|label|placeholder)=\"([A-Z][^\"$]*)\"", markup)
    assert [text for text in [*said, *labels] if text.strip() not in _AS_THEY_ARE] == []
