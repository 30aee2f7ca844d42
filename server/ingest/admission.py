"""From an offer to a durable still: what is taken, and when it counts as taken."""

import asyncio
import time
from dataclasses import dataclass

from server.durable import sync_folder
from server.errors import Conflict, StorageFull
from server.ingest.contract import StillArchive, StillStore
from server.ingest.disk import DiskThreads
from server.ingest.incoming import Incoming, has_content, remove_stale
from server.ingest.refusal import Turned
from station.protocol import (
    Encoding,
    ErrorCode,
    MalformedMessage,
    StillOffer,
    max_encoded_bytes,
    new_uid,
)

DEFAULT_RESERVE_BYTES = 256 << 20
"""Free space that stills leave to the database and the analysis."""
_WAIT_S = 20.0
_LEVELS = 3  # folders from a still's bytes up: of the still, of its visit, the archive's root
_STALE_S = 7 * 86400.0


@dataclass(eq=False)
class Admitted:
    """A still that is being received; without a file its bytes are in the archive already."""

    booth_id: str
    offer: StillOffer
    file: Incoming | None
    released: asyncio.Event
    before: asyncio.Event | None = None
    """Set once the still that the booth took before this one has come to an end."""

    @property
    def missing(self) -> int:
        """Bytes that have not arrived."""
        return 0 if self.file is None else self.offer.size - self.file.received


class Admission:
    """Takes stills into the archive and the database; each SOP Instance UID by one connection at a time."""

    def __init__(
        self, store: StillStore, archive: StillArchive, disk: DiskThreads, *, reserve_bytes: int
    ) -> None:
        self._store = store
        self._archive = archive
        self._disk = disk
        self._reserve_bytes = reserve_bytes
        self._open: dict[str, Admitted] = {}
        self._newest: dict[str, asyncio.Event] = {}

    async def clean(self) -> None:
        """Delete what broken transfers left a week ago."""
        folder = self._archive.incoming(new_uid()).parent
        await self._disk.run(remove_stale, folder, time.time() - _STALE_S)

    async def admit(self, booth_id: str, offer: StillOffer) -> Admitted | None:
        """The place where the still gathers, or None if the server has it.

        Raises `MalformedMessage`, `Turned`, or a `ServerError`: `NotFound` for an unopened visit, `Conflict` for
        another booth's visit or another still's UID, `StorageFull` before the disk is.
        """
        _check(offer)
        visit = await self._store.visit(offer.study_instance_uid)
        if visit.booth_id != booth_id:
            raise Conflict("this visit belongs to another booth")
        await self._wait_until_released(offer.sop_instance_uid)
        admitted = Admitted(booth_id, offer, None, asyncio.Event(), self._newest.get(booth_id))
        self._open[offer.sop_instance_uid] = admitted
        try:
            if await self._is_known(offer):
                self._release(admitted)
                return None
            await self._disk.run(self._open_file, admitted)
        except BaseException:
            if admitted.file is not None:
                admitted.file.close()
            self._release(admitted)
            raise
        self._newest[booth_id] = admitted.released
        return admitted

    async def keep(self, admitted: Admitted) -> bool:
        """Make a complete still durable, then known after those that its booth took before; False if it was known.

        Raises `Turned` if the bytes are not those that were offered, or a `ServerError`.
        """
        offer = admitted.offer
        try:
            blob = await self._disk.run(self._keep_file, admitted)
            if admitted.before is not None:
                await admitted.before.wait()
            return await self._store.add_still(admitted.booth_id, offer, blob, time.time())
        finally:
            self._release(admitted)

    async def abandon(self, admitted: Admitted, *, discard: bool) -> None:
        """Stop receiving; with `discard` what has arrived is thrown away, else a later offer continues it."""
        try:
            if admitted.file is not None:
                await self._disk.run(admitted.file.discard if discard else admitted.file.close)
        finally:
            self._release(admitted)

    def close(self) -> None:
        """Leave every still on its way as it is."""
        for admitted in list(self._open.values()):
            if admitted.file is not None:
                admitted.file.close()
            self._release(admitted)

    async def _wait_until_released(self, sop_instance_uid: str) -> None:
        try:
            async with asyncio.timeout(_WAIT_S):
                while other := self._open.get(sop_instance_uid):
                    await other.released.wait()
        except TimeoutError:
            raise Turned(ErrorCode.BUSY, "this still is being received by another connection") from None

    async def _is_known(self, offer: StillOffer) -> bool:
        known = await self._store.find_still(offer.sop_instance_uid)
        if known is None:
            return False
        if (known.sha256, known.study_instance_uid) != (offer.sha256, offer.study_instance_uid):
            raise Conflict("this SOP Instance UID is taken by another still")
        return True

    def _open_file(self, admitted: Admitted) -> None:
        offer = admitted.offer
        if has_content(self._archive.blob(offer.study_instance_uid, offer.sop_instance_uid), offer):
            return
        file = Incoming.resume(self._archive.incoming(offer.sop_instance_uid), offer)
        # Others' missing bytes are promised already; this one's are counted apart.
        promised = sum(other.missing for other in list(self._open.values()))
        needed = promised + offer.size - file.received
        if self._archive.free_bytes() < needed + self._reserve_bytes:
            file.discard()
            raise StorageFull(
                f"{needed} bytes of stills are on their way, {self._reserve_bytes} are kept free"
            )
        admitted.file = file

    def _keep_file(self, admitted: Admitted) -> str:
        offer, file = admitted.offer, admitted.file
        blob = self._archive.blob(offer.study_instance_uid, offer.sop_instance_uid)
        if file is not None:
            if not file.is_whole():
                file.discard()
                raise Turned(
                    ErrorCode.HASH_MISMATCH, "the bytes that arrived are not those that were offered"
                )
            try:
                file.keep(blob)
            except StorageFull:
                file.discard()
                raise
        # An earlier process may have made these names, and been killed before they were durable.
        for folder in blob.parents[:_LEVELS]:
            sync_folder(folder)
        return self._archive.relative(blob)

    def _release(self, admitted: Admitted) -> None:
        self._open.pop(admitted.offer.sop_instance_uid, None)
        admitted.released.set()


def _check(offer: StillOffer) -> None:
    if offer.replaces == offer.sop_instance_uid:
        raise MalformedMessage("a still cannot be taken again for itself")
    offer.header.check_size()
    limit = max_encoded_bytes(offer.header, offer.encoding)
    wrong = offer.size != limit if offer.encoding is Encoding.RAW else offer.size > limit
    if wrong:
        raise MalformedMessage(f"a {offer.encoding} still of this header cannot have {offer.size} bytes")
