"""What the report's words are."""

import pytest

from server.signing.paper import words

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Moreau^Claire", ["Claire Moreau"]),
        ("Kim^Minji^^Dr=金^旻志=김^민지", ["Dr Minji Kim", "金 旻志", "김 민지"]),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", ["Tarou Yamada", "山田 太郎", "やまだ たろう"]),
        ("Lee^Ann^Marie^Dr^MD", ["Dr Ann Marie Lee, MD"]),
        ("Ångström", ["Ångström"]),
        ("", []),
        ("=山田^太郎", ["山田 太郎"]),
    ],
)
def test_a_name_is_written_as_its_script_is(name: str, lines: list[str]) -> None:
    assert words.person(name) == lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.48213, "0.482"),
        (4.2149, "4.21"),
        (38.44, "38.4"),
        (1532.4, "1532"),
        (3.0, "3"),
        (0.0, "0"),
        (-12.34, "-12.3"),
    ],
)
def test_a_number_has_three_digits_that_count(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("erythema_index", "Erythema index"),
        ("spots_area", "Pigment spots, area"),
        ("pores_size", "Pores, mean size"),
        ("condition_clogged_pores", "Clogged pores"),
        ("something_new", "Something new"),
    ],
)
def test_a_measure_has_a_name(code: str, name: str) -> None:
    assert words.measure_name(code) == name


def test_units_are_printed_as_people_write_them() -> None:
    assert [words.unit_name(code) for code in ("1", "cm2", "/mm2", "deg", "{lesions}")] == [
        "",
        "cm²",
        "/mm²",
        "°",
        "lesions",
    ]
