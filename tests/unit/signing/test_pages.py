"""The pages of a report: what they hold is laid out for any visit, and names in any script."""

import re
import zlib
from contextlib import closing, suppress
from datetime import timedelta, timezone

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from server.signing.paper import render_pdf
from server.signing.paper.canvas import Canvas
from server.signing.sheet import Assessment, Past, Photograph, Result, Sheet, Signed
from station.protocol import Conditions, Light, Order, Patient, Preparation, Verdict, View

pytestmark = pytest.mark.unit

LIGHTS = (Light.WHITE, Light.CROSS_POLARISED, Light.PARALLEL_POLARISED, Light.UV)
VIEWS = (View.FRONT, View.LEFT_45, View.RIGHT_45)
AT = 1_774_746_000.0


def photograph(view: View, light: Light, verdict: Verdict = Verdict.PASS) -> Photograph:
    return Photograph(
        sop_instance_uid=f"2.25.{VIEWS.index(view)}{LIGHTS.index(light)}",
        view=view,
        light=light,
        captured_at=AT,
        width=1200,
        height=1600,
        verdict=verdict,
        overlay="overlay.dcm",
        advice="" if verdict is Verdict.PASS else "Hold still: the left cheek is blurred.",
    )


def results(count: int) -> tuple[Result, ...]:
    regions = ("face", "forehead", "right_cheek", "left_cheek", "nose", "chin")
    past = tuple(
        Past(AT - 86_400.0 * 30 * number, 0.4 + 0.02 * number, number != 2) for number in (4, 3, 2, 1)
    )
    return tuple(
        Result(
            name=f"spots_{number}_area",
            unit="%",
            method="skin_items/1",
            view=View.FRONT,
            light=Light.CROSS_POLARISED,
            values={region: 0.4 + 0.01 * index for index, region in enumerate(regions)},
            past=past,
        )
        for number in range(count)
    )


SHEET = Sheet(
    study_instance_uid="2.25.123456789012345678901234567890",
    institution="Clinique de la peau · 피부과",
    software="dermabooth 0.1.0",
    patient=Patient(
        patient_id="P-1",
        issuer_of_patient_id="CLINIC",
        patient_name="Yamada^Tarou=山田^太郎=やまだ^たろう",
        patient_birth_date="19800229",
        patient_sex="M",
    ),
    order=Order(accession_number="A-17", referring_physician_name="Ünal^Ada"),
    booth_id="booth-1",
    opened_at=AT,
    complete=True,
    expected=12,
    protocol="face, four lights",
    preparation=Preparation.CLEANSED,
    conditions=Conditions(room_c=21.5, humidity_pct=44, acclimatised_min=15, products="none"),
    photographs=tuple(photograph(view, light) for view in VIEWS for light in LIGHTS),
    results=results(34),
    assessments=(Assessment(name="acne_severity", value=2.0, method="acne_severity/1"),),
    unmeasured=(("needs 20 px/mm", ("pores_density",)),),
    methods=("chromophores/1", "skin_items/1"),
    made_at=AT + 900,
)
SIGNED = Signed(
    id="2.25.7", name="Kim^Minji=金^旻志=김^민지", organization="피부과", account="kim", at=AT + 900
)
ZONE = timezone(timedelta(hours=9))


def picture() -> bytes:
    return cv2.imencode(".jpg", np.full((1600 // 4, 1200 // 4, 3), (120, 140, 190), np.uint8))[1].tobytes()


PICTURES = {one.sop_instance_uid: picture() for one in SHEET.photographs}


def pages(pdf: bytes) -> int:
    [count] = re.findall(rb"/Type /Pages.*?/Count (\d+)|/Count (\d+).*?/Type /Pages", pdf, re.S)[:1]
    return int(count[0] or count[1])


def test_a_whole_visit_is_three_pages_with_its_font_inside() -> None:
    pdf = render_pdf(replace(SHEET, signed=SIGNED), PICTURES, ["Model spots version 1, SHA-256 ab"], ZONE)
    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == 3
    assert b"/FontFile3" in pdf or b"/FontFile2" in pdf
    assert len(pdf) < 4_000_000


@pytest.mark.parametrize(
    "sheet",
    [
        replace(SHEET, photographs=(), results=(), assessments=(), unmeasured=(), order=None),
        replace(SHEET, patient=Patient(), institution="", methods=(), conditions=Conditions()),
        replace(SHEET, results=results(120), photographs=SHEET.photographs * 3),
        replace(SHEET, photographs=tuple(replace(one, advice="A long advice. " * 30, verdict=Verdict.FAIL) for one in SHEET.photographs)),
        replace(SHEET, protocol="a name of a protocol without an end " * 8, institution="W" * 64),
    ],
)  # fmt: skip
def test_any_visit_is_laid_out(sheet: Sheet) -> None:
    assert pages(render_pdf(sheet, {}, ["A statement. " * 40] * 6, ZONE)) >= 1


@pytest.mark.parametrize(
    "text",
    ["Łucja Ångström", "Ömer Şahin", "김민지", "金旻志", "山田太郎 やまだ", "王小明", "Ελένη", "Елена"],
)
def test_a_name_has_all_its_letters(text: str) -> None:
    with closing(Canvas(("", ""), "", unsigned=True)) as canvas:
        assert canvas.shown(text) == text
        assert not canvas.lacks


def test_a_letter_that_the_font_lacks_is_a_box_and_the_page_says_so() -> None:
    with closing(Canvas(("", ""), "", unsigned=True)) as canvas:
        assert canvas.shown("ليلى A") == "□□□□ A"
        assert canvas.lacks


def test_a_report_that_nobody_signed_says_so_on_every_page() -> None:
    marked = render_pdf(SHEET, {}, (), ZONE)
    signed = render_pdf(replace(SHEET, signed=SIGNED), {}, (), ZONE)
    assert _turned(marked) >= pages(marked)
    assert _turned(signed) == 0


def _turned(pdf: bytes) -> int:
    """How often something is drawn at an angle: only what goes across a page is."""
    found = 0
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        with suppress(zlib.error):
            found += len(re.findall(rb"0\.6157 0\.788 -0\.788 0\.6157", zlib.decompress(stream)))
    return found
