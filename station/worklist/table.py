"""The columns of a worklist file, each cell checked; errors name line and column."""

import codecs
import csv
import io
import re
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from station.protocol import Patient
from station.worklist.source import Expected

if TYPE_CHECKING:
    import _csv

MAX_BYTES = 1 << 20
MAX_ROWS = 500
COLUMNS = (
    "patient_id",
    "patient_name",
    "birth_date",
    "sex",
    "scheduled",
    "accession_number",
    "description",
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = ",;\t"
_TEXT = re.compile(r"[^\\\x00-\x1f\x7f]*")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_LONGEST = {"patient_id": 64, "patient_name": 324, "accession_number": 16, "description": 64}


def decoded(data: bytes, encoding: str) -> str:
    """The text of a file; raises `ValueError` for one that is too large or not in this encoding."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"over {MAX_BYTES} bytes: not a worklist of one day")
    for mark, marked in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], marked
            break
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"line {line} is not {encoding}: save it as UTF-8, or set worklist.encoding"
        ) from error


def parse(text: str, written: time.struct_time) -> tuple[Expected, ...]:
    """The entries of a file's text in its order; a time without a day is of the day it was `written` (local time).

    Raises `ValueError` that names line and column.
    """
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        columns = _columns(next(rows, []))
        return tuple(_entries(rows, columns, written))
    except csv.Error as error:
        raise ValueError(f"line {max(rows.line_num, 1)}: {error}") from error


def _entries(rows: "_csv.Reader", columns: list[str], written: time.struct_time) -> Iterator[Expected]:
    lines: dict[str, int] = {}
    for row in rows:
        line = rows.line_num
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(columns):
            raise ValueError(f"line {line} has {len(row)} columns, the first line {len(columns)}")
        if len(lines) == MAX_ROWS:
            raise ValueError(f"line {line}: over {MAX_ROWS} entries")
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        entry = _entry(cells, line, written)
        if (earlier := lines.setdefault(entry.key, line)) != line:
            raise ValueError(f"line {line} repeats line {earlier}")
        yield entry


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(_DELIMITERS, key=head.count)


def _columns(head: list[str]) -> list[str]:
    names = [name.strip().lower() for name in head]
    if "patient_id" not in names:
        raise ValueError(f"line 1 must name the columns, patient_id among them: {', '.join(COLUMNS)}")
    for name in names:
        if name not in COLUMNS:
            raise ValueError(f"line 1: unknown column {name[:40]!r}; there are {', '.join(COLUMNS)}")
        if names.count(name) > 1:
            raise ValueError(f"line 1: column {name} comes twice")
    return names


def _entry(cells: Mapping[str, str], line: int, written: time.struct_time) -> Expected:
    def cell(name: str) -> str:
        return _checked(cells.get(name, ""), name, line)

    if not cell("patient_id") and not cell("patient_name"):
        raise ValueError(f"line {line}: patient_id and patient_name are both empty")
    return Expected(
        patient=Patient(
            patient_id=cell("patient_id"),
            patient_name=cell("patient_name"),
            patient_birth_date=_birth_date(cell("birth_date"), line),
            patient_sex=_sex(cell("sex"), line),
        ),
        scheduled_at=_scheduled(cell("scheduled"), line, written),
        accession_number=cell("accession_number"),
        description=cell("description"),
    )


def _checked(value: str, name: str, line: int) -> str:
    longest = _LONGEST.get(name, 40)
    if len(value) > longest:
        raise ValueError(f"line {line}, {name}: {len(value)} characters, at most {longest} are taken")
    if not _TEXT.fullmatch(value):
        raise ValueError(f"line {line}, {name}: a backslash or a control character")
    return value


def _birth_date(value: str, line: int) -> str:
    if not value:
        return ""
    try:
        return date.fromisoformat(value).strftime("%Y%m%d")
    except ValueError:
        raise ValueError(f"line {line}, birth_date: {value!r} is no day like 1980-02-29") from None


def _sex(value: str, line: int) -> str:
    if value.upper() not in ("", "M", "F", "O"):
        raise ValueError(f"line {line}, sex: {value!r} is none of M, F, O")
    return value.upper()


def _scheduled(value: str, line: int, written: time.struct_time) -> float | None:
    if not value:
        return None
    try:
        if clock := _TIME.fullmatch(value):
            day = datetime(*written[:3])  # noqa: DTZ001  the booth's own time, as the file's writer meant it
            return day.replace(hour=int(clock[1]), minute=int(clock[2])).timestamp()
        if _MOMENT.match(value):
            return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"line {line}, scheduled: {value!r} is no time like 09:30 or 2026-01-31 09:30")
