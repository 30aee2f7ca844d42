"""A booth with a dermoscope: what its file says of it, and what it cannot ask for with it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from station.config import StationConfig, load_protocol
from station.errors import ConfigError
from station.protocol import BodySite, CodedConcept, Dermoscope

pytestmark = pytest.mark.unit

CONFIGS = Path(__file__).parents[3] / "configs"
SHIPPED = CONFIGS / "station" / "dermoscope.toml"


def loaded(**overrides: Any) -> StationConfig:
    return StationConfig.load(SHIPPED, overrides)


def test_the_shipped_file_says_what_is_before_the_lens() -> None:
    assert loaded().dermoscope == Dermoscope(contact=True, immersion="ULTRASOUND_GEL", magnification=10.0)
    assert StationConfig.load(CONFIGS / "station" / "sim.toml").dermoscope is None


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"contact": False, "immersion": "WATER"}, "needs contact = true"),
        ({"contact": True, "immersion": "HONEY"}, r"camera\.dermoscope\.immersion.*HONEY"),
        ({"magnification": 0}, r"camera\.dermoscope\.magnification"),
        ({"brand": "any"}, r"unknown key camera\.dermoscope\.brand"),
    ],
)
def test_what_no_dermoscope_is_is_refused(section: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        loaded(camera={"dermoscope": section})


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"protocol": CONFIGS / "protocols" / "front.toml"}, r'\["unspecified"\].*no light uv'),
        ({"visit": {"auto_shoot_s": 1.0}}, r"auto_shoot_s must be 0"),
    ],
)
def test_what_needs_a_face_is_refused(overrides: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=f"with camera.dermoscope .*{reason}"):
        loaded(**overrides)


def test_a_booth_by_the_clock_shoots_through_one() -> None:
    assert loaded(visit={"pace": "timed", "auto_shoot_s": 1.0}).dermoscope is not None


def test_a_protocol_says_where_on_the_body(tmp_path: Path) -> None:
    text = (CONFIGS / "protocols" / "dermoscope.toml").read_text()
    lights = CONFIGS / "lighting" / "dermoscope.toml"
    path = tmp_path / "protocol.toml"
    path.write_text(text.replace("../lighting/dermoscope.toml", str(lights)))
    cheek = CodedConcept(value="36141000", scheme="SCT", meaning="Skin of cheek")
    offered = load_protocol(path)
    assert offered.site is None
    assert BodySite(code=cheek, side="left") in offered.sites
    fixed = text[: text.index("[[sites]]")].replace("../lighting/dermoscope.toml", str(lights))
    path.write_text(
        f'{fixed}[site]\ncode = {{ value = "36141000", scheme = "SCT", meaning = "Skin of cheek" }}\n'
    )
    assert load_protocol(path).site == BodySite(code=cheek)


def test_a_protocol_of_before_is_read() -> None:
    protocol = load_protocol(CONFIGS / "protocols" / "front.toml")
    told = msgspec.to_builtins(protocol)
    assert (told.pop("site"), told.pop("sites")) == (None, ())
    assert msgspec.convert(told, type(protocol)) == protocol
