"""Visits on the booth's disk, from their opening until the server knows their end."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from station.durable import make_folder, remove_folder, replace_file, sync_folder, write_file
from station.errors import SpoolDamaged
from station.protocol import (
    ProtocolError,
    StationMessage,
    StillOffer,
    VisitClosed,
    VisitOpened,
    decode_station,
    encode,
)

_OPENED = "opened"
_CLOSED = "closed"
_STORED = ".stored"


@dataclass(frozen=True)
class SpooledVisit:
    """A visit whose end the server does not know yet."""

    sequence: int
    folder: Path
    opened: VisitOpened
    closed: VisitClosed | None = None
    stored: tuple[str, ...] = ()
    """SOP Instance UIDs of its stills that the server has, in the order it said so."""
    replaced: frozenset[str] = frozenset()
    """SOP Instance UIDs of the stills that those of `stored` were taken again for."""

    @property
    def study_instance_uid(self) -> str:
        """The UID of the visit."""
        return self.opened.study_instance_uid


class VisitFiles:
    """The folders of visits below one folder; all calls block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)

    def scan(self) -> tuple[list[SpooledVisit], list[str]]:
        """The visits in the order they were opened, and the names of damaged ones, which stay where they are.

        Of two with the same UID the older was given up before its first still, and is removed.
        """
        visits: dict[str, SpooledVisit] = {}
        damaged: list[str] = []
        for folder in sorted(self.folder.iterdir()):
            if folder.name.startswith("."):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                visit = _open(folder)
            except SpoolDamaged:
                damaged.append(folder.name)
                continue
            if (before := visits.pop(visit.study_instance_uid, None)) is not None:
                self.remove(before)
            visits[visit.study_instance_uid] = visit
        return list(visits.values()), damaged

    def write(self, sequence: int, opened: VisitOpened) -> SpooledVisit:
        """Make the opening of a visit durable."""
        name = f"{sequence:010d}-{opened.study_instance_uid}"
        partial, folder = self.folder / f".new-{name}", self.folder / name
        try:
            partial.mkdir(mode=0o700)
            write_file(partial / _OPENED, [_checked(opened)])
            sync_folder(partial)
            partial.rename(folder)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        sync_folder(self.folder)
        return SpooledVisit(sequence, folder, opened)

    def close(self, visit: SpooledVisit, closed: VisitClosed) -> None:
        """Make the end of a visit durable."""
        replace_file(visit.folder / _CLOSED, _checked(closed))

    def note_stored(self, visit: SpooledVisit, still: StillOffer) -> None:
        """Remember that the server has a still of the visit."""
        uid, replaces = still.sop_instance_uid, still.replaces or ""
        replace_file(visit.folder / f"{len(visit.stored):04d}-{uid}{_STORED}", replaces.encode())

    def remove(self, visit: SpooledVisit) -> None:
        """Let go of a visit."""
        remove_folder(visit.folder)


def with_stored(visit: SpooledVisit, still: StillOffer) -> SpooledVisit:
    """The visit once the server has this still of it."""
    replaced = visit.replaced | ({still.replaces} if still.replaces else set())
    return replace(visit, stored=(*visit.stored, still.sop_instance_uid), replaced=replaced)


def _checked(message: StationMessage) -> bytes:
    data = encode(message)
    decode_station(data)
    return data


def _open(folder: Path) -> SpooledVisit:
    sequence, _, study_instance_uid = folder.name.partition("-")
    try:
        opened = decode_station((folder / _OPENED).read_bytes())
        closing = folder / _CLOSED
        closed = decode_station(closing.read_bytes()) if closing.exists() else None
        # A name that begins with a dot is of a write that was cut off.
        stored = sorted(folder.glob(f"[!.]*{_STORED}"))
        replaced = frozenset(path.read_text("ascii", "replace") for path in stored) - {""}
    except (OSError, ProtocolError) as error:
        raise SpoolDamaged(f"{folder.name} cannot be read") from error
    if not isinstance(opened, VisitOpened) or opened.study_instance_uid != study_instance_uid:
        raise SpoolDamaged(f"{folder.name} is not what was written")
    if not isinstance(closed, VisitClosed | None) or not sequence.isdecimal():
        raise SpoolDamaged(f"{folder.name} is not what was written")
    uids = tuple(path.name.removesuffix(_STORED).partition("-")[2] for path in stored)
    return SpooledVisit(int(sequence), folder, opened, closed, uids, replaced)
