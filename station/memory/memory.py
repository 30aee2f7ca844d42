"""Drawings and faces of earlier visits in the booth's data folder: bounded, the owner's alone, without names."""

import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from station.devices import Worker
from station.durable import make_folder, replace_file
from station.memory.drawing import Drawing, draw
from station.protocol import Face, Frame, FrameHeader, Patient, View
from station.quality import Baseline

_KEY = "key"
_KEY_BYTES = 32
_DAY_S = 86400.0


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Where the face was in a still of this size."""

    width: int
    height: int
    face: Face | None


class PatientMemory:
    """What is kept of at most `patients` patients, each for `days` after its last visit; 0 of either keeps nothing.

    A patient's folder is named by an HMAC-SHA-256 of issuer and ID with a key of the booth, so that neither can be read
    from it. Who has no ID is never kept. Files are touched on the thread `memory`; `baseline` reads on the caller's.
    """

    def __init__(self, folder: Path, key: bytes, *, patients: int, days: float) -> None:
        self._folder = folder
        self._key = key
        self._patients = patients
        self._days = days
        self._worker = Worker("memory", nice=5)

    @classmethod
    def open(cls, folder: Path, *, patients: int = 500, days: float = 90.0) -> Self:
        """The memory in this folder, what is too old forgotten; blocks. Raises `OSError`."""
        if not (patients and days):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder)
            return cls(folder, b"", patients=0, days=0)
        make_folder(folder)
        memory = cls(folder, _open_key(folder / _KEY), patients=patients, days=days)
        memory._forget_old()
        return memory

    def knows(self, patient: Patient) -> bool:
        """Whether anything may be kept of somebody."""
        return self._patients > 0 and bool(patient.patient_id.strip())

    async def drawn(self, frame: Frame, face: Face | None, field: tuple[int, int] | None = None) -> Drawing:
        """The drawing of a still, not kept yet; `field` is the size of the preview, px."""
        return await self._worker.run(draw, frame, face, field)

    async def keep(self, patient: Patient, view: View, drawing: Drawing) -> None:
        """Keep a white still's drawing and its face, in place of what was kept of this view. Raises `OSError`."""
        if self.knows(patient):
            await self._worker.run(self._keep, self._place(patient), view, drawing)

    async def ghost(self, patient: Patient, view: View) -> bytes | None:
        """The PNG of a view at the last visit: grey lines on transparency; None if nothing is kept."""
        if not self.knows(patient):
            return None
        return await self._worker.run(_read, self._place(patient) / f"{view.value}.png")

    def baseline(self, patient: Patient, view: View) -> Baseline | None:
        """Where the face was in a view at the last visit; reads a file. None if it is not known.

        Its frame has the size of the still and no picture.
        """
        data = _read(self._place(patient) / f"{view.value}.face") if self.knows(patient) else None
        try:
            kept = None if data is None else msgspec.msgpack.decode(data, type=_Kept)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if kept is None or kept.face is None:
            return None
        header = FrameHeader(frame_id=0, width=kept.width, height=kept.height, view=view)
        nothing = np.broadcast_to(np.uint8(0), (kept.height, kept.width, 3))
        return Baseline(Frame(header, nothing), kept.face, pictured=False)

    def close(self) -> None:
        """End the thread; safe to call twice."""
        self._worker.close()

    def _place(self, patient: Patient) -> Path:
        who = f"{patient.issuer_of_patient_id.strip()}\\{patient.patient_id.strip()}".encode()
        return self._folder / hmac.new(self._key, who, hashlib.sha256).hexdigest()

    def _keep(self, place: Path, view: View, drawing: Drawing) -> None:
        make_folder(place)
        kept = _Kept(width=drawing.width, height=drawing.height, face=drawing.face)
        replace_file(place / f"{view.value}.face", msgspec.msgpack.encode(kept))
        replace_file(place / f"{view.value}.png", drawing.png)
        os.utime(place)
        self._forget_old()

    def _forget_old(self) -> None:
        places = [(path.stat().st_mtime, path) for path in self._folder.iterdir() if path.is_dir()]
        oldest = time.time() - self._days * _DAY_S
        for number, (at, path) in enumerate(sorted(places, reverse=True)):
            if number >= self._patients or at < oldest:
                shutil.rmtree(path, ignore_errors=True)


def _open_key(path: Path) -> bytes:
    key = _read(path)
    if key is None or len(key) != _KEY_BYTES:
        key = secrets.token_bytes(_KEY_BYTES)
        replace_file(path, key)
    return key


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
