"""Measures held against thresholds: the verdict on a picture, with the number behind each part of it."""

import math

import numpy as np

from station.protocol import Box, Frame, Light, Pixels, QualityMeasure, QualityReport, Verdict
from station.quality.advice import sentence
from station.quality.colour import skin_cast
from station.quality.exposure import clipping, scene_exposure, tab_exposure
from station.quality.profile import UNCONTROLLED, Limit, QualityProfile
from station.quality.reflection import (
    is_pair,
    polarised_pair,
    polarised_reflection,
    polariser_leak,
    specular_reflection,
)
from station.quality.sample import Reading, Sample, take_sample
from station.quality.sharpness import OF_BEST_FOCUS, face_sharpness, sharpness
from station.quality.tone import Linear, linear_pixels
from station.quality.zones import Mask

HINT_PIXELS = 200_000
"""A hint averages pixels of a face that has more than these."""
_SCENE_SIDE = 320
_ORDER = (Verdict.PASS, Verdict.UNKNOWN, Verdict.WARN, Verdict.FAIL)


def examine(
    frame: Frame,
    *,
    recipe: str,
    profile: QualityProfile,
    face: Box | None = None,
    skin: Mask | None = None,
    pair: Frame | None = None,
    best_focus: float | None = None,
) -> QualityReport:
    """Every measure of a still at full resolution and the verdict they lead to.

    `recipe` is `uncontrolled` for photographs from elsewhere. `face` and `skin` (frame height x width, non-zero on skin) are
    in pixels of the frame; without a face the middle of the picture is measured. `pair` is the other polarisation of the
    same view. `best_focus` is the detail ratio of this rig at its best focus.
    """
    sample = take_sample(frame, face, skin)
    readings = _readings(frame, sample, recipe, profile, best_focus)
    if pair is not None and is_pair(frame, pair):
        readings += _pair_readings(sample, take_sample(pair, face, skin))
    return judge(readings, recipe=recipe, profile=profile, light=frame.header.light)


def hint(
    frame: Frame,
    *,
    recipe: str,
    profile: QualityProfile,
    face: Box | None = None,
    best_focus: float | None = None,
) -> QualityReport:
    """The measures of `examine` for a preview frame, on a reduced copy of a large face; the regions then say so."""
    sample = take_sample(frame, face, reduction=_reduction(frame, face))
    readings = _readings(frame, sample, recipe, profile, best_focus)
    return judge(readings, recipe=recipe, profile=profile, light=frame.header.light)


def judge(
    readings: tuple[Reading, ...], *, recipe: str, profile: QualityProfile, light: Light
) -> QualityReport:
    """The report of these readings: the worst verdict of those that the profile limits, fail over warn over unknown."""
    measures, verdicts = [], [Verdict.PASS]
    for reading in readings:
        limit = profile.limit(_limited_as(reading), recipe, light)
        measures.append(_measure(reading, limit, elsewhere=recipe == UNCONTROLLED))
        if limit is not None:
            verdicts.append(measures[-1].verdict)
    return QualityReport(
        verdict=max(verdicts, key=_ORDER.index),
        profile=profile.name,
        recipe=recipe,
        threshold_version=profile.version,
        measures=tuple(measures),
    )


def _readings(
    frame: Frame, sample: Sample, recipe: str, profile: QualityProfile, best_focus: float | None
) -> tuple[Reading, ...]:
    if recipe == UNCONTROLLED:
        return (
            *scene_exposure(sample, _scene(frame)),
            clipping(sample),
            face_sharpness(sample),
            specular_reflection(sample),
            skin_cast(sample),
        )
    light = frame.header.light
    tab = tab_exposure(sample, white=profile.tab_white.get(light, 1.0))
    if light is Light.UV:
        # A tab does not fluoresce: it says nothing about the exposure or the colour of the skin.
        return clipping(sample), *sharpness(sample, best_focus)
    return *tab, clipping(sample), *sharpness(sample, best_focus), specular_reflection(sample)


def _pair_readings(first: Sample, second: Sample) -> tuple[Reading, ...]:
    pair = polarised_pair(first, second)
    if pair is None:
        return ()
    return *polarised_reflection(pair, first.region, first.zones), polariser_leak(pair, first.region)


def _scene(frame: Frame) -> Linear:
    """The whole photograph as light, thinned to a side of 320 px or less."""
    step = max(1, math.ceil(max(frame.pixels.shape[:2]) / _SCENE_SIDE))
    pixels: Pixels = np.ascontiguousarray(frame.pixels[::step, ::step])  # type: ignore[assignment]
    return linear_pixels(frame.header, pixels)


def _reduction(frame: Frame, face: Box | None) -> int:
    area = frame.header.width * frame.header.height / 4 if face is None else 1.2 * face.width * face.height
    return max(1, math.ceil(math.sqrt(area / HINT_PIXELS)))


def _limited_as(reading: Reading) -> str:
    return f"relative_{reading.name}" if reading.unit == OF_BEST_FOCUS else reading.name


def _measure(reading: Reading, limit: Limit | None, *, elsewhere: bool) -> QualityMeasure:
    verdict, threshold = _verdict(reading, limit)
    advice = (
        sentence(reading, elsewhere=elsewhere) if verdict in (Verdict.WARN, Verdict.FAIL) else reading.reason
    )
    return QualityMeasure(
        name=reading.name,
        value=reading.value,
        unit=reading.unit,
        verdict=verdict,
        threshold=threshold,
        region=reading.region,
        advice=advice,
    )


def _verdict(reading: Reading, limit: Limit | None) -> tuple[Verdict, float | None]:
    if reading.value is None:
        return Verdict.UNKNOWN, None
    if limit is None:
        return Verdict.PASS, None
    value = abs(reading.value) if reading.name == "neutral_tab_exposure" else reading.value
    sign = 1 if limit.fail >= limit.warn else -1
    if sign * value >= sign * limit.fail:
        return Verdict.FAIL, limit.fail
    if sign * value >= sign * limit.warn:
        return Verdict.WARN, limit.warn
    return Verdict.PASS, limit.warn
