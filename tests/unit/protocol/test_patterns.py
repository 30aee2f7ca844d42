"""Text that crosses the wire and ends in file names and DICOM elements."""

import msgspec
import pytest

from station.protocol import BoothId, Patient, Sha256, Uid, is_booth_id, is_uid

pytestmark = pytest.mark.unit


def accepts(kind: object, value: object) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2.25.1", True),
        ("2.25.1\n", False),
        ("2.25.01", False),
        ("2.25.\u0661", False),
        ("2.25." + "1" * 60, False),
    ],
)
def test_a_uid_is_a_uid_everywhere(text: str, valid: bool) -> None:
    assert is_uid(text) == accepts(Uid, text) == valid


@pytest.mark.parametrize(
    ("text", "valid"), [("booth-1", True), ("booth-1\n", False), ("Booth", False), ("../b", False)]
)
def test_a_booth_name_is_safe_in_a_path(text: str, valid: bool) -> None:
    assert is_booth_id(text) == accepts(BoothId, text) == valid


def test_a_hash_has_no_line_end() -> None:
    assert accepts(Sha256, "0" * 64)
    assert not accepts(Sha256, "0" * 64 + "\n")


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("patient_id", "P-1047 \u00e9\u674e", "A\\B"),
        ("patient_id", "", "A\n"),
        ("patient_name", "Moreau^Claire", "Moreau\x1b"),
        ("issuer_of_patient_id", "clinic", "a\tb"),
        ("patient_birth_date", "19900131", "1990\u0661\u0662\u0660\u0661"),
        ("patient_birth_date", "", "19900131\n"),
        ("patient_sex", "F", "F\n"),
    ],
)
def test_patient_text_is_one_dicom_value(field: str, good: str, bad: str) -> None:
    assert accepts(Patient, {field: good})
    assert not accepts(Patient, {field: bad})
