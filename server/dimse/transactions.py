"""Storage commitments that were asked for, kept in files until they are answered and told.

The outbox writes what it asks, the listener writes what it hears: files of their own, so that neither waits for the
other and both survive being killed.
"""

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from server.dimse.commitment import CommitmentAnswer
from server.durable import write_file
from station.protocol import is_uid, new_uid

MOST_OPEN = 10_000
"""Transactions in the folder; more are not asked for."""


@dataclass(frozen=True)
class Transaction:
    """A storage commitment that was asked for."""

    uid: str
    destination: str
    instances: frozenset[str]
    """SOP Instance UIDs."""
    asked_at: float
    """Unix time, s."""


class Transactions:
    """A folder of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, destination: str, instances: Collection[str]) -> Transaction:
        """Note that a commitment is about to be asked for; raises `StorageFull`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        transaction = Transaction(new_uid(), destination, frozenset(instances), time.time())
        self._write(transaction)
        return transaction

    def tell(self, answer: CommitmentAnswer) -> bool:
        """Note an answer; False: nobody asked. What was not asked about is left out. Raises `StorageFull`."""
        asked = self._read(self._asked(answer.transaction_uid)) if is_uid(answer.transaction_uid) else None
        if asked is None:
            return False
        told = {
            "kept": sorted(answer.kept & asked.instances),
            "failed": {uid: reason for uid, reason in answer.failed.items() if uid in asked.instances},
        }
        write_file(self._told(asked.uid), json.dumps(told).encode())
        return True

    def of(self, destination: str) -> Iterator[Transaction]:
        """What was asked of a destination and is not told yet."""
        if self._folder.is_dir():
            for path in sorted(self._folder.glob("*.asked"))[:MOST_OPEN]:
                transaction = self._read(path)
                if transaction is not None and transaction.destination == destination:
                    yield transaction

    def answer(self, transaction: Transaction) -> CommitmentAnswer | None:
        """What was heard, if anything."""
        try:
            told = json.loads(self._told(transaction.uid).read_bytes())
            return CommitmentAnswer(transaction.uid, frozenset(told["kept"]), dict(told["failed"]))
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def forget(self, transaction: Transaction, instances: Collection[str] | None = None) -> None:
        """These instances (all) have been told, or are asked for anew."""
        rest = transaction.instances - frozenset(instances) if instances is not None else frozenset()
        if rest:
            self._write(Transaction(transaction.uid, transaction.destination, rest, transaction.asked_at))
            return
        # The answer goes first: an answer without a question would stay for ever.
        self._told(transaction.uid).unlink(missing_ok=True)
        self._asked(transaction.uid).unlink(missing_ok=True)

    def _write(self, transaction: Transaction) -> None:
        held = {
            "destination": transaction.destination,
            "instances": sorted(transaction.instances),
            "asked_at": transaction.asked_at,
        }
        write_file(self._asked(transaction.uid), json.dumps(held).encode())

    def _read(self, path: Path) -> Transaction | None:
        try:
            held = json.loads(path.read_bytes())
            return Transaction(
                path.stem, held["destination"], frozenset(held["instances"]), float(held["asked_at"])
            )
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def _asked(self, uid: str) -> Path:
        return self._folder / f"{uid}.asked"

    def _told(self, uid: str) -> Path:
        return self._folder / f"{uid}.told"
