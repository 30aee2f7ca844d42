"""Identifiers of regions and findings that stay the same from visit to visit, and tell nobody whose they are."""

import hashlib
import hmac
import uuid
from pathlib import Path

from server.access import open_secret
from server.store.patients import patient_key
from station.protocol import Patient, View, derived_uid


class Tracking:
    """Gives tracking UIDs: of a patient with an ID the same in every visit, else the same within the visit.

    They are a keyed hash of issuer and ID, view, and what is tracked: without the secret of the server nobody can try IDs
    until one fits. Without a secret, as where a user's own photographs are examined, every visit stands alone.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret

    @classmethod
    def open(cls, keys: Path) -> "Tracking":
        """With the secret of a key folder, made at the first use; raises `ConfigError` if it is damaged or open to others."""
        return cls(open_secret(keys / "tracking.secret", lost="later visits are tracked anew"))

    def uid(self, patient: Patient, study_instance_uid: str, view: View, what: str) -> str:
        """The UID of a region, by its name, or of a finding, by its tracking ID."""
        key = patient_key(patient)
        if not key or self._secret is None:
            return derived_uid(study_instance_uid, view.value, what)
        text = "\x00".join((key, view.value, what))
        digest = hmac.digest(self._secret, text.encode(), hashlib.sha256)
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"
