"""Whether an audit trail is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.audit.chain import LONGEST_LINE, Head, hash_of, locked, trail_files


@dataclass(frozen=True)
class Verification:
    """What was found in a trail."""

    files: int
    records: int
    """Those that are whole, from the first on."""
    head: Head
    """The newest of them."""
    fault: str = ""
    """Where the chain breaks and how; empty: it is whole."""


def verify(folder: Path, *, begins_at: int = 1, known: Head | None = None) -> Verification:
    """Read a whole trail: every record must carry the hash of the one before and the number after it.

    A trail whose oldest files were moved away `begins_at` a later record. `known` is a record that must be there: the
    newest that a collector has tells a trail whose end was cut off.
    """
    files = _files(folder)
    head, records = Head(begins_at - 1), 0
    for path, size in files:
        for line, words in _lines(path, size):
            fault = _fault(words, head, first=records == 0 and begins_at > 1)
            head = Head(head.number + 1, hash_of(words))
            if not fault and known is not None and known.number == head.number and known.hash != head.hash:
                fault = "is not the record that the collector was sent under this number"
            if fault:
                where = f"{path.name}, line {line}: record {head.number} {fault}"
                return Verification(len(files), records, Head(head.number - 1), where)
            records += 1
    return Verification(len(files), records, head, _end_fault(head, known))


def _fault(line: bytes, before: Head, *, first: bool) -> str:
    words = line.split(b" ", 2)
    if len(words) != 3 or not line.endswith(b"</AuditMessage>"):
        return "is not a whole record"
    if words[0] != b"%d" % (before.number + 1):
        return (
            f"has the number {words[0][:20].decode('ascii', 'replace')}: records are missing or were put in"
        )
    if not first and words[1] != before.hash.encode():
        return "does not carry the hash of the record before: one of the two was changed"
    return ""


def _end_fault(head: Head, known: Head | None) -> str:
    if known is not None and known.number > head.number:
        return f"record {known.number} was sent to the collector and is not here: the end of the trail is missing"
    return ""


def _files(folder: Path) -> list[tuple[Path, int]]:
    """The files and their sizes at a moment when nobody is writing; of a copy that may not be locked, as they are."""
    try:
        with locked(folder):
            return [(path, path.stat().st_size) for path in trail_files(folder)]
    except (PermissionError, FileNotFoundError):
        return [(path, path.stat().st_size) for path in trail_files(folder)]


def _lines(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    with open(path, "rb") as file:
        number = 0
        while file.tell() < size and (data := file.readline(LONGEST_LINE + 1)):
            number += 1
            # Without its line break a record was not finished; its last byte then is no closing bracket.
            yield number, data[:-1] if data.endswith(b"\n") else data + b"?"
