"""Signatures as the rest of the server sees them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from server.errors import Conflict, NotFound
from server.store import finding, signature
from server.store.executor import DatabaseThreads
from server.store.records import Instance, instance_row
from server.store.routing import Route, enqueue
from server.store.signature import Content, Hindrance, Signature, signature_of, signature_row
from server.store.tables import VisitRow

WHAT_TO_DO = {
    Hindrance.OPEN: "the visit is still open: close it at the booth first",
    Hindrance.CORRECTING: "a correction of this visit is under way: wait until it has ended",
    Hindrance.ANALYSING: "the pictures are still being analysed: wait until they are",
    Hindrance.FAILED: "a picture was not analysed: reject it, or have it analysed again",
    Hindrance.NO_REPORT: "a picture has no report of measures: there is nothing to sign",
    Hindrance.DELETED: "the visit's files were deleted here after they were sent: sign the copies of the PACS",
}


@dataclass(frozen=True)
class SigningState:
    """Where the signing of a visit stands."""

    content: Content
    signatures: tuple[Signature, ...]
    """Newest first."""

    @property
    def current(self) -> Signature | None:
        """The signature that holds: of the visit as it is now."""
        settled = self.content.hindrance in (Hindrance.NONE, Hindrance.DELETED)
        digest = self.content.digest
        return next((one for one in self.signatures if settled and one.content == digest), None)


class Signatures:
    """The table of signatures; every method is one transaction."""

    def __init__(self, threads: DatabaseThreads, routes: Sequence[Route] = ()) -> None:
        self._threads = threads
        self._routes = tuple(routes)

    async def state(self, study_instance_uid: str) -> SigningState:
        """Where the signing of a visit stands; raises `NotFound`."""
        return await self._threads.read(lambda s: _state(s, finding.visit(s, study_instance_uid)))

    async def holds(self, study_instance_uid: str) -> bool:
        """Whether a visit is signed as it is; raises `NotFound`."""
        return (await self.state(study_instance_uid)).current is not None

    async def add(self, made: Signature, instances: Sequence[Instance]) -> None:
        """Keep a signature with the verified copies and the document, and send them, in one commit.

        Raises `NotFound`, or `Conflict` if the visit is another by now, cannot be signed, or is signed as it is: then
        nothing is kept.
        """

        def work(session: Session) -> None:
            visit = session.get(VisitRow, made.study_instance_uid, with_for_update=True)
            if visit is None:
                raise NotFound("no such visit")
            need_signable(_state(session, visit), made.content)
            rows = [session.merge(instance_row(one)) for one in instances]
            session.add(signature_row(made))
            enqueue(session, rows, self._routes, time.time())

        await self._threads.write(work)


def need_signable(state: SigningState, seen: str) -> None:
    """Raise `Conflict` unless what was seen can be signed: it says what to do."""
    if (current := state.current) is not None:
        raise Conflict(f"the visit is signed already, by {current.account}, and has not changed since")
    if state.content.hindrance:
        raise Conflict(WHAT_TO_DO[state.content.hindrance])
    if state.content.digest != seen:
        raise Conflict("the visit has changed since you looked at it: look at it again, then sign")


def is_signed_by(state: SigningState, seen: str, account: str) -> bool:
    """Whether what was seen is signed already, by this account."""
    current = state.current
    return current is not None and (current.content, current.account) == (seen, account)


def _state(session: Session, visit: VisitRow) -> SigningState:
    found = tuple(map(signature_of, signature.signatures(session, visit.study_instance_uid)))
    return SigningState(signature.content(session, visit), found)
