"""What the report rests on: statements of the structured reports, algorithms and programs."""

from collections.abc import Sequence

from server.signing.paper.canvas import LEFT, MUTED, Canvas
from server.signing.sheet import Sheet

NO_DIAGNOSIS = (
    "Not a diagnosis. The models were learnt on a procedural phantom of skin, not on patients: agreement with "
    "clinicians has not been established. The software is for cosmetic and research use and is no medical device."
)
SIGNED_MEANS = (
    "The signature says that a person has looked at these measures and photographs and vouches for them as a record "
    "of this visit. The measures themselves are in the structured reports of the same study, marked as verified."
)
_MISSING = "□ stands for a character that the report's fonts lack; the DICOM objects hold it."


def draw_statements(canvas: Canvas, sheet: Sheet, statements: Sequence[str]) -> None:
    """Draw what must be known, and which programs took part."""
    canvas.heading("What must be known", needs=16)
    for line in (NO_DIAGNOSIS, *((SIGNED_MEANS,) if sheet.signed else ())):
        canvas.paragraph(line)
        canvas.set_xy(LEFT, canvas.get_y() + 1.2)
    canvas.heading("Algorithms and models", needs=12)
    canvas.paragraph(f"{sheet.software}. Algorithms: {', '.join(sheet.methods) or 'none'}.", size=7.5)
    for line in statements:
        canvas.paragraph(line, size=7, colour=MUTED)
    if canvas.lacks:
        canvas.set_xy(LEFT, canvas.get_y() + 1.2)
        canvas.paragraph(_MISSING, size=7, colour=MUTED)
