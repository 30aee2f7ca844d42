"""DICOM's own network services (PS3.4, PS3.7, PS3.8) as blocking calls for named threads."""

import logging

from server.dimse.association import AnswerTooLarge, Association
from server.dimse.commitment import LATER, MOST_INSTANCES, CommitmentAnswer, failure_text
from server.dimse.files import StoredFile
from server.dimse.listener import Listener
from server.dimse.negotiation import Offer
from server.dimse.peer import Peer
from server.dimse.status import Ruling, Verdict, verdict
from server.dimse.transactions import Transaction, Transactions
from server.dimse.uids import COMMITMENT, EXPLICIT, IMPLICIT, PLAIN, VERIFICATION

__all__ = [
    "COMMITMENT",
    "EXPLICIT",
    "IMPLICIT",
    "LATER",
    "MOST_INSTANCES",
    "PLAIN",
    "VERIFICATION",
    "AnswerTooLarge",
    "Association",
    "CommitmentAnswer",
    "Listener",
    "Offer",
    "Peer",
    "Ruling",
    "StoredFile",
    "Transaction",
    "Transactions",
    "Verdict",
    "failure_text",
    "verdict",
]

# Its codecs log what others send; reasons are told here instead.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
