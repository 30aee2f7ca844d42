"""A PACS or archive by STOW-RS, with QIDO-RS as the proof that it keeps what it took (PS3.18)."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pydicom

from server.config.destinations import StowSection
from server.dicom import transcoded
from server.dimse import EXPLICIT, PLAIN, Ruling, StoredFile, Verdict, verdict
from server.errors import BadImage, DestinationUnavailable
from server.outbox.contract import Fate, Outcome, Parcel
from server.outbox.destinations.multipart import Multipart
from server.outbox.destinations.stow_answer import StowAnswer, Unreadable, read_found, read_stored
from server.outbox.destinations.web import Answer, WebService

_FATES = {Ruling.STORED: Fate.STORED, Ruling.AGAIN: Fate.AGAIN}
_MOST_ANSWER_BYTES = 8_000_000
_PAGE = 200
_MOST_PAGES = 50
_MOST_MISSING = 10_000
_ACCEPT = {"Accept": "application/dicom+json, application/json;q=0.5, application/dicom+xml;q=0.2"}


class StowDestination:
    """Requests of a bounded number of instances, streamed from their files."""

    def __init__(self, section: StowSection, run: Path) -> None:
        """`run`: the server's folder of run files. Raises `ConfigError`."""
        self.name, self.confirms = section.name, True
        self._section = section
        self._where = urlsplit(section.url).netloc
        self._web = WebService(section, most_bytes=_MOST_ANSWER_BYTES)
        self._most = section.most_instances
        self._missing_since: dict[str, float] = {}
        self._scratch = run / f"transcoded-{section.name}"
        shutil.rmtree(self._scratch, ignore_errors=True)

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        """Store each, unchanged where its transfer syntax is taken."""
        waiting = list(parcels)
        while waiting:
            batch = self._batch(waiting)
            del waiting[: len(batch)]
            for outcome in await self._deliver(batch):
                yield outcome
            self._most = min(self._section.most_instances, 2 * self._most)

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """By QIDO-RS: the instances that are found in their study."""
        if not parcels:
            return []
        found = await self._found(parcels[0].study_instance_uid, len(parcels))
        return [self._judged(parcel, found) for parcel in parcels]

    async def close(self) -> None:
        """Close the connections."""
        await self._web.close()

    def _batch(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        """As many as one request takes, at least one."""
        batch: list[Parcel] = []
        left = self._section.most_mb * 1_000_000
        for parcel in parcels[: self._most]:
            with contextlib.suppress(OSError):
                left -= parcel.path.stat().st_size
            if batch and left < 0:
                break
            batch.append(parcel)
        return batch

    async def _deliver(self, batch: Sequence[Parcel]) -> list[Outcome]:
        """The outcomes of one batch, in as many requests as it takes."""
        readable = [one for one in batch if one.path.is_file()]
        if len(readable) < len(batch):
            gone = [_gone(one) for one in batch if one not in readable]
            return gone + (await self._deliver(readable) if readable else [])
        answer = await self._store([one.path for one in batch])
        if answer.status in (400, 409, 413, 415) and not _names_instances(answer):
            return await self._apart(batch, answer.status)
        told = _stow_answer(answer)
        return [await self._ruled(parcel, _verdict(parcel, told)) for parcel in batch]

    async def _apart(self, batch: Sequence[Parcel], status: int) -> list[Outcome]:
        """A request that was refused as a whole: find out which instance it is that is not taken."""
        if len(batch) > 1:
            middle = len(batch) // 2
            return await self._deliver(batch[:middle]) + await self._deliver(batch[middle:])
        return [await self._ruled(batch[0], _REFUSALS[status])]

    async def _ruled(self, parcel: Parcel, found: Verdict) -> Outcome:
        """The outcome of a verdict; a transfer syntax that is not taken is changed first."""
        if found.ruling is Ruling.TRANSCODE:
            found = await self._store_transcoded(parcel, found)
        fate = _FATES.get(found.ruling, Fate.PARKED)
        return Outcome(parcel.sop_instance_uid, fate, found.reason, found.next_step)

    async def _store_transcoded(self, parcel: Parcel, refusal: Verdict) -> Verdict:
        try:
            file = await asyncio.to_thread(StoredFile.read, parcel.path)
            if file.transfer_syntax in PLAIN:
                return refusal
            with self._copy() as copy:
                await asyncio.to_thread(_transcode, parcel.path, copy)
                answer = await self._store([copy])
        except BadImage as error:
            return Verdict(Ruling.PARK, str(error), "allow the object's own transfer syntax there")
        if answer.status in _REFUSALS and not _names_instances(answer):
            return _REFUSALS[answer.status]
        return _verdict(parcel, _stow_answer(answer))

    @contextlib.contextmanager
    def _copy(self) -> Iterator[Path]:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._scratch, suffix=".dcm") as copy:
            yield Path(copy.name)

    async def _store(self, paths: Sequence[Path]) -> Answer:
        body = Multipart(paths)
        size = await asyncio.to_thread(body.size)
        headers = {**_ACCEPT, "Content-Type": body.content_type, "Content-Length": str(size)}
        try:
            answer = await self._web.ask("POST", "/studies", body=body.pieces(), headers=headers)
        except DestinationUnavailable as error:
            if isinstance(error.__cause__, aiohttp.ClientOSError | TimeoutError):
                # Some servers cut off a request that is too large instead of answering 413, or take long over it.
                self._most = max(1, self._most // 2)
            raise
        if answer.status in (200, 202, *_REFUSALS):
            return answer
        raise self._unavailable(answer.status)

    async def _found(self, study: str, expected: int) -> set[str]:
        """SOP Instance UIDs that QIDO-RS finds in a study, page by page."""
        found: set[str] = set()
        for page in range(_MOST_PAGES):
            query = f"limit={_PAGE}&offset={page * _PAGE}"
            answer = await self._web.ask("GET", f"/studies/{study}/instances?{query}", headers=_ACCEPT)
            if answer.status in (204, 404):
                break
            if answer.status != 200:
                raise self._unavailable(answer.status)
            here = self._page(answer, study)
            if here <= found:
                break
            found |= here
            if len(here) < _PAGE and len(found) >= expected:
                break
        return found

    def _page(self, answer: Answer, study: str) -> set[str]:
        try:
            told = read_found(answer.body, answer.content_type)
        except Unreadable as error:
            raise DestinationUnavailable(
                f"{self._where} does not answer QIDO-RS as the standard says: {error}; see that url is the root of DICOMweb"
            ) from error
        return {sop for sop, in_study in told if in_study in (None, study)}

    def _judged(self, parcel: Parcel, found: set[str]) -> Outcome:
        uid = parcel.sop_instance_uid
        if uid in found:
            self._missing_since.pop(uid, None)
            return Outcome(uid, Fate.COMMITTED)
        if len(self._missing_since) >= _MOST_MISSING:
            self._missing_since.clear()
        since = self._missing_since.setdefault(uid, time.monotonic())
        if time.monotonic() - since < self._section.found_within_s:
            return Outcome(uid, Fate.STORED, "QIDO-RS does not show it yet")
        del self._missing_since[uid]
        return Outcome(uid, Fate.AGAIN, "QIDO-RS does not show it", "it is sent again")

    def _unavailable(self, status: int) -> DestinationUnavailable:
        text, advice = {
            404: ("has no DICOMweb there (404)", "correct url to the root of its DICOMweb services"),
            405: ("takes no STOW-RS there (405)", "correct url, or have STOW-RS switched on"),
        }.get(status, (f"failed ({status})", "see its log; it is tried again"))
        return DestinationUnavailable(f"{self._where} {text}; {advice}")


_REFUSALS = {
    400: Verdict(
        Ruling.PARK, "it cannot read the request (400)", "see its log for what it does not understand"
    ),
    409: Verdict(Ruling.PARK, "it refuses the object without a reason (409)", "see its log for the reason"),
    413: Verdict(
        Ruling.PARK, "the object is larger than it takes (413)", "raise the limit there, then retry"
    ),
    415: Verdict(
        Ruling.TRANSCODE,
        "it does not take the object's media type (415)",
        "allow application/dicom with JPEG-LS or Explicit VR Little Endian there",
    ),
}


def _names_instances(answer: Answer) -> bool:
    try:
        told = read_stored(answer.body, answer.content_type)
    except Unreadable:
        return False
    return bool(told.stored or told.failed)


def _stow_answer(answer: Answer) -> StowAnswer | None:
    """What is told of the instances; None where nothing is."""
    try:
        told = read_stored(answer.body, answer.content_type)
    except Unreadable:
        told = StowAnswer(frozenset(), {})
    return told if told.stored or told.failed or answer.status != 200 else None


def _verdict(parcel: Parcel, told: StowAnswer | None) -> Verdict:
    uid = parcel.sop_instance_uid
    if told is None or uid in told.stored:  # 200 is for all; whether it is true QIDO-RS shows
        return Verdict(Ruling.STORED)
    if uid in told.failed:
        return verdict(told.failed[uid])
    return Verdict(Ruling.AGAIN, "its answer does not say what became of the object", "see its log")


def _gone(parcel: Parcel) -> Outcome:
    return Outcome(
        parcel.sop_instance_uid, Fate.PARKED, "the file is gone", "restore the archive from its backup"
    )


def _transcode(source: Path, target: Path) -> None:
    pydicom.dcmwrite(target, transcoded(source, EXPLICIT), enforce_file_format=True)
