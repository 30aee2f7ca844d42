"""A picture through a dermoscope is judged by itself: what needs a face or a tab is said to be not judged."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from phantom.swatch import Law, swatch
from station.capture.gate import wanting
from station.config import load_quality
from station.protocol import Frame, Light, QualityReport, Verdict
from station.quality import CLOSE_UP, examine, hint
from station.quality.close_up import OF_A_FACE, OF_A_TAB
from tests.fixtures.close_ups import close_up

pytestmark = pytest.mark.unit

CONFIGS = Path(__file__).parents[3] / "configs" / "quality"
PROFILES = ("normal", "strict", "off")


def report(frame: Frame, profile: str = "normal") -> QualityReport:
    return examine(frame, recipe="standard", profile=load_quality(CONFIGS / f"{profile}.toml"))


def clipped(frame: Frame) -> Frame:
    pixels = np.clip(frame.pixels.astype(np.float32) * 4, 0, 255).astype(np.uint8)
    return Frame(frame.header, pixels)


def noisy(frame: Frame) -> Frame:
    noise = np.random.default_rng(1).normal(0, 25, frame.pixels.shape)
    return Frame(frame.header, np.clip(frame.pixels + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("light", [Light.WHITE, Light.CROSS_POLARISED])
def test_a_good_close_up_passes_whatever_a_face_would_need(profile: str, light: Light) -> None:
    found = report(close_up(light), profile)
    assert (found.verdict, found.recipe) == (Verdict.PASS, CLOSE_UP)
    told = {one.name: one for one in found.measures}
    for name, unit in (*OF_A_FACE, *OF_A_TAB):
        assert (told[name].value, told[name].unit, told[name].verdict) == (None, unit, Verdict.UNKNOWN)
        assert told[name].advice.startswith("Not judged")
    assert told["sharpness"].value is not None
    assert told["sharpness"].threshold is None


@pytest.mark.parametrize(("spoil", "name"), [(clipped, "overexposure"), (noisy, "noise")])
def test_what_can_be_judged_is(spoil: Callable[[Frame], Frame], name: str) -> None:
    found = report(spoil(close_up()))
    told = {one.name: one for one in found.measures}
    assert found.verdict is Verdict.FAIL
    assert told[name].verdict is Verdict.FAIL
    assert told[name].advice


@pytest.mark.parametrize("ita", [60.0, 20.0, -45.0])
def test_no_tone_of_skin_is_judged_by_its_darkness(ita: float) -> None:
    skin = swatch(1, Law.training(), side=240, px_per_mm=12, ita=ita, lights=("white",)).pictures["white"]
    header = msgspec.structs.replace(close_up().header, width=240, height=240)
    assert report(Frame(header, skin), "strict").verdict is Verdict.PASS


def test_the_same_picture_without_a_dermoscope_is_judged_as_a_face() -> None:
    frame = close_up()
    bare = Frame(msgspec.structs.replace(frame.header, dermoscope=None), frame.pixels)
    assert report(bare).recipe == "standard"
    assert report(bare).verdict is not Verdict.PASS


def test_no_missing_face_holds_a_close_up_back() -> None:
    frame = close_up()
    profile = load_quality(CONFIGS / "normal.toml")
    told = hint(frame, recipe="standard", profile=profile, previous=frame, sought=True)
    assert told.recipe == CLOSE_UP
    assert wanting(told) == ()
