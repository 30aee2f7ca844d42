"""The chart sheet as it is printed."""

import re
import zlib

import cv2
import numpy as np
import pytest

from station.calibration import CLASSIC_LAB, classic_sheet, draw_pdf, draw_picture, printed_sheet
from station.calibration.layout import MARKERS
from station.calibration.sheet import DICTIONARY

pytestmark = pytest.mark.unit
POINT_MM = 25.4 / 72


@pytest.mark.parametrize("dpi", [127, 254])
def test_markers_of_a_picture_lie_where_they_are_said_to(dpi: int) -> None:
    page = draw_picture(printed_sheet(), dpi)
    scale = dpi / 25.4
    assert page.shape == (round(297 * scale), round(210 * scale), 3)
    corners, ids, _ = cv2.aruco.ArucoDetector(DICTIONARY).detectMarkers(page)
    assert sorted(ids.ravel().tolist()) == [0, 1, 2, 3]
    for number, corner in zip(ids.ravel().astype(int).tolist(), corners, strict=True):
        # The detector tells the pixels of the corners, which are half a pixel within the edges.
        assert np.abs((corner.reshape(4, 2) + 0.5) / scale - MARKERS[number].corners).max() < 1.1 / scale


def test_a_pdf_holds_exact_millimetres() -> None:
    pdf = draw_pdf(classic_sheet())
    assert b"/MediaBox [0 0 595.2756 841.8898]" in pdf
    start = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    assert pdf[start : start + 4] == b"xref"
    packed = pdf.split(b"stream\n")[1].split(b"\nendstream")[0]
    content = zlib.decompress(packed).decode("latin-1")
    first = re.search(r"0\.0000 0\.0000 0\.0000 sc\n([\d.]+) ([\d.]+) m ([\d.]+)", content)
    assert first is not None
    left, top, right = (float(value) * POINT_MM for value in first.groups())
    assert (left, 297 - top, right - left) == pytest.approx((12, 12, 24), abs=1e-3)


def test_a_printed_sheet_is_nominal_until_its_colours_are_measured() -> None:
    assert not printed_sheet().traceable
    assert printed_sheet(dict(CLASSIC_LAB)).traceable
    assert classic_sheet().traceable
    with pytest.raises(ValueError, match="black 2"):
        printed_sheet({name: lab for name, lab in CLASSIC_LAB.items() if name != "black 2"})


def test_a_chart_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="5 to 30 mm"):
        classic_sheet(43.0)
