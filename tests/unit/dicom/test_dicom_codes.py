from collections.abc import Mapping

import pytest
from pydicom.sr import _concepts_dict
from pydicom.sr.coding import Code

import server.dicom
from server.dicom import codes, content, groups, report
from server.dicom.units import unit_code
from station.protocol import Light, Preparation, Verdict, View

pytestmark = pytest.mark.unit


def all_codes() -> set[Code]:
    found: set[Code] = set()

    def collect(value: object) -> None:
        if isinstance(value, Code):
            found.add(value)
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, codes.Illumination | codes.SegmentKind):
            for name in value.__dataclass_fields__:
                collect(getattr(value, name))

    for module in (codes, content, groups, report):
        for value in vars(module).values():
            collect(value)
    return found


def test_every_standard_code_is_in_the_tables_of_the_standard() -> None:
    tables: Mapping[str, Mapping[str, Mapping[str, object]]] = _concepts_dict.concepts  # type: ignore[assignment]
    known = {
        (scheme, value)
        for scheme, by_keyword in tables.items()
        for entries in by_keyword.values()
        for value in entries
    }
    standard = [code for code in all_codes() if code.scheme_designator in ("DCM", "SCT")]
    assert len(standard) > 40
    assert [code for code in standard if (code.scheme_designator, code.value) not in known] == []


def test_private_codes_are_short_and_unique() -> None:
    private = [code for code in all_codes() if code.scheme_designator == codes.PRIVATE_SCHEME]
    assert len({code.value for code in private}) == len({code.meaning for code in private}) == len(private)
    assert all(len(code.value) <= 16 and len(code.meaning) <= 64 for code in private)


def test_every_word_of_the_protocol_has_a_code() -> None:
    assert set(codes.ILLUMINATION) == set(Light)
    assert set(codes.VIEW) == set(codes.VIEW_ANATOMY) == set(View)
    assert set(codes.PREPARATION) == set(Preparation)
    assert set(codes.PICTURE_VERDICT) == set(codes.MEASURE_VERDICT) == set(Verdict)


@pytest.mark.parametrize(
    ("region", "site", "side"),
    [
        ("face", "Skin of face", None),
        ("left_cheek", "Skin of cheek", "Left"),
        ("right_cheek", "Skin of cheek", "Right"),
        ("periorbital_left", "Skin of eye region", "Left"),
        ("perioral", "Skin of perioral region of face", None),
        ("neck", "Skin of neck", None),
        ("left_elsewhere", "Skin", None),
    ],
)
def test_regions_have_their_site_and_side(region: str, site: str, side: str | None) -> None:
    found = codes.anatomy(region)
    assert found.site.meaning == site
    assert (found.side.meaning if found.side else None) == side


def test_names_always_give_the_same_distinct_code() -> None:
    names = ["focus", "clipped_highlights", "clipped_highlights_of_blue", "größe", "大きさ", "", "a" * 300]
    values = [codes.named(name).value for name in names]
    assert values == [codes.named(name).value for name in names]
    assert len(set(values)) == len(names)
    assert all(len(value) <= 16 and value.isascii() for value in values)
    assert codes.named("focus", region="nose") != codes.named("focus", region="chin")
    assert codes.named("melanin_index") == Code("MELANIN_INDEX", codes.PRIVATE_SCHEME, "Melanin index")


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("%", "%"),
        ("mm²", "mm2"),
        ("", "1"),
        ("px/mm", "{pixels}/mm"),
        ("°", "deg"),
        ("a.u. {x}", "{a.u.__x_}"),
    ],
)
def test_units_are_ucum(unit: str, value: str) -> None:
    assert unit_code(unit).value == value


def test_the_door_is_complete() -> None:
    assert all(hasattr(server.dicom, name) for name in server.dicom.__all__)
