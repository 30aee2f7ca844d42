"""A4 pages with a head and a foot, and letters of Latin, Greek, Cyrillic, Hangul, Kana and Han."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import fontpkg_noto_sans
import noto_cjk_sans_otc
from fpdf import FPDF
from fpdf.enums import DocumentCompliance, TextMode
from fpdf.fonts import TTFFont

Colour = tuple[int, int, int]
INK: Colour = (28, 34, 40)
MUTED: Colour = (92, 101, 110)
LINE: Colour = (206, 211, 217)
SHADE: Colour = (243, 245, 247)
GOOD: Colour = (20, 104, 66)
WARN: Colour = (158, 88, 0)
POOR: Colour = (168, 32, 32)

LEFT, RIGHT, TOP, BOTTOM = 14.0, 14.0, 26.0, 18.0
WIDTH = 210.0 - LEFT - RIGHT
"""Of what is between the margins, mm."""
_FONT, _EAST = "noto", "noto-cjk"
"""What the first has no glyph for is written in the second."""
_FACE = 0
"""Of the second's collection: Han characters as they are written in Japan; every face has Hangul and Kana as well."""
_NO_GLYPH = "□"
_OUTLINE = 0.0065
"""Of strong letters, mm per point of their size."""
_WATERMARK = "NOT SIGNED"


class Canvas(FPDF):
    """Pages in mm from the upper left; `head` and `foot` stand on every page, `unsigned` goes across it."""

    def __init__(self, head: tuple[str, str], foot: str, *, unsigned: bool) -> None:
        super().__init__(format="A4", enforce_compliance=DocumentCompliance.PDFA_2U)
        self.add_font(_FONT, fname=fontpkg_noto_sans.ROOT / "files" / "NotoSans[wdth,wght].ttf")
        self.add_font(_EAST, fname=str(noto_cjk_sans_otc.FONT_PATH), collection_font_number=_FACE)
        self.set_fallback_fonts([_EAST])
        self.set_font(_FONT, size=9)
        self.set_margins(LEFT, TOP, RIGHT)
        self.c_margin = 0.0
        self.set_auto_page_break(False)
        self.set_lang("en")
        self._head, self._foot, self._unsigned = head, foot, unsigned
        self._letters = [font for font in self.fonts.values() if isinstance(font, TTFFont)]
        self._glyphs = set[int]().union(*(font.cmap for font in self._letters))
        self.lacks = False
        """Whether a character was asked for that no font has a glyph for."""

    def close(self) -> None:
        """Let go of the fonts' files; safe to call twice."""
        for font in self._letters:
            font.ttfont.close()

    def header(self) -> None:
        """What is written first on every page."""
        if self._unsigned:
            with self.local_context(text_color=(238, 226, 206)), self.rotation(52, 105, 150):
                self.set_font(_FONT, size=74)
                self.text(105 - self.get_string_width(_WATERMARK) / 2, 160, _WATERMARK)
        left, right = self._head
        self.write_at(LEFT, 10, left, size=9, width=WIDTH * 0.55)
        self.write_at(LEFT + WIDTH * 0.55, 10, right, size=8, colour=MUTED, width=WIDTH * 0.45, align="R")
        self.rule(16.5)

    def footer(self) -> None:
        """What is written last on every page."""
        self.rule(297 - BOTTOM + 2)
        self.write_at(LEFT, 297 - BOTTOM + 4, self._foot, size=7, colour=MUTED, width=WIDTH - 25)
        pages = f"Page {self.page_no()} of {{nb}}"
        self.write_at(LEFT + WIDTH - 25, 297 - BOTTOM + 4, pages, size=7, colour=MUTED, width=25, align="R")

    def room(self) -> float:
        """What is left of the page, mm."""
        return 297 - BOTTOM - self.get_y()

    def begin_page(self) -> None:
        """Begin a page; the next place is below its head."""
        self.add_page()
        self.set_xy(LEFT, TOP - 6)

    def need(self, height: float) -> bool:
        """Begin a page unless there is room for `height`; whether one was begun."""
        if self.room() >= height:
            return False
        self.begin_page()
        return True

    def write_at(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 8.5,
        colour: Colour = INK,
        width: float = 0.0,
        align: str = "L",
        strong: bool = False,
    ) -> None:
        """One line; with a `width` in mm what does not fit is made smaller, and then cut."""
        text = self.shown(text)
        size = self._fitted(text, size, width)
        while width and self.get_string_width(text) > width and len(text) > 1:
            text = text[:-2].rstrip() + "…"
        with self._in(colour, outline=size * _OUTLINE if strong else 0.0):
            self.set_font_size(size)
            self.set_xy(x, y)
            self.cell(width or self.get_string_width(text) + 1, size * 0.45, text, align=align)

    def paragraph(self, text: str, *, size: float = 8.5, colour: Colour = INK) -> None:
        """Lines from the present place on, broken where they end; the next place is below them."""
        self.set_font_size(size)
        lines = self.multi_cell(
            WIDTH, size * 0.5, self.shown(text), dry_run=True, output="LINES", align="L", new_x="LEFT"
        )
        assert isinstance(lines, list)
        for line in lines:
            self.need(size * 0.5)
            self.write_at(self.l_margin, self.get_y(), line, size=size, colour=colour)
            self.set_xy(self.l_margin, self.get_y() + size * 0.5)

    def heading(self, text: str, *, needs: float) -> None:
        """A heading with room for `needs` mm below it; the next place is below it."""
        self.need(needs + 9)
        y = self.get_y() + 3
        self.write_at(LEFT, y, text, size=11, strong=True)
        self.set_xy(LEFT, y + 7.5)

    def rule(self, y: float) -> None:
        """A thin line across."""
        with self.local_context(draw_color=LINE, line_width=0.2):
            self.line(LEFT, y, LEFT + WIDTH, y)

    def shown(self, text: str) -> str:
        """A text in the characters that there are."""
        known = "".join(one if ord(one) in self._glyphs or one == "{" else _NO_GLYPH for one in text)
        self.lacks = self.lacks or known != text
        return known

    def _fitted(self, text: str, size: float, width: float) -> float:
        self.set_font_size(size)
        wide = self.get_string_width(text)
        smaller = size if not width or wide <= width else max(size * 0.8, size * width / wide)
        self.set_font_size(smaller)
        return smaller

    @contextmanager
    def _in(self, colour: Colour, *, outline: float) -> Iterator[None]:
        """Strong letters are the same with an outline: the font has one weight."""
        mode = TextMode.FILL_STROKE if outline else TextMode.FILL
        with self.local_context(
            text_color=colour, draw_color=colour, text_mode=mode, line_width=outline or 0.2
        ):
            yield


def columns(widths: Sequence[float]) -> list[float]:
    """Where columns of these widths begin, mm."""
    places = [LEFT]
    for width in widths[:-1]:
        places.append(places[-1] + width)
    return places
