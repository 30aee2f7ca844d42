"""DICOMweb over the server's own store and archive: searches, and objects in the form that is asked for."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pydicom.uid import ExplicitVRLittleEndian

from server.dicomweb import objects, rendering
from server.dicomweb.accept import Accepted
from server.dicomweb.errors import BadRequest, NotAcceptable
from server.dicomweb.objects import Frames
from server.dicomweb.rendering import Picture
from server.dicomweb.search import answer, read_query
from server.dicomweb.syntax import stored_syntax
from server.dicomweb.workshop import Workshop
from server.errors import NotFound
from server.store import Archive, Instance, Level, Store

P = ParamSpec("P")
T = TypeVar("T")

_BATCH = 50
_MEMORY = 32 << 20
MOST_FRAMES = 256
"""Frames in one answer."""


@dataclass(frozen=True)
class Address:
    """What a request is about; empty: everything at that level."""

    study: str = ""
    series: str = ""
    instance: str = ""


@dataclass(frozen=True)
class Found:
    """One page of results, as DICOM JSON."""

    results: list[dict[str, Any]]
    more: bool
    """Further results can be asked for."""
    fuzzy: bool
    """Fuzzy matching was asked for and was not done."""


@dataclass(frozen=True)
class Body:
    """One object to be sent: the file, and its transfer syntax; `scratch`: to be deleted afterwards."""

    instance: Instance
    path: Path
    transfer_syntax: str
    scratch: bool


class DicomWeb:
    """Answers searches and hands out objects; `close` it in the end."""

    def __init__(self, store: Store, archive: Archive) -> None:
        self._headers = store.headers
        self._archive = archive
        self._workshop = Workshop()
        self._files = ThreadPoolExecutor(2, thread_name_prefix="dicomweb")
        self._reading = asyncio.Lock()
        self._tried_again = False
        self._told: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._room = _MEMORY

    def close(self) -> None:
        """End the work on objects; safe to call twice."""
        self._workshop.close()
        self._files.shutdown(wait=True)

    async def run(self, look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a function that reads files."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._files, lambda: look(*args, **kwargs))

    async def search(
        self, level: Level, parameters: Iterable[tuple[str, str]], under: Mapping[str, str], root: str
    ) -> Found:
        """One page of what a query asks for; raises `BadRequest`. `root` is the address of the service."""
        query = read_query(parameters, level, under)
        await self.catch_up()
        found = await self._headers.find(query.one_more())
        page = found[: query.search.limit]
        results = [answer(one, level, query.tags, root) for one in page]
        return Found(results, len(found) > len(page), query.fuzzy)

    async def catch_up(self) -> None:
        """Read the headers of objects that came since the last search; the first time also of those that could not be read."""
        async with self._reading:
            if not self._tried_again:
                self._tried_again = True
                await self._headers.forget_unreadable()
            while unread := await self._headers.unread(_BATCH):
                paths = [
                    (
                        one.sop_instance_uid,
                        one.study_instance_uid,
                        one.series_instance_uid,
                        self._archive.resolve(one.path),
                    )
                    for one in unread
                ]
                await self._headers.keep(await self._workshop.run(objects.entries, paths))

    async def instances(self, address: Address) -> list[Instance]:
        """The objects at an address; raises `NotFound`."""
        found = await self._headers.instances(address.study, address.series, address.instance)
        if not found:
            raise NotFound("no such study, series or instance here")
        return found

    async def choose(self, instance: Instance, accepted: Sequence[Accepted]) -> str | None:
        """The transfer syntax that an object is sent in, None if none is accepted.

        Told none, that is the default of application/dicom: Explicit VR Little Endian (PS3.18 section 8.7.3.5.2).
        """
        stored = await self.run(stored_syntax, self._archive.resolve(instance.path))
        for one in accepted:
            if one.takes("application/dicom"):
                if one.transfer_syntax in ("*", stored):
                    return stored
                if one.transfer_syntax in ("", ExplicitVRLittleEndian):
                    return str(ExplicitVRLittleEndian)
        return None

    async def is_stored(self, instance: Instance, transfer_syntax: str) -> bool:
        """Whether an object lies in the archive in this transfer syntax."""
        return transfer_syntax == await self.run(stored_syntax, self._archive.resolve(instance.path))

    async def body(self, instance: Instance, transfer_syntax: str) -> Body:
        """The file of an object in a transfer syntax that `choose` gave."""
        path = self._archive.resolve(instance.path)
        if await self.is_stored(instance, transfer_syntax):
            return Body(instance, path, transfer_syntax, scratch=False)
        made = await self._workshop.run(objects.plain, path, self._workshop.scratch)
        return Body(instance, made, transfer_syntax, scratch=True)

    async def metadata(self, instance: Instance, address: str) -> bytes:
        """DICOM JSON of one object, kept for the next look."""
        key = (instance.sop_instance_uid, address)
        if key not in self._told:
            path = self._archive.resolve(instance.path)
            self._keep(key, await self._workshop.run(objects.metadata, path, address))
        self._told.move_to_end(key)
        return self._told[key]

    async def frames(
        self, instance: Instance, numbers: Sequence[int], accepted: Sequence[Accepted]
    ) -> Frames:
        """Frames in the form that is wanted most; no numbers: all. Raises `NotAcceptable`, `NotFound`, `BadRequest`."""
        if len(numbers) > MOST_FRAMES:
            raise BadRequest(f"at most {MOST_FRAMES} frames are sent at once")
        path = self._archive.resolve(instance.path)
        stored = objects.STORED_TYPES.get(await self.run(stored_syntax, path), "")
        as_stored = _as_stored(stored, accepted)
        try:
            return await self._workshop.run(objects.frames, path, numbers, as_stored, self._workshop.scratch)
        except KeyError as error:
            raise NotFound("this object has no frame of that number") from error

    async def bulk(self, instance: Instance, tag: str, accepted: Sequence[Accepted]) -> Frames:
        """A large value; raises `NotFound`."""
        if tag.upper() == "7FE00010":
            return await self.frames(instance, (), accepted)
        path = self._archive.resolve(instance.path)
        try:
            return await self._workshop.run(objects.bulk, path, int(tag, 16), self._workshop.scratch)
        except KeyError as error:
            raise NotFound("this object has no such value") from error

    async def rendered(self, instance: Instance, frame: int, wanted: Picture) -> bytes:
        """A picture for display; raises `NotAcceptable`, `NotFound`."""
        path = self._archive.resolve(instance.path)
        # Pages' small picture of a photograph lies beside it.
        beside = path.with_name("rendition.jpg") if path.name == "photo.dcm" else None
        try:
            return await self._workshop.run(rendering.rendered, path, beside, frame, wanted)
        except KeyError as error:
            raise NotFound("this object has no frame of that number") from error

    def _keep(self, key: tuple[str, str], told: bytes) -> None:
        if key in self._told:
            return
        self._told[key] = told
        self._room -= len(told)
        while self._room < 0 and len(self._told) > 1:
            _, old = self._told.popitem(last=False)
            self._room += len(old)


def etag(instances: Sequence[Instance], *form: object) -> str:
    """Changes with what an answer consists of; an object's bytes never change under its UID."""
    text = "\n".join([*(one.sha256 + one.sop_instance_uid for one in instances), *map(repr, form)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _as_stored(stored: str, accepted: Sequence[Accepted]) -> bool:
    """Whether frames go out as they lie in the file; decoded where that is the default or is asked for."""
    for one in accepted:
        named = one.media_type not in ("*/*", "image/*")
        if (
            stored
            and one.takes(stored)
            and (named or one.transfer_syntax == "*" or one.media_type == "image/*")
        ):
            return True
        if one.takes(objects.OCTETS) and one.transfer_syntax in ("", "*", ExplicitVRLittleEndian):
            return False
    names = " or ".join(filter(None, (stored, objects.OCTETS)))
    raise NotAcceptable(f"frames of this object are sent as {names}")
