"""A worklist file is read strictly, and an error says where it is."""

import codecs
import time

import pytest

from station.worklist.table import MAX_BYTES, MAX_ROWS, decoded, parse

pytestmark = pytest.mark.unit

HEAD = "patient_id,patient_name,birth_date,sex,scheduled,accession_number,description\n"
WRITTEN = time.localtime(1_790_000_000)


def test_every_column_is_read() -> None:
    text = HEAD + '4711,"Kim^Ji-woo=김^지우",1984-02-29,f,2026-11-21 09:30,A-17,Acne follow-up\n'
    (entry,) = parse(text, WRITTEN)
    assert (entry.patient.patient_id, entry.patient.patient_name) == ("4711", "Kim^Ji-woo=김^지우")
    assert (entry.patient.patient_birth_date, entry.patient.patient_sex) == ("19840229", "F")
    assert time.localtime(entry.scheduled_at)[:5] == (2026, 11, 21, 9, 30)
    assert (entry.accession_number, entry.description) == ("A-17", "Acne follow-up")


def test_a_time_alone_is_of_the_day_the_file_was_written() -> None:
    (entry,) = parse("patient_id,scheduled\n1,9:05\n", WRITTEN)
    assert time.localtime(entry.scheduled_at)[:5] == (*WRITTEN[:3], 9, 5)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_come_in_any_order_and_may_be_left_out(delimiter: str) -> None:
    text = delimiter.join(["sex", "Patient_ID"]) + "\r\n" + delimiter.join(["M", " 7 "]) + "\r\n\r\n"
    (entry,) = parse(text, WRITTEN)
    assert (entry.patient.patient_id, entry.patient.patient_sex, entry.scheduled_at) == ("7", "M", None)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1,,1984-02-30,,,,", r"line 2, birth_date: '1984-02-30' is no day like"),
        ("1,,,x,,,", "line 2, sex: 'x' is none of M, F, O"),
        ("1,,,,noon,,", "line 2, scheduled: 'noon' is no time"),
        ("1,,,,2026-11-21,,", "line 2, scheduled: '2026-11-21' is no time"),
        ("1,,,,25:10,,", "line 2, scheduled: '25:10' is no time"),
        ("1,,,,,A2345678901234567,", "line 2, accession_number: 17 characters, at most 16"),
        ("a\\b,,,,,,", "line 2, patient_id: a backslash or a control character"),
        (",,,,09:00,,", "line 2: patient_id and patient_name are both empty"),
        ("1,2", "line 2 has 2 columns, the first line 7"),
        ('"1,,,,,,', "line 2: unexpected end of data"),
        ("1,,,,,,\n\n1,,,,,,", "line 4 repeats line 2"),
        (
            "\n".join(f"{n},,,,,," for n in range(MAX_ROWS + 1)),
            f"line {MAX_ROWS + 2}: over {MAX_ROWS} entries",
        ),
    ],
)
def test_an_error_names_line_and_column(row: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(HEAD + row, WRITTEN)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("", "line 1 must name the columns, patient_id among them"),
        ("4711,Doe^Jane", "line 1 must name the columns"),
        ("patient_id,ward", "line 1: unknown column 'ward'; there are patient_id, patient_name"),
        ("patient_id,sex,sex", "line 1: column sex comes twice"),
    ],
)
def test_the_first_line_names_known_columns_once(head: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(head, WRITTEN)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("é".encode(), "utf-8"),
        (codecs.BOM_UTF8 + "é".encode(), "cp1252"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "utf-8"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "utf-8"),
        ("é".encode("cp1252"), "cp1252"),
    ],
)
def test_a_byte_order_mark_goes_before_the_encoding_that_is_configured(data: bytes, encoding: str) -> None:
    assert decoded(data, encoding) == "é"


def test_another_encoding_and_a_file_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match=r"line 2 is not utf-8: save it as UTF-8, or set worklist\.encoding"):
        decoded(b"patient_id\n\xe9", "utf-8")
    with pytest.raises(ValueError, match="over 1048576 bytes"):
        decoded(b" " * (MAX_BYTES + 1), "utf-8")


def test_a_key_follows_from_the_content_alone() -> None:
    one, two = parse(HEAD + "1,,,,09:00,,\n1,,,,10:00,,\n", WRITTEN)
    (again,) = parse("scheduled,patient_id\n09:00,1\n", WRITTEN)
    assert one.key == again.key
    assert one.key != two.key
