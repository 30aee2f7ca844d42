"""A calibration record made of the pictures of one session."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.calibration.edge import best_focus
from station.calibration.layout import ChartLayout
from station.calibration.matrix import ColourMatrix, NotFitted, fit_matrix, patch_colours, polarisation_gain
from station.calibration.reading import DISTANCE_MM, ChartReading, find_sheet, read_chart
from station.calibration.record import (
    CalibrationRecord,
    ColourRecord,
    Criterion,
    FlatFieldRecord,
    FocusRecord,
    IrradianceRecord,
    LampRecord,
    ScaleRecord,
)
from station.protocol import CameraInfo, Frame, Light
from station.quality import flat_field, linear

DARKEST_WHITE: Final = 0.02
"""Level of the white field under which a light shows nothing on the sheet (ultraviolet)."""
_DIGITS: Final = 6


@dataclass(frozen=True)
class Limits:
    """What a calibration must reach; dE2000 of patches that the fit did not see."""

    mean_error: float = 2.0
    largest_error: float = 5.0
    skin_error: float = 2.5
    tilt_deg: float = 3.0
    residual_px: float = 1.0
    uniformity: float = 0.8


LIMITS: Final = Limits()


@dataclass(frozen=True, kw_only=True)
class ChartShot:
    """A picture of the chart under one light."""

    frame: Frame
    power: float
    """Share of the lamp's full power."""

    @property
    def light(self) -> Light:
        """The light it was taken under."""
        return self.frame.header.light

    def per_second(self, level: float) -> float:
        """A level as output of the lamp at full power, per second, without gain."""
        exposure = self.frame.header.actual
        if exposure is None or self.power <= 0:
            return 0.0
        return level / (self.power * exposure.time_s * 10 ** (exposure.gain_db / 20))


@dataclass(frozen=True, kw_only=True)
class Session:
    """Everything that was photographed for one calibration."""

    layout: ChartLayout
    shots: Sequence[ChartShot]
    """The chart under each light; white first, where its markers are looked for."""
    card: Frame | None = None
    """A white card that fills the picture, white light."""
    focus: Sequence[tuple[float, Frame]] = ()
    """The chart over positions of the focus, white light."""
    distance_mm: float = DISTANCE_MM


@dataclass(frozen=True, eq=False)
class Readings:
    """What the pictures of a session tell."""

    by_light: Mapping[Light, ChartReading]
    colours: Mapping[Light, ColourMatrix]
    lamps: tuple[LampRecord, ...]
    flat: NDArray[np.float32] | None
    unread: Mapping[Light, str] = field(default_factory=dict)
    """Why a light has no colours."""

    @property
    def first(self) -> ChartReading:
        """The reading that scale and focus are taken from."""
        return next(iter(self.by_light.values()))


def read_session(session: Session) -> Readings:
    """The readings of all pictures; raises `ChartUnreadable` where the first does not show the sheet."""
    flat = None if session.card is None else flat_field(linear(session.card))
    every = list(zip(session.shots, _chart_readings(session, flat), strict=True))
    shown = [(shot, reading) for shot, reading in every if _is_lit(reading)]
    if not shown:
        raise NotFitted("the sheet is dark under every light: were the lamps on?")
    by_light: dict[Light, ChartReading] = {}
    for shot, reading in shown:
        by_light.setdefault(shot.light, reading)
    lamps = tuple(
        LampRecord(light=shot.light, level_per_s=_rgb(reading.white.rgb, shot))
        for shot, reading in shown
        if not reading.white.clipped
    )
    colours, unread = _matrices(shown, session.layout)
    dark = {shot.light: "the sheet is dark under it" for shot, reading in every if not _is_lit(reading)}
    return Readings(by_light, colours, lamps, flat, dark | unread)


def _chart_readings(session: Session, flat: NDArray[np.float32] | None) -> Iterator[ChartReading]:
    plane, residual = find_sheet(session.shots[0].frame)
    for shot in session.shots:
        yield read_chart(
            shot.frame,
            session.layout,
            flat=flat,
            plane=plane,
            residual_px=residual,
            distance_mm=session.distance_mm,
        )


def _is_lit(reading: ChartReading) -> bool:
    return float(reading.white.rgb.max()) >= DARKEST_WHITE


def _matrices(
    shown: Sequence[tuple[ChartShot, ChartReading]], layout: ChartLayout
) -> tuple[dict[Light, ColourMatrix], dict[Light, str]]:
    """The colour matrix of each light but ultraviolet, and why a light has none."""
    colours, unread = dict[Light, ColourMatrix](), dict[Light, str]()
    for shot, reading in shown:
        if shot.light is not Light.UV:
            try:
                colours[shot.light] = fit_matrix(reading, layout)
            except NotFitted as error:
                unread[shot.light] = str(error)
    return colours, unread


def make_record(
    session: Session,
    readings: Readings,
    *,
    rig: str,
    made_at: float,
    made_by: str,
    software: str,
    irradiances: Sequence[IrradianceRecord] = (),
) -> CalibrationRecord:
    """The record of a session, with every figure held against its limit; raises `NotFitted` for a focus series without a top."""
    header, scale = session.shots[0].frame.header, _scale(readings.first)
    flat, gain = _flat(readings.flat), output_gain(session.shots, readings.by_light)
    colours = tuple(
        _colour(light, found, readings, session.layout) for light, found in readings.colours.items()
    )
    return CalibrationRecord(
        rig=rig,
        camera=header.camera or CameraInfo(manufacturer="", model=""),
        width=header.width,
        height=header.height,
        made_at=round(made_at, 3),
        made_on=f"{datetime.fromtimestamp(made_at, UTC):%Y-%m-%d}",
        made_by=made_by,
        software=software,
        chart=session.layout.name,
        reference=session.layout.source,
        scale=scale,
        colours=colours,
        lamps=readings.lamps,
        irradiances=tuple(irradiances),
        polarisation_gain=None if gain is None else round(gain, _DIGITS),
        focus=_focus(session, readings),
        flat_field=flat,
        acceptance=tuple(_acceptance(session.layout, scale, colours, flat)),
    )


def _rgb(level: NDArray[np.float64], shot: ChartShot) -> tuple[float, float, float]:
    red, green, blue = (round(shot.per_second(float(value)), _DIGITS) for value in level)
    return red, green, blue


def _scale(reading: ChartReading) -> ScaleRecord:
    return ScaleRecord(
        px_per_mm=round(reading.px_per_mm, _DIGITS),
        tilt_deg=round(reading.tilt_deg, 4),
        residual_px=round(reading.residual_px, 4),
    )


def _colour(light: Light, found: ColourMatrix, readings: Readings, layout: ChartLayout) -> ColourRecord:
    tab = readings.by_light[light].tab
    seen = patch_colours(readings.by_light[light], layout, found.matrix, found.white)
    return ColourRecord(
        light=light,
        matrix=tuple(round(float(value), _DIGITS) for value in found.matrix.ravel()),
        white=_three(found.white),
        tab_white=None if tab is None else _three(tab),
        mean_error=round(found.mean, 4),
        largest_error=round(found.maximum, 4),
        skin_error=None if found.skin is None else round(found.skin, 4),
        errors={name: round(value, 4) for name, value in found.left_out.items()},
        patches={name: _three(lab) for name, lab in seen.items()},
        fitted_error=round(float(np.mean(list(found.fitted.values()))), 4),
        refused=found.refused,
    )


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = (round(float(value), _DIGITS) for value in values)
    return red, green, blue


def _flat(flat: NDArray[np.float32] | None) -> FlatFieldRecord | None:
    if flat is None:
        return None
    rows, columns = flat.shape
    values = tuple(round(float(value), 4) for value in flat.ravel())
    return FlatFieldRecord(uniformity=round(float(flat.min()), 4), rows=rows, columns=columns, values=values)


def output_gain(shots: Sequence[ChartShot], readings: Mapping[Light, ChartReading]) -> float | None:
    """Output of the parallel-polarised light over the cross-polarised one's; None where it cannot be told.

    Per exposure and power, so that it holds for any recipe.
    """
    found = {shot.light: shot for shot in shots if shot.light in readings}
    parallel, cross = found.get(Light.PARALLEL_POLARISED), found.get(Light.CROSS_POLARISED)
    if parallel is None or cross is None:
        return None
    slope = polarisation_gain(readings[parallel.light], readings[cross.light])
    exposed = cross.per_second(1.0)
    return None if slope is None or exposed <= 0 else slope * parallel.per_second(1.0) / exposed


def _focus(session: Session, readings: Readings) -> FocusRecord | None:
    series = []
    for position, frame in session.focus:
        value = read_chart(frame, session.layout, distance_mm=session.distance_mm).mtf50
        if value is not None:
            series.append((position, round(value, 5)))
    if series:
        try:
            top = best_focus(series)
        except ValueError as error:
            raise NotFitted(str(error)) from error
        return FocusRecord(mtf50=round(top.mtf50, 5), position=round(top.position, 4), series=tuple(series))
    value = readings.first.mtf50
    return None if value is None else FocusRecord(mtf50=round(value, 5))


def _acceptance(
    layout: ChartLayout,
    scale: ScaleRecord,
    colours: Sequence[ColourRecord],
    flat: FlatFieldRecord | None,
) -> Iterator[Criterion]:
    yield _at_most("tilt of the chart", scale.tilt_deg, "deg", LIMITS.tilt_deg, "scale")
    yield _at_most("error of the marker corners", scale.residual_px, "px", LIMITS.residual_px, "scale")
    if flat is not None:
        yield Criterion(
            name="uniformity of the light",
            value=flat.uniformity,
            unit="",
            limit=LIMITS.uniformity,
            passed=flat.uniformity >= LIMITS.uniformity,
            needed_for="colour",
        )
    if not layout.traceable:
        yield _at_most("patches of unknown true colour (printed, not measured)", 24, "", 0, "colour")
    for colour in colours:
        part = f"colour/{colour.light}"
        yield _at_most("mean colour error", colour.mean_error, "dE2000", LIMITS.mean_error, part)
        yield _at_most("largest colour error", colour.largest_error, "dE2000", LIMITS.largest_error, part)
        if colour.skin_error is not None:
            skin = colour.skin_error
            yield _at_most("colour error of skin patches", skin, "dE2000", LIMITS.skin_error, part)


def _at_most(name: str, value: float, unit: str, limit: float, needed_for: str) -> Criterion:
    return Criterion(
        name=name, value=value, unit=unit, limit=limit, passed=value <= limit, needed_for=needed_for
    )
