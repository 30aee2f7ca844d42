"""Threshold files."""

import tomllib

import pytest

from station.protocol import Light
from station.quality import MEASURES, Limit, load_profile
from station.quality.advice import sentence
from station.quality.sample import Reading
from tests.fixtures.skin_pictures import CONFIGS, profile

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_read(path: object) -> None:
    assert hasattr(path, "read_text")
    found = load_profile(tomllib.loads(path.read_text()))
    assert found.name
    assert found.version.startswith(f"{found.name}/")


def test_strict_is_nowhere_laxer_than_normal() -> None:
    strict, normal = profile("strict"), profile("normal")
    for scope, limits in normal.limits.items():
        for name, limit in limits.items():
            other = strict.limits[scope][name]
            sign = 1 if limit.fail >= limit.warn else -1
            assert sign * other.warn <= sign * limit.warn, (scope, name)
            assert sign * other.fail <= sign * limit.fail, (scope, name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "x"}, "version"),
        ({"name": "x", "version": "x/1", "limit": {}}, "limit"),
        ({"name": "x", "version": "x/1", "limits": {"booth": {"noise": {"warn": 1}}}}, "fail"),
        (
            {"name": "x", "version": "x/1", "limits": {"booth": {"brightness": {"warn": 1, "fail": 2}}}},
            "brightness",
        ),
        ({"name": "x", "version": "x/1", "tab_white": {"green": 1.0}}, "green"),
        ({"name": "x", "version": "x/1", "guide": {"top": {}}}, "top"),
        ({"name": "x", "version": "x/1", "guide": {"front": {"size": 2.0}}}, "size"),
    ],
)
def test_a_mistake_is_named(data: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_profile(data)


def test_limits_fall_back_from_light_to_booth() -> None:
    found = profile("normal")
    assert found.limit("specular_reflection", "standard", Light.CROSS_POLARISED) == Limit(warn=1.5, fail=3.0)
    assert found.limit("specular_reflection", "standard", Light.WHITE) == Limit(warn=8.0, fail=20.0)
    assert found.limit("polariser", "uncontrolled", Light.UNCONTROLLED) is None


@pytest.mark.parametrize("name", sorted(name for name in MEASURES if not name.startswith("relative")))
def test_every_measure_has_a_sentence_for_the_operator(name: str) -> None:
    for elsewhere in (False, True):
        text = sentence(Reading(name, -1.0, "", "left_cheek"), elsewhere=elsewhere)
        assert text.endswith(".")
        assert "{" not in text


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("head_pose", [f"{axis}_{sign}" for axis in ("yaw", "pitch", "roll") for sign in ("more", "less")]),
        ("framing", ["left", "right", "high", "low", "cut"]),
        ("distance", ["near", "far"]),
        ("distance_change", ["near", "far"]),
        ("occlusion", ["hair", "glasses"]),
    ],
)
def test_each_way_to_be_wrong_has_its_own_sentence(name: str, faults: list[str]) -> None:
    readings = [Reading(name, 1.0, "", "forehead", fault=fault) for fault in ("", *faults)]
    assert len({sentence(reading, elsewhere=False) for reading in readings}) == len(faults) + 1
