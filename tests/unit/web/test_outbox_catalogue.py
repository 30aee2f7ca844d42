"""Why something is not further on its way, and what to do: the outbox page has it in every language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.dimse import commitment, reasons
from tests.unit.web.test_viewer_catalogue import ROOT, calls, known, template

pytestmark = pytest.mark.unit

_OUTBOX = [
    *sorted((ROOT / "server" / "outbox").rglob("*.py")),
    *(ROOT / "server" / "dimse" / name for name in ("association.py", "reasons.py", "status.py")),
]
_NAMED = {"Outcome", "Verdict", "Noted", "DestinationUnavailable", "_later"}
_SAID = {"reason", "step"}
_ENDS = ("TooSlow", "Closed")


def sentences(path: Path) -> Iterator[str]:
    """What a module says of a delivery; a value that it fills in is a 7."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _SAID:
            yield from _texts(node.value)
        if isinstance(node, ast.FunctionDef) and node.name == "_fault":
            returned = (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)
            yield from (f"7 {text}" for one in returned for text in _texts(one))
    for call in calls([path]):
        name = getattr(call.func, "id", "")
        if name == "PeerUnavailable":
            reason, step = (template(one) for one in call.args)
            if step is not None:
                yield f"{reason}; {step}"
        elif name in _NAMED:
            yield from (
                text for one in (*call.args, *(word.value for word in call.keywords)) for text in _texts(one)
            )


def _texts(value: ast.expr) -> Iterator[str]:
    parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    for text in map(template, parts):
        if text is not None and " " in text.replace("7", "").strip():
            yield text


def tables() -> Iterator[str]:
    """What is looked up by a code."""
    for reason, step in reasons._REJECTIONS.values():
        yield f"PACS@host:104: {reason}; {step}"
    yield from map(commitment.failure_text, (*commitment._REASONS, 0xC000))


def words() -> Iterator[str]:
    """How an association ends, as it stands within a sentence."""
    for path in sorted((ROOT / "server" / "dimse").glob("*.py")):
        for call in calls([path]):
            if getattr(call.func, "id", "") in _ENDS and call.args:
                text = template(call.args[0])
                if text is not None:
                    yield text


@pytest.mark.parametrize(
    "text", sorted({*(one for path in _OUTBOX for one in sentences(path)), *tables(), *words()})
)
def test_what_a_delivery_waits_for_is_known_to_the_page(text: str) -> None:
    assert known(text)
