"""The table of measures: values by region, and their course over the visits."""

from collections.abc import Sequence

from server.signing.paper import words
from server.signing.paper.canvas import LEFT, MUTED, WIDTH, Canvas, columns
from server.signing.paper.course import draw_course
from server.signing.sheet import Past, Result, Sheet

_ROW = 4.9
_REGIONS = tuple(words.REGIONS)
_NAME, _PICTURE, _VALUE = 46.0, 31.0, 13.0
_WIDTHS = (_NAME, _PICTURE, *[_VALUE] * len(_REGIONS), WIDTH - _NAME - _PICTURE - _VALUE * len(_REGIONS))


_OF_WHICH = "Each measure is told of the first photograph that has it."
_COURSE = (
    "Course: the first region's value at this visit (right) and up to eleven earlier ones of the same view and light; "
    "rings were measured with another method. A difference smaller than the booth's repeatability is none."
)


def draw_measures(canvas: Canvas, sheet: Sheet) -> None:
    """Draw the table; nothing where nothing was measured."""
    places, course = columns(_WIDTHS), any(one.past for one in sheet.results)
    if sheet.results:
        canvas.heading("Measures", needs=_ROW * 6)
        _draw_titles(canvas, places, course=course)
    for one in sheet.results:
        if canvas.need(_ROW):
            _draw_titles(canvas, places, course=course)
        _draw_row(canvas, places, one, sheet.opened_at)
    if sheet.results:
        canvas.set_xy(LEFT, canvas.get_y() + 1.5)
        canvas.paragraph(f"{_OF_WHICH} {_COURSE}" if course else _OF_WHICH, size=7.5, colour=MUTED)
    _draw_unmeasured(canvas, sheet)


def _draw_titles(canvas: Canvas, places: Sequence[float], *, course: bool) -> None:
    y = canvas.get_y()
    canvas.write_at(places[1], y, "Photograph", size=7.5, colour=MUTED)
    for place, region in zip(places[2:], _REGIONS, strict=False):
        canvas.write_at(place, y, words.REGIONS[region], size=7.5, colour=MUTED, width=_VALUE - 1, align="R")
    if course:
        canvas.write_at(places[-1] + 3, y, "Course", size=7.5, colour=MUTED)
    canvas.rule(y + 4)
    canvas.set_xy(LEFT, y + 4.4)


def _draw_row(canvas: Canvas, places: Sequence[float], one: Result, at: float) -> None:
    y, unit = canvas.get_y(), words.unit_name(one.unit)
    name = words.measure_name(one.name)
    canvas.write_at(places[0], y + 0.7, f"{name}, {unit}" if unit else name, size=8, width=_NAME - 1.5)
    picture = words.picture_name(one.view, one.light)
    canvas.write_at(places[1], y + 0.8, picture, size=7, colour=MUTED, width=_PICTURE - 1.5)
    values = (
        one.values
        if set(one.values) & set(_REGIONS)
        else dict(zip(_REGIONS, one.values.values(), strict=False))
    )
    for place, region in zip(places[2:], _REGIONS, strict=False):
        text = words.number(values[region]) if region in values else "–"
        canvas.write_at(place, y + 0.7, text, size=8, width=_VALUE - 1.5, align="R")
    if one.past:
        now = Past(at, next(iter(_first(one))), comparable=True)
        draw_course(canvas, (places[-1] + 3, y + 0.9, _WIDTHS[-1] - 4, _ROW - 2), one.past, now)
    canvas.rule(y + _ROW)
    canvas.set_xy(LEFT, y + _ROW)


def _first(one: Result) -> list[float]:
    """The value that the course is of, first."""
    return [one.values[region] for region in ("face", "skin", "neck") if region in one.values] or [
        *one.values.values()
    ]


def _draw_unmeasured(canvas: Canvas, sheet: Sheet) -> None:
    if not sheet.unmeasured:
        return
    canvas.heading("Not measured", needs=10)
    for reason, names in sheet.unmeasured:
        told = ", ".join(words.measure_name(name) for name in names)
        canvas.paragraph(f"{told}: {reason}", size=7.5, colour=MUTED)
