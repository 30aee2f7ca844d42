"""An association that we request, and the services that are asked for on it (PS3.4, PS3.7)."""

import time
from collections.abc import Generator, Iterator, Sequence

from pydicom.dataset import Dataset

from server.dimse import messages
from server.dimse.commitment import EVENT_SUCCESS, CommitmentAnswer, read_report, request_dataset
from server.dimse.files import StoredFile
from server.dimse.messages import Command, FileData, Message
from server.dimse.negotiation import Context, Offer
from server.dimse.peer import Peer
from server.dimse.reasons import Closed, Garbage, TooSlow
from server.dimse.requestor import Requestor
from server.dimse.uids import COMMITMENT, COMMITMENT_INSTANCE, VERIFICATION
from server.errors import PeerUnavailable

_SLOWEST_BYTES_PER_S = 65_536
"""An object that goes slower is given up."""
_PENDING = (0xFF00, 0xFF01)


class AnswerTooLarge(PeerUnavailable):
    """There are more matches than were asked for; those before it are good."""


class Association(Requestor):
    """An association with a peer, from `open` to `release`."""

    def __init__(self, peer: Peer, offers: Sequence[Offer]) -> None:
        super().__init__(peer, offers)
        self._reports: list[CommitmentAnswer] = []

    def echo(self) -> None:
        """C-ECHO (PS3.7 section 9.1.5); raises `PeerUnavailable`."""
        context = self._context(VERIFICATION)
        with self._told():
            asked = {"AffectedSOPClassUID": VERIFICATION, "CommandField": Command.C_ECHO_RQ}
            answer = self._ask(context, asked)
            if answer.status != 0:
                raise Garbage(f"it answers C-ECHO with status {answer.status:#06x}")

    def store(self, file: StoredFile) -> int:
        """C-STORE of a file in its own transfer syntax, which must be accepted; the status. Raises `PeerUnavailable`."""
        context = self._context(file.sop_class_uid, file.transfer_syntax)
        asked = {
            "AffectedSOPClassUID": file.sop_class_uid,
            "CommandField": Command.C_STORE_RQ,
            "Priority": 0,
            "AffectedSOPInstanceUID": file.sop_instance_uid,
        }
        with self._told():
            allowed_s = self.peer.answer_timeout_s + file.data_bytes / _SLOWEST_BYTES_PER_S
            with self._deadline(allowed_s):
                return self._ask(context, asked, FileData(file.path, file.offset)).status

    def find(
        self, query: Dataset, model: str, *, most: int = 1000, most_bytes: int = 64_000_000
    ) -> Generator[Dataset, None, None]:
        """The matches of a C-FIND (PS3.4 annex C, K), as they come; their elements are read when asked for.

        Raises `PeerUnavailable`, and `AnswerTooLarge` after `most` matches or `most_bytes` of them. Leaving early
        aborts the association.
        """
        context = self._context(model)
        complete = False
        try:
            with self._told():
                asked = {"AffectedSOPClassUID": model, "CommandField": Command.C_FIND_RQ, "Priority": 0}
                number = self._request(context, asked, messages.encoded(query, context.transfer_syntax))
                yield from self._matches(context, number, most, most_bytes)
                complete = True
        finally:
            if not complete:
                self.abort()

    def commit(
        self, transaction_uid: str, instances: Sequence[tuple[str, str]], *, wait_s: float
    ) -> CommitmentAnswer | None:
        """Ask for storage commitment of (class, instance) UIDs (PS3.4 annex J).

        The answer, where it comes on this association within `wait_s`; else None: it comes on another one. Raises
        `PeerUnavailable`, also where the request is refused.
        """
        context = self._context(COMMITMENT)
        asked = {
            "RequestedSOPClassUID": COMMITMENT,
            "CommandField": Command.N_ACTION_RQ,
            "RequestedSOPInstanceUID": COMMITMENT_INSTANCE,
            "ActionTypeID": 1,
        }
        dataset = request_dataset(transaction_uid, instances)
        with self._told():
            answer = self._ask(context, asked, messages.encoded(dataset, context.transfer_syntax))
            if answer.status != 0:
                raise Garbage(f"it refuses storage commitment with status {answer.status:#06x}")
            return self._report(transaction_uid, wait_s)

    def _matches(self, context: Context, number: int, most: int, most_bytes: int) -> Iterator[Dataset]:
        count = size = 0
        while True:
            deadline = time.monotonic() + self.peer.answer_timeout_s
            answer = self._answer(number, Command.C_FIND_RQ, deadline)
            if answer.status not in _PENDING:
                if answer.status != 0:
                    raise Garbage(f"it answers the query with status {answer.status:#06x}")
                return
            count, size = count + 1, size + len(answer.data)
            if count > most or size > most_bytes:
                raise AnswerTooLarge(
                    f"{self.peer} has more than {count - 1} matches",
                    "ask for fewer, e.g. of one day or station",
                )
            yield messages.decoded(answer.data, context.transfer_syntax)

    def _report(self, transaction_uid: str, wait_s: float) -> CommitmentAnswer | None:
        deadline = time.monotonic() + wait_s
        while True:
            for report in self._reports:
                if report.transaction_uid == transaction_uid:
                    return report
            try:
                message = self._receive(deadline)
            except (TooSlow, Closed):
                return None
            except Garbage:
                if self._wire is None:
                    return None
                raise
            self._take_report(message)

    def _unasked(self, message: Message) -> None:
        if message.field != Command.N_EVENT_REPORT_RQ:
            super()._unasked(message)
        self._take_report(message)

    def _take_report(self, message: Message) -> None:
        context = next((one for one in self._agreement.contexts if one.number == message.context), None)
        if context is None or context.sop_class != COMMITMENT or len(self._reports) >= 16:
            raise Garbage("it sent a report that was not asked for")
        self._reports.append(
            read_report(
                messages.decoded(message.data, context.transfer_syntax), message.number("EventTypeID")
            )
        )
        told = {
            "AffectedSOPClassUID": COMMITMENT,
            "CommandField": Command.N_EVENT_REPORT_RQ | Command.RESPONSE,
            "MessageIDBeingRespondedTo": message.number("MessageID"),
            "Status": EVENT_SUCCESS,
            "AffectedSOPInstanceUID": COMMITMENT_INSTANCE,
            "EventTypeID": message.number("EventTypeID"),
        }
        messages.send(self._connection(), context, self._agreement.largest_pdu, told)
