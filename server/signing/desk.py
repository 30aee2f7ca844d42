"""Where visits are signed, and reports are looked at."""

import asyncio
import time

from msgspec.structs import asdict, replace

from server.access import Person
from server.dicom import read_header
from server.errors import BadImage, NotFound
from server.signing.facts import read_sheet
from server.signing.job import Job, document_uid
from server.signing.press import Press
from server.signing.sheet import Sheet, Signed
from server.store import Archive, Instance, Signature, SigningState, Store, is_signed_by, need_signable
from station.protocol import derived_uid


class SigningDesk:
    """Signs visits of a store. `institution` heads the reports, `software` names this program and its version."""

    def __init__(self, store: Store, archive: Archive, *, institution: str, software: str) -> None:
        self._store = store
        self._archive = archive
        self._institution = institution
        self._software = software
        self._press = Press()

    async def preview(self, study: str) -> bytes:
        """The report of a visit as it would be signed, marked as not signed. Raises `NotFound`, `BadImage`, `Busy`."""
        _, pdf = await self._press.make(Job(archive=str(self._archive.root), sheet=await self._sheet(study)))
        return pdf

    async def sign(self, study: str, seen: str, person: Person, account: str) -> Signature:
        """Sign what of a visit was seen: `Content.digest`. The same person signing the same again gets what there is.

        Raises `NotFound`, `Conflict` with what to do instead, `BadImage`, `StorageFull`, `Busy`.
        """
        visit = (await self._store.visit(study)).study_instance_uid
        state = await self._store.signatures.state(visit)
        if (current := state.current) is not None and is_signed_by(state, seen, account):
            return current
        need_signable(state, seen)
        signed = _signed(visit, state, person, account)
        sheet = replace(await self._sheet(visit), signed=signed, made_at=signed.at)
        answer, _ = await self._press.make(await self._job(visit, state, sheet))
        made = Signature(
            id=signed.id,
            study_instance_uid=visit,
            account=account,
            name=person.name,
            organization=person.organization,
            signed_at=signed.at,
            content=seen,
            covers=answer.covers,
            document_uid=document_uid(signed.id),
        )
        await self._store.signatures.add(made, [Instance(**asdict(one)) for one in answer.files])
        return made

    async def document(self, study: str, signature: str) -> bytes:
        """The PDF as it was signed. Raises `NotFound`, also where it was withdrawn, `BadImage`."""
        state = await self._store.signatures.state(study)
        wanted = {one.document_uid for one in state.signatures if one.id == signature}
        visit = (await self._store.visit(study)).study_instance_uid
        for one in await self._store.instances(visit):
            if one.sop_instance_uid in wanted and one.released_at is None:
                return await asyncio.to_thread(_pdf, self._archive, one)
        raise NotFound("no such signed report here: it was withdrawn, or deleted after it was sent")

    async def _sheet(self, study: str) -> Sheet:
        return await read_sheet(
            self._store, self._archive, study, institution=self._institution, software=self._software
        )

    async def _job(self, visit: str, state: SigningState, sheet: Sheet) -> Job:
        paths = {one.sop_instance_uid: one.path for one in await self._store.instances(visit)}
        covers = state.content.covers
        reports = tuple(paths[one.report_uid] for one in covers)
        return Job(archive=str(self._archive.root), sheet=sheet, study=visit, covers=covers, reports=reports)


def _signed(visit: str, state: SigningState, person: Person, account: str) -> Signed:
    return Signed(
        id=derived_uid(visit, state.content.digest, account),
        name=person.name,
        organization=person.organization,
        account=account,
        at=time.time(),
        replaces_at=state.signatures[0].signed_at if state.signatures else None,
    )


def _pdf(archive: Archive, document: Instance) -> bytes:
    try:
        held = read_header(archive.resolve(document.path), stop_before_pixels=False)
    except FileNotFoundError as error:
        raise BadImage(f"the file {document.path} is missing: restore it from a backup") from error
    pdf: bytes = held.EncapsulatedDocument
    return pdf[: int(held.EncapsulatedDocumentLength)]
