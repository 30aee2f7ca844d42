"""Stills on the booth's disk: one folder each, there whole or not at all."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from station.durable import make_folder, remove_folder, sync_folder, write_file
from station.errors import SpoolDamaged, SpoolFull
from station.protocol import (
    Encoding,
    ProtocolError,
    StillOffer,
    decode_station,
    encode,
    encode_pixels,
)
from station.still import TakenStill

_PIXELS = "pixels"
_MANIFEST = "offer"
_BLOCK = 1 << 20
MANIFEST_ROOM = 64 << 10
"""What a still's folder takes beside its pixels, at most, in bytes."""


@dataclass(frozen=True)
class SpooledStill:
    """A still that is safe on disk."""

    sequence: int
    offer: StillOffer
    folder: Path


class StillFiles:
    """The folders of stills below one folder; all calls block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)

    def scan(self) -> tuple[list[SpooledStill], list[str]]:
        """The stills in the order they were taken, and the names of damaged ones, which stay where they are.

        What an interrupted write or removal left behind is cleaned away.
        """
        stills: list[SpooledStill] = []
        damaged: list[str] = []
        for folder in sorted(self.folder.iterdir()):
            if folder.name.startswith("."):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                stills.append(_open(folder))
            except SpoolDamaged:
                damaged.append(folder.name)
        return stills, damaged

    def write(self, sequence: int, still: TakenStill, encoding: Encoding, room: int) -> SpooledStill:
        """Make a still durable, at most `room` bytes of it.

        Raises `SpoolFull`, `SpoolDamaged` if the disk fails, or `MalformedMessage` for a still that no server takes.
        """
        data = encode_pixels(still.frame.pixels, encoding)
        decode_station(encode(_offer(still, encoding, len(data), "0" * 64)))
        self._check_room(len(data), room)
        name = f"{sequence:010d}-{still.sop_instance_uid}"
        partial, folder = self.folder / f".new-{name}", self.folder / name
        with self._reported(partial, len(data)):
            partial.mkdir(mode=0o700)
            digest = hashlib.sha256()
            write_file(partial / _PIXELS, _hashed(data, digest))
            offer = _offer(still, encoding, len(data), digest.hexdigest())
            write_file(partial / _MANIFEST, [encode(offer)])
            sync_folder(partial)
            partial.rename(folder)
            sync_folder(self.folder)
        return SpooledStill(sequence, offer, folder)

    def remove(self, still: SpooledStill) -> None:
        """Let go of a still; interrupted, it is there whole or cleaned away by the next `scan`."""
        remove_folder(still.folder)

    def _check_room(self, needed: int, room: int) -> None:
        if needed > room:
            raise SpoolFull(
                f"the spool {self.folder} holds as much as it may: {needed} bytes needed, {max(room, 0)} left; "
                "connect the server, or raise uplink.spool_gb"
            )
        free = shutil.disk_usage(self.folder).free
        if needed + MANIFEST_ROOM > free:
            raise SpoolFull(
                f"the disk of {self.folder} is full: {needed} bytes needed, {free} free; free space on it"
            )

    @contextmanager
    def _reported(self, partial: Path, needed: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise SpoolFull(
                    f"the disk of {self.folder} is full: {needed} bytes needed; free space on it"
                ) from error
            raise SpoolDamaged(f"the disk of {self.folder} cannot be written: {error.strerror}") from error


def read_into(still: SpooledStill, offset: int, buffer: memoryview) -> int:
    """Fill `buffer` with the bytes of a still from `offset` on; the number of them. Raises `SpoolDamaged`."""
    due = min(len(buffer), still.offer.size - offset)
    try:
        with open(still.folder / _PIXELS, "rb", buffering=0) as file:
            read = os.preadv(file.fileno(), [buffer[:due]], offset)
    except OSError as error:
        raise SpoolDamaged(f"{still.folder.name} cannot be read: {error.strerror}") from error
    if read != due:
        raise SpoolDamaged(f"{still.folder.name} ends at byte {offset + read} of {still.offer.size}")
    return due


def is_whole(still: SpooledStill) -> bool:
    """Whether the bytes on disk are those that were written."""
    try:
        with open(still.folder / _PIXELS, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == still.offer.sha256
    except OSError:
        return False


def _open(folder: Path) -> SpooledStill:
    sequence, _, sop_instance_uid = folder.name.partition("-")
    try:
        offer = decode_station((folder / _MANIFEST).read_bytes())
        size = (folder / _PIXELS).stat().st_size
    except (OSError, ProtocolError) as error:
        raise SpoolDamaged(f"{folder.name} cannot be read") from error
    whole = isinstance(offer, StillOffer) and offer.sop_instance_uid == sop_instance_uid
    if not whole or not isinstance(offer, StillOffer) or offer.size != size or not sequence.isdecimal():
        raise SpoolDamaged(f"{folder.name} is not what was written")
    return SpooledStill(int(sequence), offer, folder)


def _offer(still: TakenStill, encoding: Encoding, size: int, sha256: str) -> StillOffer:
    return StillOffer(
        sop_instance_uid=still.sop_instance_uid,
        series_instance_uid=still.series_instance_uid,
        study_instance_uid=still.study_instance_uid,
        series_number=still.series_number,
        instance_number=still.instance_number,
        header=still.frame.header,
        encoding=encoding,
        size=size,
        sha256=sha256,
        booth_quality=still.booth_quality,
        replaces=still.replaces,
        override=still.override,
    )


def _hashed(data: memoryview, digest: "hashlib._Hash") -> Iterator[memoryview]:
    for start in range(0, len(data), _BLOCK):
        part = data[start : start + _BLOCK]
        digest.update(part)
        yield part
