"""What the archive says of booths, visits and stills; what is damaged is named and left out."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import msgspec
from pydantic import ValidationError
from sqlmodel import SQLModel

from server.dicom import read_identity
from server.errors import BadImage
from server.store import records
from server.store.sidecars import VERSION, Kept
from server.store.signature import signature_of
from server.store.tables import (
    BoothRow,
    CorrectionRow,
    InstanceRow,
    MeasureRow,
    SignatureRow,
    StillRow,
    VisitRow,
    WorkRow,
)
from station.protocol import is_booth_id, is_uid

Row = TypeVar("Row", bound=SQLModel)
T = TypeVar("T")

_LARGEST = 32 << 20
"""A sidecar holds thousands of measures, but not that many, bytes."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Problem:
    """A file that could not be used; its path below the archive, and why."""

    path: str
    reason: str


@dataclass
class StillRows:
    """One still with everything that hangs on it."""

    still: StillRow
    instances: list[InstanceRow]
    measures: list[MeasureRow]
    work: list[WorkRow] | None
    """None: its analysis had not ended."""
    written_at: float


@dataclass
class VisitRows:
    """One visit with its stills."""

    visit: VisitRow
    corrections: list[CorrectionRow]
    signatures: list[SignatureRow]
    stills: list[StillRows] = field(default_factory=list)


class _Unusable(Exception):
    """Why a file is not used."""


class ArchiveReader:
    """Reads every sidecar, and holds every object against it: by what it says it is, and by its hash unless told otherwise.

    Nothing in the archive is written or deleted; what could not be used is in `problems`.
    """

    def __init__(self, root: Path, *, hashes: bool = True) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._hashes = hashes
        self._folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())

    def __len__(self) -> int:
        """Folders of visits."""
        return len(self._folders)

    def booths(self) -> Iterator[BoothRow]:
        """The booths, by name."""
        for path in sorted(self._root.glob("booth-*.json")):
            row = self._tried(path, _booth)
            if row is not None:
                yield row

    def visits(self) -> Iterator[VisitRows | None]:
        """One for each folder, None where it is not that of a visit."""
        for folder in self._folders:
            yield self._visit(folder)

    def _visit(self, folder: Path) -> VisitRows | None:
        if not is_uid(folder.name):
            self._complain(folder, "not the folder of a visit")
            return None
        found = self._tried(folder / "visit.json", _visit)
        if found is None:
            return None
        for path in sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()):
            still = self._tried(path / "still.json", _still)
            if still is not None:
                self._check_blob(still.still)
                still.instances = [one for one in still.instances if self._holds(one)]
                found.stills.append(still)
        return found

    def _check_blob(self, still: StillRow) -> None:
        path = None if still.blob is None else _below(self._root, still.blob)
        if still.blob is not None and (path is None or not path.is_file()):
            self.problems.append(Problem(still.blob[:200], "the still's own bytes are missing"))

    def _holds(self, one: InstanceRow) -> bool:
        """Whether an object lies where its row says and is the one that was written; one that was let go need not."""
        if one.released_at is not None:
            return True
        path = _below(self._root, one.path)
        if path is None:
            self.problems.append(Problem(one.path[:200], "not a path below the archive"))
            return False
        return self._tried(path, lambda path: _check_object(path, one, self._hashes)) is not None

    def _tried(self, path: Path, read: Callable[[Path], T]) -> T | None:
        """What a file holds, or None and a complaint."""
        try:
            return read(path)
        except FileNotFoundError:
            self._complain(path, "missing")
        except OSError as error:
            self._complain(path, f"cannot be read: {error.strerror}")
        except (_Unusable, BadImage) as error:
            self._complain(path, str(error))
        return None

    def _complain(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(path.relative_to(self._root).as_posix(), reason))


def _booth(path: Path) -> BoothRow:
    (row,) = _rows(_kept(path), "booth", BoothRow, exactly=1)
    if not is_booth_id(row.booth_id) or path.name != f"booth-{row.booth_id}.json":
        raise _Unusable("about another booth than it is named after")
    return row


def _visit(path: Path) -> VisitRows:
    kept = _kept(path)
    (row,) = _rows(kept, "visit", VisitRow, exactly=1)
    if row.study_instance_uid != path.parent.name:
        raise _Unusable("about another visit than it lies with")
    _decoded(records.visit_of, row)
    corrections = _rows(kept, "correction", CorrectionRow)
    signatures = _rows(kept, "signature", SignatureRow)
    named = [one.study_instance_uid for one in corrections] + [one.study_instance_uid for one in signatures]
    if set(named) - {row.study_instance_uid}:
        raise _Unusable("names corrections or signatures that are not of this visit")
    for one in signatures:
        _decoded(signature_of, one)
    return VisitRows(row, corrections, signatures)


def _still(path: Path) -> StillRows:
    kept, folder = _kept(path), path.parent
    (still,) = _rows(kept, "still", StillRow, exactly=1)
    uid = still.sop_instance_uid
    if (uid, still.study_instance_uid) != (folder.name, folder.parent.name):
        raise _Unusable("about another still than it lies with")
    _decoded(records.still_of, still)
    read = StillRows(
        still,
        _rows(kept, "instance", InstanceRow),
        _rows(kept, "measure", MeasureRow),
        _rows(kept, "work", WorkRow) if "work" in kept.rows else None,
        kept.written_at,
    )
    if any(one.still_uid != uid or not is_uid(one.sop_instance_uid) for one in read.instances):
        raise _Unusable("names objects that are not of this still")
    if any(one.sop_instance_uid != uid for one in (*read.measures, *(read.work or ()))):
        raise _Unusable("names measures or work that are not of this still")
    return read


def _check_object(path: Path, one: InstanceRow, hashes: bool) -> bool:
    if hashes and _sha256(path) != one.sha256:
        raise _Unusable("not the bytes that were written; restore the file from a backup")
    said = read_identity(path)
    written = (
        one.sop_class_uid,
        one.sop_instance_uid,
        one.study_instance_uid,
        one.series_instance_uid,
        one.modality,
    )
    if said != written:
        raise _Unusable("another object than its name says; restore the file from a backup")
    return True


def _below(root: Path, relative: str) -> Path | None:
    """The file of a path from a sidecar, which begins with visit and still and leads nowhere else."""
    parts = PurePosixPath(relative).parts
    if not 3 <= len(parts) <= 4 or "/".join(parts) != relative or not relative.isprintable():
        return None
    path = root / relative
    inside = is_uid(parts[0]) and is_uid(parts[1]) and not {".", ".."} & set(parts)
    return path if inside and path.resolve().is_relative_to(root.resolve()) else None


def _kept(path: Path) -> Kept:
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise _Unusable(f"over {_LARGEST} bytes")
    try:
        kept = msgspec.json.decode(data, type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _Unusable(f"damaged: {type(error).__name__}") from error
    if kept.version != VERSION:
        raise _Unusable(f"written by another version ({kept.version}); update dermabooth")
    return kept


def _rows(kept: Kept, name: str, table: type[Row], *, exactly: int | None = None) -> list[Row]:
    values = kept.rows.get(name, [])
    if exactly is not None and len(values) != exactly:
        raise _Unusable(f"holds {len(values)} rows of {name}")
    try:
        rows = [table.model_validate(columns, strict=True) for columns in values]
    except (ValidationError, RecursionError) as error:
        raise _Unusable(f"damaged: a row of {name} is none") from error
    if any(str(value).find("\0") >= 0 for columns in values for value in columns.values()):
        raise _Unusable(f"damaged: a row of {name} holds a null character")
    return rows


def _decoded(read: Callable[[Any], object], row: SQLModel) -> None:
    """The messages that a row holds as JSON can be read."""
    try:
        read(row)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _Unusable(f"damaged: {type(error).__name__}") from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
