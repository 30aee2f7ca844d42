"""A PACS by C-STORE and storage commitment (PS3.4 annexes B and J)."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import pydicom

from server.config.destinations import DimseSection
from server.config.dicom import DicomConfig
from server.dicom import transcoded
from server.dimse import (
    COMMITMENT,
    LATER,
    MOST_INSTANCES,
    PLAIN,
    Association,
    CommitmentAnswer,
    Offer,
    Peer,
    Ruling,
    StoredFile,
    Transactions,
    Verdict,
    failure_text,
    verdict,
)
from server.errors import BadImage, DestinationUnavailable, PeerUnavailable
from server.outbox.contract import Fate, Outcome, Parcel

T = TypeVar("T")

_FATES = {Ruling.STORED: Fate.STORED, Ruling.AGAIN: Fate.AGAIN}
_SAME_ASSOCIATION_WAIT_S = 10.0
_LISTENER_WAIT_S = 2.0
"""How long an answer is waited for before the outbox does something else."""
_LISTENER_LOOK_S = 0.05


class DimseDestination:
    """One association per study, its calls on one thread of its own."""

    def __init__(self, section: DimseSection, dicom: DicomConfig, run: Path) -> None:
        """`run`: the server's folder of run files. Raises `ConfigError`."""
        self.name = section.name
        self.confirms = section.commitment != "none"
        self._section = section
        self._peer = Peer.configured(section, dicom, section.timeout_s)
        self._transactions = Transactions(run / "commitments")
        self._scratch = run / f"transcoded-{section.name}"
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"outbox-{section.name}")
        self._association: Association | None = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        """C-STORE each, unchanged where its transfer syntax is taken."""
        files, unreadable = await self._run(lambda: _read(parcels))
        for outcome in unreadable:
            yield outcome
        if not files:
            return
        async with self._associated(_offers(files.values())) as association:
            for uid, file in files.items():
                found = await self._run(partial(self._store, association, file))
                fate = _FATES.get(found.ruling, Fate.PARKED)
                yield Outcome(uid, fate, found.reason, found.next_step)

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """By storage commitment, as the settings say."""
        if self._section.commitment == "none":
            return [Outcome(one.sop_instance_uid, Fate.STORED) for one in parcels]
        classes = {one.sop_instance_uid: one.sop_class_uid for one in parcels}
        told, waiting = await self._run(lambda: self._heard(classes))
        unasked = [uid for uid in classes if uid not in told and uid not in waiting]
        for start in range(0, len(unasked), MOST_INSTANCES):
            batch = unasked[start : start + MOST_INSTANCES]
            told |= await self._commit({uid: classes[uid] for uid in batch})
        return [told.get(uid, Outcome(uid, Fate.STORED)) for uid in classes]

    async def close(self) -> None:
        """Cut the association; its thread ends by itself."""
        if self._association is not None:
            self._association.cut()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @contextlib.asynccontextmanager
    async def _associated(self, offers: Sequence[Offer]) -> AsyncIterator[Association]:
        """An association that is cut at once where the block is left by an error or cancelled."""
        association = self._association = Association(self._peer, offers)
        try:
            await self._run(association.open)
            yield association
            await self._run(association.release)
        finally:
            association.cut()
            self._association = None
            with contextlib.suppress(RuntimeError):  # the pool is shut down: the cut has freed its thread
                self._pool.submit(association.abort)

    async def _run(self, work: Callable[[], T]) -> T:
        """The result of `work` on the thread; raises `DestinationUnavailable`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except PeerUnavailable as error:
            raise DestinationUnavailable(str(error)) from error

    def _store(self, association: Association, file: StoredFile) -> Verdict:
        accepted = association.accepted(file.sop_class_uid)
        if file.transfer_syntax in accepted:
            found = verdict(association.store(file))
            if found.ruling is not Ruling.TRANSCODE:
                return found
        plain = next((one for one in PLAIN if one in accepted and one != file.transfer_syntax), None)
        if plain is None:
            return _not_taken(file, bool(accepted))
        try:
            with self._transcoded(file, plain) as copy:
                return verdict(association.store(copy))
        except BadImage as error:
            return Verdict(Ruling.PARK, str(error), "allow the object's own transfer syntax there")

    @contextlib.contextmanager
    def _transcoded(self, file: StoredFile, transfer_syntax: str) -> Iterator[StoredFile]:
        """A copy in a file of its own, so that sending it needs no memory."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._scratch, suffix=".dcm") as copy:
            pydicom.dcmwrite(copy, transcoded(file.path, transfer_syntax), enforce_file_format=True)
            copy.flush()
            yield StoredFile.read(Path(copy.name))

    def _heard(self, classes: dict[str, str]) -> tuple[dict[str, Outcome], set[str]]:
        """What was answered since, and what is still waited for."""
        told: dict[str, Outcome] = {}
        waiting: set[str] = set()
        for transaction in self._transactions.of(self.name):
            concerned = transaction.instances & classes.keys()
            answer = self._transactions.answer(transaction)
            if answer is not None and concerned:
                told |= _outcomes(answer, concerned)
                self._transactions.forget(transaction, concerned)
            elif time.time() - transaction.asked_at > self._section.commitment_within_s:
                self._transactions.forget(transaction)
            else:
                waiting |= concerned
        return told, waiting

    async def _commit(self, classes: dict[str, str]) -> dict[str, Outcome]:
        transaction = await self._run(lambda: self._transactions.ask(self.name, classes))
        instances = [(sop_class, uid) for uid, sop_class in classes.items()]
        same = self._section.commitment == "same_association"
        wait_s = _SAME_ASSOCIATION_WAIT_S if same else 0.0
        answer: CommitmentAnswer | None = None
        try:
            async with self._associated([Offer(COMMITMENT, PLAIN)]) as association:
                answer = await self._run(
                    lambda: association.commit(transaction.uid, instances, wait_s=wait_s)
                )
        except DestinationUnavailable:
            self._transactions.forget(transaction)
            raise
        deadline = time.monotonic() + (0.0 if same else _LISTENER_WAIT_S)
        while answer is None and time.monotonic() < deadline:
            await asyncio.sleep(_LISTENER_LOOK_S)
            answer = self._transactions.answer(transaction)
        if answer is None and not same:
            return {}
        self._transactions.forget(transaction)
        return {} if answer is None else _outcomes(answer, classes.keys())


def _read(parcels: Sequence[Parcel]) -> tuple[dict[str, StoredFile], list[Outcome]]:
    """The files in their order, and what is wrong with the others."""
    files: dict[str, StoredFile] = {}
    unreadable = []
    for parcel in parcels:
        uid = parcel.sop_instance_uid
        try:
            file = StoredFile.read(parcel.path)
        except (BadImage, OSError) as error:
            reason = f"the file cannot be read: {type(error).__name__}"
            unreadable.append(Outcome(uid, Fate.PARKED, reason, "restore the archive from its backup"))
            continue
        if (file.sop_instance_uid, file.sop_class_uid) != (uid, parcel.sop_class_uid):
            reason = "the file holds another object"
            unreadable.append(Outcome(uid, Fate.PARKED, reason, "restore the archive from its backup"))
            continue
        files[uid] = file
    return files, unreadable


def _offers(files: Collection[StoredFile]) -> list[Offer]:
    """For every kind of object its own transfer syntax, and the plain ones apart from it."""
    own = dict.fromkeys((one.sop_class_uid, one.transfer_syntax) for one in files)
    offers = [Offer(sop_class, (syntax,)) for sop_class, syntax in own]
    for sop_class in dict.fromkeys(one for one, _ in own):
        plain = tuple(one for one in PLAIN if (sop_class, one) not in own)
        if plain:
            offers.append(Offer(sop_class, plain))
    return offers


def _not_taken(file: StoredFile, in_others: bool) -> Verdict:
    name = pydicom.uid.UID(file.sop_class_uid).name
    if in_others:
        reason = f"it takes {name} in no transfer syntax that can be made"
        return Verdict(Ruling.PARK, reason, "allow Explicit VR Little Endian there")
    return Verdict(
        Ruling.PARK,
        f"it does not take the SOP class {name}",
        "allow the SOP class there, or leave this kind of object out of `objects`",
    )


def _outcomes(answer: CommitmentAnswer, instances: Collection[str]) -> dict[str, Outcome]:
    outcomes = {uid: Outcome(uid, Fate.COMMITTED) for uid in instances if uid in answer.kept}
    for uid, reason in answer.failed.items():
        if uid in instances:
            fate = Fate.STORED if reason in LATER else Fate.AGAIN
            outcomes[uid] = Outcome(uid, fate, failure_text(reason), "it is done again")
    return outcomes
