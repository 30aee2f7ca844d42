"""The first page: who, what, when, who signed, and what models say."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from server.signing.paper import words
from server.signing.paper.canvas import GOOD, LEFT, MUTED, POOR, SHADE, WARN, WIDTH, Canvas, Colour, columns
from server.signing.paper.course import draw_course
from server.signing.sheet import Assessment, Past, Photograph, Sheet
from station.protocol import Light, Verdict, View

COLOURS: dict[Verdict, Colour] = {
    Verdict.PASS: GOOD,
    Verdict.WARN: WARN,
    Verdict.FAIL: POOR,
    Verdict.UNKNOWN: MUTED,
}
_ROW = 5.2
_COURSE = (58.0, 26.0, 40.0, 58.0)


def draw_front(canvas: Canvas, sheet: Sheet, zone: tzinfo) -> None:
    """Draw from the present page on."""
    canvas.write_at(LEFT, 21, "Skin photography report", size=17, strong=True)
    canvas.set_xy(LEFT, 31)
    _draw_signature(canvas, sheet, zone)
    y = canvas.get_y() + 3
    half = WIDTH / 2 - 3
    ends = [
        _draw_facts(canvas, "Patient", _patient(sheet), LEFT, y, half),
        _draw_facts(canvas, "Visit", _visit(sheet, zone), LEFT + half + 6, y, half),
    ]
    canvas.set_xy(LEFT, max(ends))
    _draw_assessments(canvas, sheet)
    _draw_quality(canvas, sheet.photographs)


def moment(at: float, zone: tzinfo) -> str:
    """Date, time and zone."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M %Z")


def _draw_signature(canvas: Canvas, sheet: Sheet, zone: tzinfo) -> None:
    colour = GOOD if sheet.signed else WARN
    lines = list(_signature(sheet, zone))
    y, height = canvas.get_y(), 4.6 * len(lines) + 4
    with canvas.local_context(fill_color=SHADE):
        canvas.rect(LEFT, y, WIDTH, height, style="F")
    with canvas.local_context(fill_color=colour):
        canvas.rect(LEFT, y, 1.4, height, style="F")
    for number, line in enumerate(lines):
        first = number == 0
        canvas.write_at(
            LEFT + 5,
            y + 2.2 + 4.6 * number,
            line,
            size=9.5 if first else 8,
            colour=colour if first else MUTED,
            width=WIDTH - 8,
            strong=first,
        )
    canvas.set_xy(LEFT, y + height)


def _signature(sheet: Sheet, zone: tzinfo) -> Iterator[str]:
    signed = sheet.signed
    if signed is None:
        yield "Not signed: a draft for whoever is to sign it"
        yield f"Made {moment(sheet.made_at, zone)}. No person has verified what is said here."
        return
    yield f"Signed by {' / '.join(words.person(signed.name))}, {signed.organization}"
    yield f"{moment(signed.at, zone)} · account {signed.account} · signature {signed.id}"
    if signed.replaces_at is not None:
        yield f"Takes the place of the report that was signed {moment(signed.replaces_at, zone)}"


def _patient(sheet: Sheet) -> Iterator[tuple[str, str]]:
    patient = sheet.patient
    for number, name in enumerate(words.person(patient.patient_name) or ["not given"]):
        yield ("Name" if number == 0 else "", name)
    issuer = f" ({patient.issuer_of_patient_id})" if patient.issuer_of_patient_id else ""
    yield "ID", f"{patient.patient_id}{issuer}" if patient.patient_id else "not given"
    birth = patient.patient_birth_date
    yield "Born", f"{birth[:4]}-{birth[4:6]}-{birth[6:]}" if len(birth) == 8 else "not given"
    yield "Sex", words.SEXES.get(patient.patient_sex, "not given")
    if (order := sheet.order) is not None:
        yield "Order", order.accession_number or "without accession number"
        if order.referring_physician_name:
            yield "Referred by", " / ".join(words.person(order.referring_physician_name))
        if asked := order.requested_procedure_description or order.reason:
            yield "Asked for", asked


def _visit(sheet: Sheet, zone: tzinfo) -> Iterator[tuple[str, str]]:
    yield "Photographed", moment(sheet.opened_at, zone)
    yield "Booth", sheet.booth_id
    there = len(sheet.photographs)
    missing = f" of {sheet.expected}: the visit is not complete" if there < sheet.expected else ""
    yield "Photographs", f"{there}{missing}"
    yield "Protocol", sheet.protocol
    views = dict.fromkeys(words.VIEWS[one.view].lower() for one in sheet.photographs)
    lights = dict.fromkeys(words.LIGHTS[one.light] for one in sheet.photographs)
    yield "Views", ", ".join(views)
    yield "Lights", ", ".join(lights)
    yield "Skin", words.PREPARATIONS[sheet.preparation]
    yield from _conditions(sheet)


def _conditions(sheet: Sheet) -> Iterator[tuple[str, str]]:
    of = sheet.conditions
    told = [
        f"{words.number(value)} {unit}"
        for value, unit in (
            (of.room_c, "°C"),
            (of.humidity_pct, "% humidity"),
            (of.acclimatised_min, "min of rest"),
        )
        if value is not None
    ]
    if told:
        yield "Room", ", ".join(told)
    if of.products:
        yield "Products", of.products


def _draw_facts(
    canvas: Canvas, title: str, facts: Iterator[tuple[str, str]], x: float, y: float, width: float
) -> float:
    canvas.write_at(x, y, title, size=11, strong=True)
    y += 7
    for name, value in facts:
        canvas.write_at(x, y, name, colour=MUTED, width=22)
        canvas.write_at(x + 23, y, value, width=width - 23)
        y += 4.9
    return y


def _draw_assessments(canvas: Canvas, sheet: Sheet) -> None:
    if not sheet.assessments:
        return
    canvas.heading("What models say of the whole face", needs=_ROW * 3)
    places = columns(_COURSE)
    earlier = "Earlier visits" if any(one.past for one in sheet.assessments) else ""
    for place, title in zip(places, ("", "Now", earlier, "Model"), strict=True):
        canvas.write_at(place, canvas.get_y(), title, size=7.5, colour=MUTED)
    canvas.set_xy(LEFT, canvas.get_y() + 4.4)
    for one in sorted(sheet.assessments, key=_rank):
        canvas.need(_ROW)
        y = canvas.get_y()
        canvas.write_at(places[0], y + 0.8, words.measure_name(one.name), width=_COURSE[0] - 2)
        canvas.write_at(places[1], y + 0.8, _said(one))
        if one.past:
            draw_course(canvas, (places[2], y + 1, 34, 3), one.past, Past(sheet.opened_at, one.value, True))
        canvas.write_at(places[3], y + 0.8, one.method, size=7.5, colour=MUTED, width=_COURSE[3])
        canvas.rule(y + _ROW)
        canvas.set_xy(LEFT, y + _ROW)
    canvas.set_xy(LEFT, canvas.get_y() + 1.5)
    canvas.paragraph(
        "Percentages are how strongly a model answers, not how likely an illness is.", size=7.5, colour=MUTED
    )


def _rank(one: Assessment) -> tuple[bool, bool, float]:
    """Severity and acne first, then conditions, the likeliest first."""
    return one.name != "acne_severity", one.name != "acne_probability", -one.value


def _said(one: Assessment) -> str:
    return f"{one.value:.0f} of 4" if one.name == "acne_severity" else f"{100 * one.value:.0f} %"


def _draw_quality(canvas: Canvas, photographs: Sequence[Photograph]) -> None:
    lights = list(dict.fromkeys(one.light for one in photographs))
    views = list(dict.fromkeys(one.view for one in photographs))
    if not photographs:
        return
    canvas.heading("Quality of the photographs", needs=_ROW * (len(views) + 1))
    widths = [32.0, *[(WIDTH - 32) / len(lights)] * len(lights)]
    places = columns(widths)
    for place, light in zip(places[1:], lights, strict=True):
        canvas.write_at(place, canvas.get_y(), words.sentence(words.LIGHTS[light]), size=7.5, colour=MUTED)
    canvas.set_xy(LEFT, canvas.get_y() + 4.4)
    for view in views:
        canvas.need(_ROW)
        _draw_verdicts(canvas, places, view, lights, photographs)
    canvas.set_xy(LEFT, canvas.get_y() + 1.5)
    for told, names in _advice(photographs).items():
        canvas.paragraph(f"{'; '.join(names)}: {told}", size=7.5, colour=MUTED)


def _advice(photographs: Sequence[Photograph]) -> dict[str, list[str]]:
    """What is wrong, each once, with the photographs that it is said of."""
    found: dict[str, list[str]] = {}
    for one in photographs:
        why = f"Taken nevertheless: {one.override}" if one.override else ""
        told = " ".join(filter(None, (one.advice, why)))
        if told and one.verdict is not Verdict.PASS:
            found.setdefault(told, []).append(words.picture_name(one.view, one.light))
    return found


def _draw_verdicts(
    canvas: Canvas,
    places: Sequence[float],
    view: View,
    lights: Sequence[Light],
    photographs: Sequence[Photograph],
) -> None:
    y = canvas.get_y()
    canvas.write_at(places[0], y + 0.8, words.VIEWS[view])
    for place, light in zip(places[1:], lights, strict=True):
        found = [one.verdict for one in photographs if (one.view, one.light) == (view, light)]
        if found:
            canvas.write_at(place, y + 0.8, words.VERDICTS[found[-1]], colour=COLOURS[found[-1]])
    canvas.rule(y + _ROW)
    canvas.set_xy(LEFT, y + _ROW)
