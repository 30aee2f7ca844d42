"""A web service of the site's own that is told what is ready, signed as Standard Webhooks 1.0 has it.

webhook-id: UUID that follows from what is told; a repeated request has the same
webhook-timestamp: seconds since 1970 UTC
webhook-signature: v1,BASE64(HMAC-SHA256(secret, "ID.TIMESTAMP.BODY"))
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from pydicom.uid import KeyObjectSelectionDocumentStorage

from server.config.destinations import WebhookSection
from server.config.secrets import read_secret
from server.errors import ConfigError
from server.outbox.contract import Fate, Outcome, Parcel
from server.outbox.destinations.web import Answer, WebService
from server.store import Correction, Instance, Visit

_PREFIX = "whsec_"
_MOST_ANSWER_BYTES = 65_536
_SHORTEST_SECRET = 24


class Corrections(Protocol):
    """Where it is read what was withdrawn, e.g. the store's corrections."""

    async def told_by(self, sop_instance_uid: str) -> Correction | None:
        """The correction that a key object tells of; None: it tells of none."""

    async def withdrawn(self, uid: str) -> list[Instance]:
        """What a correction has withdrawn."""


class Visits(Protocol):
    """Where visits are read, e.g. the store."""

    @property
    def corrections(self) -> Corrections:
        """What was withdrawn."""

    async def visit(self, study_instance_uid: str) -> Visit:
        """One visit; raises `NotFound`."""


class WebhookDestination:
    """One request for the objects of a study that are ready together, and one for each key object, with what it withdraws.

    Any 2xx takes note of them for good.
    """

    def __init__(self, section: WebhookSection, visits: Visits) -> None:
        """Raises `ConfigError`."""
        self.name, self.confirms = section.name, True
        self._section = section
        self._visits = visits
        self._web = WebService(section, most_bytes=_MOST_ANSWER_BYTES)
        self._key()

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        """Tell of the parcels."""
        for part in _messages(parcels):
            message, body = _message_id(part), json.dumps(await self._told(part)).encode()
            headers = {"Content-Type": "application/json", **self._signed(message, body)}
            answer = await self._web.ask("POST", body=body, headers=headers)
            for parcel in part:
                yield _outcome(parcel, answer)

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """A service that took note is not asked again."""
        return [Outcome(parcel.sop_instance_uid, Fate.COMMITTED) for parcel in parcels]

    async def close(self) -> None:
        """Close the connections."""
        await self._web.close()

    async def _told(self, parcels: Sequence[Parcel]) -> dict[str, Any]:
        study, known = parcels[0].study_instance_uid, await self._correction(parcels[0])
        told: dict[str, Any] = {"study_instance_uid": study}
        if known is None:
            told["instances"] = [_named(one) for one in parcels]
        else:
            withdrawn = await self._visits.corrections.withdrawn(known.id)
            told |= {"cause": known.cause.value, "key_object": _named(parcels[0])}
            told["instances"] = [_named(one) for one in withdrawn]
        if self._section.patient:
            patient = (await self._visits.visit(study)).patient if known is None else known.before.patient
            told["patient"] = {"id": patient.patient_id, "issuer": patient.issuer_of_patient_id}
        kind = "objects.ready" if known is None else "objects.withdrawn"
        return {"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": told}

    async def _correction(self, parcel: Parcel) -> Correction | None:
        """The correction that a key object tells of."""
        if parcel.sop_class_uid != KeyObjectSelectionDocumentStorage:
            return None
        return await self._visits.corrections.told_by(parcel.sop_instance_uid)

    def _signed(self, message: str, body: bytes) -> dict[str, str]:
        at = str(int(time.time()))
        digest = hmac.digest(self._key(), f"{message}.{at}.".encode() + body, hashlib.sha256)
        signature = f"v1,{base64.b64encode(digest).decode()}"
        return {"webhook-id": message, "webhook-timestamp": at, "webhook-signature": signature}

    def _key(self) -> bytes:
        """The secret, read anew: it may be renewed while we run. Raises `ConfigError`."""
        name = f"destination {self.name}: secret_file"
        secret = read_secret(self._section.secret_file, name)
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error as error:
            raise ConfigError(f"{name}: must hold {_PREFIX} and base64") from error
        if len(key) < _SHORTEST_SECRET:
            raise ConfigError(f"{name}: holds {len(key)} bytes; at least {_SHORTEST_SECRET} make a secret")
        return key


def _messages(parcels: Sequence[Parcel]) -> Iterator[Sequence[Parcel]]:
    """What goes in one message each: key objects alone."""
    notices = [one for one in parcels if one.sop_class_uid == KeyObjectSelectionDocumentStorage]
    ready = [one for one in parcels if one not in notices]
    if ready:
        yield ready
    for one in notices:
        yield [one]


def _outcome(parcel: Parcel, answer: Answer) -> Outcome:
    if answer.good:
        return Outcome(parcel.sop_instance_uid, Fate.COMMITTED)
    reason = f"the service refuses the message ({answer.status})"
    step = "see the service's log for what it does not take, then retry"
    return Outcome(parcel.sop_instance_uid, Fate.PARKED, reason, step)


def _named(one: Parcel | Instance) -> dict[str, str]:
    return {
        "sop_instance_uid": one.sop_instance_uid,
        "sop_class_uid": one.sop_class_uid,
        "sha256": one.sha256,
    }


def _message_id(parcels: Sequence[Parcel]) -> str:
    told = ",".join(sorted(f"{one.sop_instance_uid}={one.sha256}" for one in parcels))
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"dermabooth/webhook/{told}"))
