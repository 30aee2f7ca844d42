"""What the headers of the archive's DICOM objects say, as it is searched for: one row per object, made from its file.

Nothing but a copy: a row that is missing is made again from the file that the object lies in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Text, func, or_
from sqlmodel import Column, Field, Session, SQLModel, col, delete, select

from server.store.executor import DatabaseThreads
from server.store.records import Instance, instance_of
from server.store.tables import InstanceRow


def _words(length: int) -> Any:
    return Field(default="", max_length=length)


class HeaderRow(SQLModel, table=True):
    """What a search may ask of one DICOM object; names are those of the attributes."""

    __tablename__ = "header"

    sop_instance_uid: str = Field(primary_key=True, max_length=64)
    study_instance_uid: str = Field(max_length=64, index=True)
    series_instance_uid: str = Field(max_length=64, index=True)
    sop_class_uid: str = _words(64)
    modality: str = _words(16)
    series_number: int | None = None
    instance_number: int | None = None
    series_description: str = _words(64)
    patient_id: str = Field(default="", max_length=64, index=True)
    issuer_of_patient_id: str = _words(64)
    patient_name: str = _words(324)
    """Folded, as `patients.folded` does."""
    patient_birth_date: str = _words(16)
    patient_sex: str = _words(16)
    study_date: str = Field(default="", max_length=16, index=True)
    study_time: str = _words(16)
    study_id: str = _words(16)
    study_description: str = _words(64)
    accession_number: str = Field(default="", max_length=16, index=True)
    referring_physician_name: str = _words(324)
    """Folded."""
    attributes: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    """DICOM JSON of the attributes that are told; empty: the file could not be read."""


class Level(StrEnum):
    """What one answer of a search is about."""

    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


@dataclass(frozen=True)
class OneOf:
    """A value that must be one of these."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Like:
    """A text with the wild cards * and ?, case aside."""

    pattern: str


@dataclass(frozen=True)
class Named:
    """A folded person name with the wild cards * and ?, in any of its three groups (PS3.5 section 6.2.1)."""

    pattern: str


@dataclass(frozen=True)
class Between:
    """First and last of a range of dates or times; empty: open."""

    first: str
    last: str


Match = OneOf | Like | Named | Between


@dataclass(frozen=True)
class HeaderSearch:
    """A search at one level; the keys are columns of `HeaderRow`, or `modalities_in_study`."""

    level: Level
    matches: Mapping[str, Match]
    limit: int
    offset: int = 0


@dataclass(frozen=True)
class FoundHeader:
    """One study, series or instance: DICOM JSON of one object of it, and what it consists of."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    attributes: str
    modalities: tuple[str, ...]
    series: int
    instances: int


class Headers:
    """Searches in the headers; every method is one transaction."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads

    async def unread(self, limit: int) -> list[Instance]:
        """Objects of the archive whose header has no row yet, at most `limit`."""
        query = (
            select(InstanceRow)
            .outerjoin(HeaderRow, col(HeaderRow.sop_instance_uid) == col(InstanceRow.sop_instance_uid))
            .where(col(HeaderRow.sop_instance_uid).is_(None), shown())
            .limit(limit)
        )
        rows = await self._threads.read(lambda s: s.exec(query).all())
        return [instance_of(row) for row in rows]

    async def keep(self, rows: Sequence[HeaderRow]) -> None:
        """Keep what was read; again is harmless."""

        def write(session: Session) -> None:
            for row in rows:
                session.merge(row)

        await self._threads.write(write)

    async def forget_unreadable(self) -> None:
        """Let what could not be read be tried again: the file may have been restored."""
        await self._threads.write(lambda s: s.exec(delete(HeaderRow).where(col(HeaderRow.attributes) == "")))

    async def find(self, search: HeaderSearch) -> list[FoundHeader]:
        """What was searched for: newest study first, then by the numbers of series and instances."""
        return await self._threads.read(lambda s: _find(s, search))

    async def instances(
        self, study_instance_uid: str, series_instance_uid: str = "", sop_instance_uid: str = ""
    ) -> list[Instance]:
        """The objects of a study, of one series, or one; none if there are none that are shown."""
        query = select(InstanceRow).where(InstanceRow.study_instance_uid == study_instance_uid, shown())
        if series_instance_uid:
            query = query.where(InstanceRow.series_instance_uid == series_instance_uid)
        if sop_instance_uid:
            query = query.where(InstanceRow.sop_instance_uid == sop_instance_uid)
        query = query.order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
        rows = await self._threads.read(lambda s: s.exec(query).all())
        return [instance_of(row) for row in rows]


def shown() -> ColumnElement[bool]:
    """Whether a row of `InstanceRow` is told to others at all: its file is here, and it was not withdrawn.

    Every search and retrieval asks it.
    """
    return col(InstanceRow.released_at).is_(None) & col(InstanceRow.hidden_by).is_(None)


_GROUPS = {
    Level.STUDY: (HeaderRow.study_instance_uid,),
    Level.SERIES: (HeaderRow.study_instance_uid, HeaderRow.series_instance_uid),
    Level.INSTANCE: (
        HeaderRow.study_instance_uid,
        HeaderRow.series_instance_uid,
        HeaderRow.sop_instance_uid,
    ),
}
_ORDER = {
    Level.STUDY: (),
    Level.SERIES: (HeaderRow.series_number,),
    Level.INSTANCE: (HeaderRow.series_number, HeaderRow.instance_number),
}


def _find(session: Session, search: HeaderSearch) -> list[FoundHeader]:
    first = func.min(HeaderRow.sop_instance_uid)
    groups = [col(column) for column in _GROUPS[search.level]]
    numbers = [func.min(column) for column in _ORDER[search.level]]
    newest = [func.max(HeaderRow.study_date).desc(), func.max(HeaderRow.study_time).desc()]
    page = (
        select(first)
        .join(InstanceRow, col(InstanceRow.sop_instance_uid) == col(HeaderRow.sop_instance_uid))
        .where(HeaderRow.attributes != "", shown())
        .where(*(_condition(name, match) for name, match in search.matches.items()))
        .group_by(*groups)
        .order_by(*newest, groups[0], *numbers, *groups[1:])
        .limit(search.limit)
        .offset(search.offset)
    )
    uids = list(session.exec(page).all())
    rows = session.exec(select(HeaderRow).where(col(HeaderRow.sop_instance_uid).in_(uids))).all()
    by_uid = {row.sop_instance_uid: row for row in rows}
    contents = _contents(session, search.level, {row.study_instance_uid for row in rows})
    return [_found(by_uid[uid], search.level, contents) for uid in uids]


_Contents = Mapping[str, Sequence[tuple[str, str, int]]]


def _contents(session: Session, level: Level, studies: set[str]) -> _Contents:
    """Series, modality and number of objects, by study."""
    if level is Level.INSTANCE:
        return {}
    held: dict[str, list[tuple[str, str, int]]] = {study: [] for study in studies}
    query = (
        select(HeaderRow.study_instance_uid, HeaderRow.series_instance_uid, HeaderRow.modality, func.count())
        .join(InstanceRow, col(InstanceRow.sop_instance_uid) == col(HeaderRow.sop_instance_uid))
        .where(HeaderRow.attributes != "", shown(), col(HeaderRow.study_instance_uid).in_(studies))
        .group_by(
            col(HeaderRow.study_instance_uid), col(HeaderRow.series_instance_uid), col(HeaderRow.modality)
        )
    )
    for study, series, modality, count in session.exec(query).all():
        held[study].append((series, modality, count))
    return held


def _found(row: HeaderRow, level: Level, contents: _Contents) -> FoundHeader:
    held = contents.get(row.study_instance_uid, ((row.series_instance_uid, row.modality, 1),))
    if level is not Level.STUDY:
        held = [one for one in held if one[0] == row.series_instance_uid]
    return FoundHeader(
        row.study_instance_uid,
        row.series_instance_uid,
        row.sop_instance_uid,
        row.attributes,
        modalities=tuple(sorted({modality for _, modality, _ in held})),
        series=len({series for series, _, _ in held}),
        instances=sum(count for _, _, count in held),
    )


def _condition(name: str, match: Match) -> ColumnElement[bool]:
    if name == "modalities_in_study":
        with_it = select(HeaderRow.study_instance_uid).where(_condition("modality", match))
        return col(HeaderRow.study_instance_uid).in_(with_it)
    column = col(getattr(HeaderRow, name))
    match match:
        case OneOf(values):
            return column.in_(values)
        case Like(pattern):
            return func.lower(column).like(_sql_pattern(pattern.lower()), escape="!")
        case Named(pattern):
            one = _sql_pattern(pattern)
            return or_(*(column.like(p, escape="!") for p in (one, f"%={one}", f"{one}=%", f"%={one}=%")))
        case Between(first, last):
            told = (column != "") & (column >= first)
            # A time without its seconds stands for all of that minute.
            return told & or_(column <= last, column.startswith(last)) if last else told


def _sql_pattern(pattern: str) -> str:
    for special in ("!", "%", "_"):
        pattern = pattern.replace(special, f"!{special}")
    return pattern.replace("*", "%").replace("?", "_")
