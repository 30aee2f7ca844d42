"""Measures held against thresholds: the verdict on a picture, with the number behind each part of it."""

import math
from collections.abc import Mapping

import msgspec

from station.protocol import Box, Face, Frame, Light, QualityMeasure, QualityReport, Verdict
from station.quality.advice import sentence
from station.quality.close_up import close_up_readings
from station.quality.eyes import eye_opening
from station.quality.motion import motion
from station.quality.placement import Baseline
from station.quality.profile import CLOSE_UP, UNCONTROLLED, Limit, QualityProfile
from station.quality.readings import (
    Known,
    baseline_readings,
    pair_readings,
    pixel_readings,
    placement_readings,
)
from station.quality.reflection import is_pair
from station.quality.sample import Reading, take_sample
from station.quality.standard import standard_readings
from station.quality.zones import Mask

HINT_PIXELS = 200_000
"""A hint averages pixels of a face that has more than these."""
NO_FACE_ADVICE = "No face in the picture: seat the subject in front of the camera."
SIGNED = frozenset({"neutral_tab_exposure", "distance", "distance_change"})
"""Measures that are wrong either way; their limits hold for the absolute value."""
_ORDER = (Verdict.PASS, Verdict.UNKNOWN, Verdict.WARN, Verdict.FAIL)


def examine(
    frame: Frame,
    *,
    recipe: str,
    profile: QualityProfile,
    face: Face | Box | None = None,
    skin: Mask | None = None,
    pair: Frame | None = None,
    parts: Mapping[str, Mask] | None = None,
    baseline: Baseline | None = None,
) -> QualityReport:
    """Every measure of a still at full resolution and the verdict they lead to.

    `recipe` is `uncontrolled` for photographs from elsewhere. `face` and `skin` (frame height x width, non-zero on skin) are
    in pixels of the frame; without a face the middle of the picture is measured, without its landmarks the pose cannot be
    told. `pair` is the other polarisation of the same view, `parts` the masks of hair and glasses by name,
    `baseline` the picture of this view at the visit to compare with.

    Of a picture through a dermoscope, which shows no face, only frame and profile count; it is judged by `CLOSE_UP`.
    """
    if frame.header.dermoscope is not None:
        return judge(close_up_readings(frame), recipe=CLOSE_UP, profile=profile, light=frame.header.light)
    known = Known(_face(face), parts, baseline)
    sample = take_sample(frame, known.face, skin)
    readings = pixel_readings(frame, sample, recipe, profile, known)
    if pair is not None and is_pair(frame, pair):
        readings += pair_readings(sample, take_sample(pair, known.face, skin))
    if frame.header.light is not Light.UV:
        readings += placement_readings(frame, sample, recipe, profile, known)
        readings += baseline_readings(frame, known) + standard_readings(frame, known.face)
    return judge(readings, recipe=recipe, profile=profile, light=frame.header.light)


def hint(
    frame: Frame,
    *,
    recipe: str,
    profile: QualityProfile,
    face: Face | Box | None = None,
    skin: Mask | None = None,
    parts: Mapping[str, Mask] | None = None,
    previous: Frame | None = None,
    baseline: Baseline | None = None,
    sought: bool = False,
) -> QualityReport:
    """The measures of `examine` for a preview frame, on a reduced copy of a large face; the regions then say so.

    `sought`: somebody looked for a face in the picture. If there is none, `framing` fails where it is limited. With the
    `previous` frame of the preview also how far the face moves during an exposure.
    """
    if frame.header.dermoscope is not None:
        readings = close_up_readings(frame, reduction=_reduction(frame, None))
        return judge(readings, recipe=CLOSE_UP, profile=profile, light=frame.header.light)
    known = Known(_face(face), parts, baseline)
    sample = take_sample(frame, known.face, skin, reduction=_reduction(frame, known.box))
    readings = pixel_readings(frame, sample, recipe, profile, known)
    if frame.header.light is not Light.UV:
        readings += placement_readings(frame, sample, recipe, profile, known)
    if previous is not None:
        readings += (motion(previous, frame, known.box),)
    report = judge(readings, recipe=recipe, profile=profile, light=frame.header.light)
    limited = profile.limit("framing", recipe, frame.header.light) is not None
    return _without_face(report) if sought and face is None and limited else report


def eyes_closed(frame: Frame, *, recipe: str, profile: QualityProfile, face: Face | None) -> QualityReport:
    """Whether ultraviolet light may be switched on, of a frame in white light: only `pass` says that the eyes are closed.

    Held to the limits of light `uv`. Where it cannot be told the verdict is `unknown`.
    """
    reading = eye_opening(frame, face)
    report = judge((reading,), recipe=recipe, profile=profile, light=Light.UV)
    if reading.value is None or report.measures[0].threshold is None:
        return msgspec.structs.replace(report, verdict=Verdict.UNKNOWN)
    return report


def judge(
    readings: tuple[Reading, ...], *, recipe: str, profile: QualityProfile, light: Light
) -> QualityReport:
    """The report of these readings: the worst verdict of those that the profile limits, fail over warn over unknown.

    What nobody gave the means to tell (`Reading.given`) is reported as unknown and has no part in it.
    """
    measures, verdicts = [], [Verdict.PASS]
    for reading in readings:
        limit = profile.limit(reading.name, recipe, light)
        measures.append(_measure(reading, limit, elsewhere=recipe == UNCONTROLLED))
        if limit is not None and reading.given:
            verdicts.append(measures[-1].verdict)
    return QualityReport(
        verdict=max(verdicts, key=_ORDER.index),
        profile=profile.name,
        recipe=recipe,
        threshold_version=profile.version,
        measures=tuple(measures),
    )


def _without_face(report: QualityReport) -> QualityReport:
    measures = tuple(
        msgspec.structs.replace(measure, verdict=Verdict.FAIL, advice=NO_FACE_ADVICE)
        if measure.name == "framing"
        else measure
        for measure in report.measures
    )
    return msgspec.structs.replace(report, verdict=Verdict.FAIL, measures=measures)


def _face(face: Face | Box | None) -> Face | None:
    return Face(box=face) if isinstance(face, Box) else face


def _reduction(frame: Frame, face: Box | None) -> int:
    area = frame.header.width * frame.header.height / 4 if face is None else 1.2 * face.width * face.height
    return max(1, math.ceil(math.sqrt(area / HINT_PIXELS)))


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
    value = reading.value
    if reading.name in SIGNED:
        limit, value = limit.of(value), abs(value)
    sign = 1 if limit.fail >= limit.warn else -1
    if sign * value >= sign * limit.fail:
        return Verdict.FAIL, limit.fail
    if sign * value >= sign * limit.warn:
        return Verdict.WARN, limit.warn
    return Verdict.PASS, limit.warn
