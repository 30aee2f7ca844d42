"""Lighting recipes and visit protocols: shipped files load, mistakes are named."""

from pathlib import Path

import pytest

from station.config import load_protocol, load_recipe
from station.errors import ConfigError
from station.protocol import Light

pytestmark = pytest.mark.unit

CONFIGS = Path(__file__).parents[3] / "configs"


def names(folder: str) -> list[str]:
    return sorted(path.name for path in (CONFIGS / folder).glob("*.toml"))


@pytest.mark.parametrize("name", names("lighting"))
def test_every_lighting_file_loads(name: str) -> None:
    recipe = load_recipe(CONFIGS / "lighting" / name)
    assert recipe.name == name.removesuffix(".toml")
    assert recipe.steps[0].light in (Light.WHITE, Light.UNCONTROLLED)


@pytest.mark.parametrize("name", names("protocols"))
def test_every_protocol_file_loads(name: str) -> None:
    assert load_protocol(CONFIGS / "protocols" / name).name == name.removesuffix(".toml")


def test_polarised_steps_can_be_subtracted() -> None:
    steps = {step.light: step for step in load_recipe(CONFIGS / "lighting/standard.toml").steps}
    cross, parallel = steps[Light.CROSS_POLARISED], steps[Light.PARALLEL_POLARISED]
    assert (cross.power, cross.exposure) == (parallel.power, parallel.exposure)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('name = "x"\nsteps = []\n', "steps"),
        ('name = "x"\n[[steps]]\nlight = "blue"\npower = 0.5\nexposure = { time_s = 1 }\n', "light"),
        ('name = "x"\n[[steps]]\nlight = "uv"\npower = 2.0\nexposure = { time_s = 1 }\n', "<= 1"),
        (
            'name = "x"\n[[steps]]\nlight = "uv"\npower = 1\nexposure = { time_s = 1, iso = 3 }\n',
            r"unknown key steps\.0\.exposure\.iso",
        ),
    ],
)
def test_a_mistake_in_a_recipe_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(ConfigError, match=named):
        load_recipe(tmp_path / "r.toml")
