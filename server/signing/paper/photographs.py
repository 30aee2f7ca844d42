"""The photographs with what was found drawn on them, as a grid."""

from collections.abc import Mapping
from io import BytesIO

from server.signing.paper import words
from server.signing.paper.canvas import LEFT, LINE, MUTED, SHADE, WIDTH, Canvas
from server.signing.paper.front import COLOURS
from server.signing.sheet import Photograph, Sheet

_GAP = 4.0
_CAPTION = 11.5
_TALLEST = 62.0
_PAGE = 230.0
"""What one page holds: a grid that fits one begins one."""
_MANY = 6
"""Photographs that three columns are wide enough for."""


def draw_photographs(canvas: Canvas, sheet: Sheet, pictures: Mapping[str, bytes]) -> None:
    """Draw all of them, three or four side by side."""
    if not sheet.photographs:
        return
    side = 3 if len(sheet.photographs) <= _MANY else 4
    width = (WIDTH - (side - 1) * _GAP) / side
    heights = [min(_TALLEST, width * one.height / max(one.width, 1)) for one in sheet.photographs]
    height, rows = max(heights), -(-len(sheet.photographs) // side)
    canvas.heading("Photographs", needs=min(rows * (height + _CAPTION) + 6, _PAGE))
    canvas.paragraph(
        "Outlines: the skin that was examined, and what was found on it.", size=7.5, colour=MUTED
    )
    canvas.set_xy(LEFT, canvas.get_y() + 1)
    for begin in range(0, len(sheet.photographs), side):
        canvas.need(height + _CAPTION)
        y = canvas.get_y()
        for column, one in enumerate(sheet.photographs[begin : begin + side]):
            _draw(
                canvas,
                one,
                pictures.get(one.sop_instance_uid),
                (LEFT + column * (width + _GAP), y, width, height),
            )
        canvas.set_xy(LEFT, y + height + _CAPTION)


def _draw(
    canvas: Canvas, one: Photograph, jpeg: bytes | None, box: tuple[float, float, float, float]
) -> None:
    x, y, width, height = box
    if jpeg is None:
        with canvas.local_context(fill_color=SHADE, draw_color=LINE):
            canvas.rect(x, y, width, height, style="DF")
        canvas.write_at(
            x, y + height / 2, "its file is not here", size=7.5, colour=MUTED, width=width, align="C"
        )
    else:
        alt = f"Photograph, {words.picture_name(one.view, one.light)}"
        canvas.image(BytesIO(jpeg), x, y, width, height, keep_aspect_ratio=True, alt_text=alt)
    verdict = words.VERDICTS[one.verdict]
    canvas.write_at(x, y + height + 1, words.VIEWS[one.view], size=7.5, width=width - 17)
    canvas.write_at(
        x + width - 16, y + height + 1, verdict, size=7.5, colour=COLOURS[one.verdict], width=16, align="R"
    )
    light = words.sentence(words.LIGHTS[one.light])
    canvas.write_at(x, y + height + 4.8, light, size=7.5, colour=MUTED, width=width)
