"""The pages of a report, from its sheet."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, tzinfo

from server.signing.paper import words
from server.signing.paper.canvas import Canvas
from server.signing.paper.front import draw_front
from server.signing.paper.measures import draw_measures
from server.signing.paper.photographs import draw_photographs
from server.signing.paper.statements import draw_statements
from server.signing.sheet import Sheet

TITLE = "Skin photography report"


def render_pdf(
    sheet: Sheet, pictures: Mapping[str, bytes], statements: Sequence[str], zone: tzinfo = UTC
) -> bytes:
    """The PDF of a sheet; `pictures` are JPEGs by SOP Instance UID, `statements` what the structured reports state.

    Times are told in `zone`.
    """
    who = " / ".join(words.person(sheet.patient.patient_name)) or "Name not given"
    told = datetime.fromtimestamp(sheet.opened_at, zone).strftime("%Y-%m-%d")
    head = sheet.institution or TITLE, f"{who} · {sheet.patient.patient_id or 'no ID'} · {told}"
    foot = f"{_state(sheet)} · not a diagnosis · Study {sheet.study_instance_uid}"
    with closing(Canvas(head, foot, unsigned=sheet.signed is None)) as canvas:
        canvas.set_title(TITLE)
        canvas.set_creator(sheet.software)
        canvas.set_creation_date(datetime.fromtimestamp(sheet.made_at, UTC))
        canvas.begin_page()
        draw_front(canvas, sheet, zone)
        draw_measures(canvas, sheet)
        draw_statements(canvas, sheet, statements)
        draw_photographs(canvas, sheet, pictures)
        return bytes(canvas.output())


def _state(sheet: Sheet) -> str:
    return (
        "NOT SIGNED" if sheet.signed is None else f"Signed by {' / '.join(words.person(sheet.signed.name))}"
    )
