"""`dermabooth demo --once` with other people before the lens: the measures are theirs."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dermabooth.commands.analyze import open_examiner
from phantom import Identity
from tests.fixtures.demo import Demo, person
from tests.fixtures.dicom_validators import assert_valid
from tests.fixtures.real_face import real_face

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

CALIBRATED_LIGHT = "cross_polarised"


def value(outcome: dict[str, Any], name: str, light: str, region: str = "face") -> float:
    (found,) = (
        measure["value"]
        for measure in outcome["measures"]
        if (measure["region"], measure["name"], measure["light"]) == (region, name, light)
    )
    return float(found)


def test_another_person_in_the_chair_moves_the_measures_with_the_truth(demo: Demo, tmp_path: Path) -> None:
    light, dark = person(dark=False), person(dark=True)
    other = Demo.sim(tmp_path, dark, "--once")
    try:
        assert other.wait_ended() == 0, other.output
    finally:
        other.close()
    truth = [Identity.sample(seed, demo=True) for seed in (light, dark)]
    melanin = [value(each.outcome, "melanin", CALIBRATED_LIGHT) for each in (demo, other)]
    ita = [value(each.outcome, "ita", CALIBRATED_LIGHT) for each in (demo, other)]
    assert truth[1].melanin > truth[0].melanin
    assert melanin[1] > melanin[0] + 0.3
    assert ita[0] - ita[1] == pytest.approx(truth[0].ita - truth[1].ita, rel=0.3)


def test_a_photograph_before_the_lens_gives_the_measures_of_that_photograph(
    demo: Demo, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(real_face()).save(pictures / "astronaut.png")
    booth = Demo.files(tmp_path, pictures, "--once")
    try:
        assert booth.wait_ended() == 0, booth.output
    finally:
        booth.close()
    outcome = booth.outcome
    assert outcome["stills"] == {"taken": 1, "stored": 1, "lost": 0}
    assert_valid([Path(instance["path"]) for instance in outcome["instances"]])
    alone = asyncio.run(_analysed(pictures / "astronaut.png", tmp_path / "out", demo.triton))
    assert _by_name(outcome["measures"]) == _by_name(alone["measures"])
    assert len(_by_name(outcome["measures"])) > 50


async def _analysed(picture: Path, out: Path, triton: str) -> dict[str, Any]:
    async with open_examiner(triton) as examiner:
        return await examiner.examine(picture, out)


def _by_name(measures: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    """What was measured; a visit does not tell for each picture what another light would have shown."""
    return {
        (measure["region"], measure["name"]): pytest.approx(measure["value"], rel=1e-6)
        for measure in measures
        if measure["value"] is not None
    }
