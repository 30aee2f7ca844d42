"""The CSV table of a folder of pictures: one line a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.datasets import files

UNKNOWN = -1
"""label of what a line leaves empty"""


@dataclass(frozen=True)
class Line:
    """One line of a table: its picture, and its cells by column."""

    picture: Path
    cells: Mapping[str, str]
    where: str
    """table and number of the line, for messages"""

    @property
    def person(self) -> str:
        """Who is on the picture; a person of their own where nobody is named."""
        return self.cells.get("person") or self.cells["file"]

    def label(self, column: str, classes: int | None = None) -> int:
        """The class number in a column, below `classes` where given; `UNKNOWN` if the cell is empty.

        ValueError if it is no such number.
        """
        value = self.cells[column]
        if not value:
            return UNKNOWN
        if not value.isdecimal() or (classes is not None and int(value) >= classes):
            most = "" if classes is None else f" to {classes - 1}"
            raise ValueError(
                f"{self.where}: {column} {value!r}; a class number from 0{most}, or nothing if unknown"
            )
        return int(value)


def read(folder: Path, columns: Sequence[str]) -> list[Line]:
    """The lines of the folder's only CSV file, which has `file` and these columns.

    ValueError says which line is wrong and how.
    """
    files.folder_of(folder, "--data is a folder of pictures with a CSV table")
    found = sorted(folder.glob("*.csv"))
    if len(found) != 1:
        raise ValueError(
            f"{folder}: holds {len(found)} CSV tables; one is needed, with columns file, {', '.join(columns)}"
        )
    reader = csv.DictReader(io.StringIO(_text(found[0]), newline=""))
    try:
        for column in ("file", *columns):
            if column not in (reader.fieldnames or ()):
                raise ValueError(f"{found[0]}: no column {column}; the first line names the columns")
        lines = [_line(folder, f"{found[0]}, line {number}", row) for number, row in enumerate(reader, 2)]
    except csv.Error as error:
        raise ValueError(f"{found[0]}, line {reader.line_num}: {error}") from error
    return _whole(found[0], lines)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: save it as UTF-8") from error


def _line(folder: Path, where: str, row: Mapping[str | None, Any]) -> Line:
    # Cells beyond the named columns come under None.
    cells = {name: (value or "").strip() for name, value in row.items() if name is not None}
    picture = folder / cells["file"]
    if not cells["file"] or not picture.is_file():
        raise ValueError(
            f"{where}: no picture {cells['file']!r} in {folder}; correct the name or remove the line"
        )
    return Line(picture, cells, where)


def _whole(path: Path, lines: list[Line]) -> list[Line]:
    if not lines:
        raise ValueError(f"{path}: no rows; one for each picture is needed")
    seen: set[Path] = set()
    for line in lines:
        if line.picture in seen:
            raise ValueError(f"{path}: {line.picture.name} has two rows; remove one")
        seen.add(line.picture)
    return lines
