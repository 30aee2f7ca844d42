"""Measures as a table: one row per still, region and measure, with a dictionary of the columns."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from server.errors import ConfigError
from server.export.identity import Guard, Subject
from server.export.options import ExportOptions
from server.export.pseudonyms import Pseudonyms
from server.store import Still, Visit
from station.protocol import Measure

Row = dict[str, str | float | None]

COLUMNS = {
    "patient": "Pseudonym of the person, the same in every visit and export with the same key file",
    "visit": "Study Instance UID of the visit, as in the exported DICOM objects",
    "date": "Day of the visit; moved by the person's offset with modified-dates, empty without an option for dates",
    "still": "SOP Instance UID of the photograph, as exported where it leaves whole",
    "view": "front, left_45, right_45, neck or unspecified; sides are the subject's",
    "light": "white, cross_polarised, parallel_polarised, uv or uncontrolled",
    "region": "Part of the face that was measured; sides are the subject's",
    "name": "What was measured; see the reference of the skin's measures",
    "value": "The number, empty where it could not be measured",
    "unit": "Unit of the value; 1 for plain numbers",
    "method": "Algorithm and its version",
    "reason": "Why there is no value; 'withheld' where the text was not one of the program's own",
    "quality": "Verdict of the capture quality at the server: pass, warn, fail or unknown; empty if not judged",
    "calibration": "Pseudonym of the calibration record that colour and scale rest on; empty: not calibrated",
    "px_per_mm": "Scale at the face, empty where it is not calibrated",
}
"""Columns of the table and what they mean."""

_NUMBERS = ("value", "px_per_mm")


class Table(Protocol):
    """Where rows go."""

    def add(self, rows: Iterable[Row]) -> None:
        """Write the rows of one visit."""

    def close(self) -> None:
        """End the file."""


def rows_of(
    visit: Visit,
    stills: Iterable[tuple[Still, list[Measure]]],
    *,
    subject: Subject,
    pseudonyms: Pseudonyms,
    options: ExportOptions,
    uid: Callable[[str], str],
) -> Iterator[Row]:
    """The rows of one visit; `uid` gives the UID that stands for another."""
    patient = visit.patient
    guard = Guard((patient.patient_name, patient.patient_id, patient.issuer_of_patient_id, visit.booth_id))
    shared: Row = {
        "patient": subject.name,
        "visit": uid(visit.study_now or visit.study_instance_uid),
        "date": _date(visit, subject, options),
    }
    for still, measures in stills:
        header = still.header
        of_still: Row = {
            **shared,
            "still": uid(still.sop_instance_uid),
            "view": header.view.value,
            "light": header.light.value,
            "quality": "" if still.quality is None else still.quality.verdict.value,
            "calibration": pseudonyms.word("calibration", header.calibration) if header.calibration else "",
            "px_per_mm": header.px_per_mm if header.calibration else None,
        }
        for one in measures:
            yield _row(of_still, one, guard)


def _row(of_still: Row, one: Measure, guard: Guard) -> Row:
    told: Row = {
        **of_still,
        "region": one.region,
        "name": one.name,
        "value": one.value,
        "unit": one.unit,
        "method": one.method,
        "reason": one.reason if not one.reason or guard.allows(one.reason) else "withheld",
    }
    return {column: told[column] for column in COLUMNS}


def _date(visit: Visit, subject: Subject, options: ExportOptions) -> str:
    at = datetime.fromtimestamp(visit.opened_at).astimezone()
    if options.dates == "REMOVED":
        return ""
    return (at + subject.shift if options.dates == "MODIFIED" else at).date().isoformat()


def open_table(folder: Path, form: str) -> Table:
    """`measures.csv` with its dictionary, or `measures.parquet`, in a folder; raises `ConfigError` without pyarrow."""
    return CsvTable(folder) if form == "csv" else ParquetTable(folder)


class CsvTable:
    """Comma-separated values (RFC 4180), UTF-8, beside a file that says what the columns mean."""

    def __init__(self, folder: Path) -> None:
        with open(folder / "measures.dictionary.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows((("column", "meaning"), *COLUMNS.items()))
        self._file = open(folder / "measures.csv", "w", newline="", encoding="utf-8")  # noqa: SIM115  until close
        self._writer = csv.DictWriter(self._file, tuple(COLUMNS))
        self._writer.writeheader()

    def add(self, rows: Iterable[Row]) -> None:
        """Write the rows of one visit."""
        self._writer.writerows(rows)

    def close(self) -> None:
        """End the file."""
        self._file.close()


class ParquetTable:
    """One row group per visit; the meaning of each column is in its metadata."""

    def __init__(self, folder: Path) -> None:
        try:
            import pyarrow as arrow
            from pyarrow import parquet
        except ImportError as error:
            raise ConfigError(
                "Parquet needs pyarrow: pip install 'dermabooth[parquet]', or take --measures csv"
            ) from error
        self._arrow = arrow
        fields = [
            arrow.field(
                name,
                arrow.float64() if name in _NUMBERS else arrow.string(),
                metadata={"meaning": meaning},
            )
            for name, meaning in COLUMNS.items()
        ]
        self._schema = arrow.schema(fields)
        self._writer = parquet.ParquetWriter(folder / "measures.parquet", self._schema)

    def add(self, rows: Iterable[Row]) -> None:
        """Write the rows of one visit."""
        held = list(rows)
        if held:
            self._writer.write_table(self._arrow.Table.from_pylist(held, schema=self._schema))

    def close(self) -> None:
        """End the file."""
        self._writer.close()
