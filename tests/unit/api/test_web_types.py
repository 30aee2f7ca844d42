"""The front end's types name the same fields as the messages they stand for."""

import re
from pathlib import Path

import msgspec
import pytest

from server import events
from server.api import board, problems, schemas
from station import kiosk, protocol, quality
from station.kiosk import picture

pytestmark = pytest.mark.unit

WIRE = Path(__file__).parents[3] / "web" / "src" / "wire"
_INTERFACE = re.compile(r"export interface (\w+) \{(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^  (\w+)\??:", re.MULTILINE)
_NOTICE = re.compile(r'\{\s*type: "(\w+)";(.*?)\}', re.DOTALL)
_NOTICE_FIELD = re.compile(r"(\w+):")
HOMES = (protocol, quality, kiosk, picture, schemas, board, problems)


def struct_named(name: str) -> type[msgspec.Struct]:
    found = [getattr(home, name) for home in HOMES if hasattr(home, name)]
    assert found, f"no message is called {name}"
    return found[0]  # type: ignore[no-any-return]


def interfaces() -> list[tuple[str, list[str]]]:
    return [
        (name, _FIELD.findall(body))
        for file in sorted(WIRE.glob("*.ts"))
        for name, body in _INTERFACE.findall(file.read_text())
    ]


@pytest.mark.parametrize(("name", "fields"), interfaces())
def test_an_interface_has_the_fields_of_its_message(name: str, fields: list[str]) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(struct_named(name))]
    if name == "VisitRequest":
        assert set(fields) <= set(names)
    else:
        assert sorted(fields) == sorted(names)


def test_the_front_end_knows_every_event() -> None:
    text = (WIRE / "server.ts").read_text()
    known = {name: set(_NOTICE_FIELD.findall(body)) for name, body in _NOTICE.findall(text)}
    kinds = (events.BoothSeen, events.VisitChanged, events.StillArrived, events.StepEnded)
    for kind in kinds:
        assert known[kind.__name__] == {field.name for field in msgspec.structs.fields(kind)}
