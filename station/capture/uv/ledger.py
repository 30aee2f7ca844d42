"""Who had how much ultraviolet light: a file that grows before a lamp fires.

One JSON object a line: `{"at", "key", "j_m2", "eff"}` for a dose, seconds since 1970 UTC and J/m². A line with negative
doses gives back what was booked and not shone. Names are keyed digests (HMAC-SHA-256 of issuer and patient ID with the
booth's own key), so that the file names nobody. Lines older than `KEPT_S` are left out when it is opened.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from station.calibration import WINDOW_S, Dose
from station.devices import Worker, completed
from station.errors import UvRefused
from station.protocol import Patient

KEPT_S: Final = 2 * 86_400.0
MAX_BYTES: Final = 16 << 20
_MOST_LINES: Final = 10_000
"""Lines from which the file is written anew without what is old."""
_DIGITS: Final = 32
_KEY_BYTES: Final = 32


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: float
    key: str
    j_m2: float
    eff: float


class _Damaged(Exception):
    """The ledger cannot be trusted."""


class DoseLedger:
    """The booth's ledger; `open` it. Every method but `open` and `close` belongs to one event loop."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._key_path = folder / "doses.jsonl", folder / "doses.key"
        self._clock = clock
        self._key = b""
        self._entries: list[_Entry] = []
        self._lines = 0
        self._problem = "the ledger of ultraviolet doses is not open"
        self._worker = Worker("uv-ledger")

    def open(self) -> None:
        """Read the file and drop what is old. One that cannot be read is left as it is, and every booking refused."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._entries = self._read()
            self._key = self._read_key()
            self._rewrite()
            self._problem = ""
        except OSError as error:
            self._problem = f"the ledger of ultraviolet doses cannot be used: {error.strerror}"
        except (msgspec.MsgspecError, UnicodeDecodeError, _Damaged) as error:
            self._problem = (
                f"the ledger of ultraviolet doses is damaged ({error}): move the folder {self._path.parent.name} aside "
                "after a day without ultraviolet light"
            )

    def close(self) -> None:
        """Take no further booking; safe to call twice."""
        self._problem = "the ledger of ultraviolet doses is closed"
        self._worker.close()

    @property
    def problem(self) -> str:
        """Why nothing can be booked; empty if all is well."""
        return self._problem

    def person(self, patient: Patient) -> str:
        """The name of a person in the ledger; empty for somebody without an ID.

        Spaces around an ID mean nothing (DICOM PS3.5 section 6.2, LO).
        """
        issuer, number = patient.issuer_of_patient_id.strip(), patient.patient_id.strip()
        return self._name("person", issuer, number) if number else ""

    def visit(self, study_instance_uid: str) -> str:
        """The name of a walk-in's visit in the ledger."""
        return self._name("visit", study_instance_uid)

    def had(self, key: str) -> Dose:
        """The dose under this name within the last `WINDOW_S`. Entries from the future count: clocks are set back."""
        since = self._clock() - WINDOW_S
        found = [entry for entry in self._entries if entry.key == key and entry.at >= since]
        return Dose(max(sum(entry.j_m2 for entry in found), 0.0), max(sum(entry.eff for entry in found), 0.0))

    async def book(self, keys: Sequence[str], dose: Dose, at: float | None = None) -> float:
        """Return the dose's time once it is on disk under each name; raises `UvRefused`, and nothing is booked for certain.

        `at` is the time of an earlier booking that this one corrects, so that both expire together.
        """
        if self._problem:
            raise UvRefused(self._problem)
        now = self._clock()
        booked_at = now if at is None else at
        entries = [_Entry(booked_at, key, dose.j_m2, dose.effective_j_m2) for key in keys]
        # Counted before it is written: a booking that fails half way may be on disk.
        self._entries = [entry for entry in self._entries if entry.at >= now - KEPT_S] + entries
        try:
            await completed(self._worker.run(self._append, entries))
        except OSError as error:
            raise UvRefused(
                f"the ultraviolet dose cannot be written down ({error.strerror}): free space on the booth's disk"
            ) from error
        return booked_at

    def _append(self, entries: Sequence[_Entry]) -> None:
        if self._lines > _MOST_LINES:
            self._rewrite()  # the new ones among them
            return
        _append_durably(self._path, entries)
        self._lines += len(entries)

    def _name(self, *parts: str) -> str:
        told = "\0".join(parts).encode()
        return hmac.new(self._key, told, hashlib.sha256).hexdigest()[:_DIGITS]

    def _read(self) -> list[_Entry]:
        if not self._path.exists():
            return []
        if self._path.stat().st_size > MAX_BYTES:
            raise _Damaged(f"over {MAX_BYTES} bytes")
        # What follows the last line's end was never on disk for certain, so no lamp has fired for it.
        *lines, _ = self._path.read_bytes().split(b"\n")
        since = self._clock() - KEPT_S
        entries = [msgspec.json.decode(line, type=_Entry) for line in lines]
        return [entry for entry in entries if entry.at >= since]

    def _read_key(self) -> bytes:
        if self._key_path.exists():
            key = self._key_path.read_bytes()
            if len(key) == _KEY_BYTES:
                return key
            raise _Damaged("its key is not whole")
        if self._entries:
            raise _Damaged("its key is missing")
        key = secrets.token_bytes(_KEY_BYTES)
        _write_durably(self._key_path, key)
        return key

    def _rewrite(self) -> None:
        entries = self._entries
        _write_durably(self._path, b"".join(map(_line, entries)))
        self._lines = len(entries)


def _line(entry: _Entry) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


def _append_durably(path: Path, entries: Sequence[_Entry]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        data = b"".join(map(_line, entries))
        if os.write(descriptor, data) != len(data):
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)  # so that the next line does not begin within this one
            raise OSError(0, "no room for it")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(path: Path, data: bytes) -> None:
    """The file with this content at once, its owner's alone."""
    partial = path.with_name(f".new-{path.name}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
