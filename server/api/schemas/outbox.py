"""The JSON of the outbox."""

import msgspec


class DestinationInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where DICOM objects go, in numbers."""

    name: str
    configured: bool
    """Whether the settings still name it; what goes there otherwise waits until they do."""
    deliveries: dict[str, int]
    """How many are `waiting`, `sending`, `stored`, `committed` and `parked`."""
    last_success_at: float | None
    """When it last took or proved to keep something, in seconds since 1970 UTC; None: never."""


class DeliveryInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One DICOM object on its way to one destination; times in seconds since 1970 UTC."""

    id: int
    destination: str
    study_instance_uid: str
    """Of the object; after a correction it may be another than the visit's."""
    sop_instance_uid: str
    still_uid: str
    """SOP Instance UID of the still that it was made for."""
    kind: str
    """`photo`, `segmentation`, `report`, `heat_map`, `overlay`, `key_object` or `document`."""
    modality: str
    state: str
    """`waiting`, `sending`, `stored` (taken, not yet proved to be kept), `committed` or `parked`."""
    attempts: int
    """Tries in this state that did not get further."""
    next_try_at: float | None
    """None: as soon as its turn comes, or never."""
    reason: str
    """Why it is not further, in words; empty: nothing stands against it."""
    next_step: str
    """What a person can do about it; empty: nothing needs to be done."""
    created_at: float
    stored_at: float | None
    committed_at: float | None


class OutboxPage(msgspec.Struct, frozen=True, kw_only=True):
    """Destinations, and deliveries, newest first."""

    destinations: tuple[DestinationInfo, ...]
    deliveries: tuple[DeliveryInfo, ...]
    next_before: int | None
    """Ask with `before` set to this for older ones; None: these were the last."""


class RetryParked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which destination's parked deliveries are to be tried now."""

    destination: str


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries are tried now."""

    retried: int
