"""Tries a destination out as the outbox would use it: is it there, does it take our objects, does it keep them."""

import asyncio
import contextlib
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydicom.uid import (
    Comprehensive3DSRStorage,
    EncapsulatedPDFStorage,
    JPEGLSLossless,
    KeyObjectSelectionDocumentStorage,
    SegmentationStorage,
    VLPhotographicImageStorage,
)

from dermabooth.findings import Finding
from server.app import addresses
from server.config import ServerConfig
from server.config.destinations import DimseSection, StowSection
from server.dicom import Equipment, PhotoDescription, build_photo, write
from server.dimse import EXPLICIT, PLAIN, VERIFICATION, Association, Listener, Offer, Peer, Transactions
from server.errors import ConfigError, DestinationUnavailable, PeerUnavailable, ServerError
from server.outbox import Destination, Fate, Parcel
from server.outbox.destinations.dimse import DimseDestination
from server.outbox.destinations.stow import StowDestination
from station.protocol import FrameHeader, Light, Patient, View, derived_uid

PROOF_S = 20.0
_LOOK_S = 0.5
_OBJECTS = {
    "photos": (VLPhotographicImageStorage, JPEGLSLossless),
    "masks": (SegmentationStorage, EXPLICIT),
    "reports": (Comprehensive3DSRStorage, EXPLICIT),
    "key objects": (KeyObjectSelectionDocumentStorage, EXPLICIT),
    "documents": (EncapsulatedPDFStorage, EXPLICIT),
}
_SIDE = 64


async def check_pacs(settings: ServerConfig, name: str, *, store: bool) -> list[Finding]:
    """What was found at the destination of this name; raises `ConfigError` if there is none.

    With `store` a small photo of a patient called TEST^DERMABOOTH is stored there, always the same one.
    """
    section = _section(settings, name)
    findings = []
    if isinstance(section, DimseSection):
        findings += await asyncio.to_thread(
            _call, Peer.configured(section, settings.dicom, section.timeout_s)
        )
    if store and all(finding.ok for finding in findings):
        findings += [finding async for finding in _store(settings, section)]
    if not findings:
        findings.append(Finding(name, True, section.type, "nothing was tried: STOW-RS has no echo"))
    return findings


def _section(settings: ServerConfig, name: str) -> DimseSection | StowSection:
    checked = [one for one in settings.destinations if isinstance(one, DimseSection | StowSection)]
    for section in checked:
        if section.name == name:
            # Under a name of its own it does not meet the work of a server that runs.
            return section.model_copy(update={"name": f"doctor-{name}"})
    known = ", ".join(one.name for one in checked) or "none"
    raise ConfigError(f"there is no destination {name!r} of type dimse or stow; there are: {known}")


def _call(peer: Peer) -> list[Finding]:
    """C-ECHO, and which objects are accepted."""
    offers = [Offer(VERIFICATION, PLAIN)]
    for sop_class, syntax in _OBJECTS.values():
        offers.append(Offer(sop_class, (syntax,)))
        offers.append(Offer(sop_class, tuple(one for one in PLAIN if one != syntax)))
    started = time.monotonic()
    try:
        with Association(peer, offers) as association:
            association.echo()
            took_ms = (time.monotonic() - started) * 1e3
            accepted = {what: association.accepted(uid) for what, (uid, _) in _OBJECTS.items()}
    except PeerUnavailable as error:
        return [Finding("C-ECHO", False, error.reason, error.next_step)]
    secured = ", TLS" if peer.tls is not None else ""
    return [Finding("C-ECHO", True, f"{peer} answers in {took_ms:.0f} ms{secured}"), _accepted(accepted)]


def _accepted(syntaxes: dict[str, tuple[str, ...]]) -> Finding:
    missing = [what for what, accepted in syntaxes.items() if not accepted]
    changed = [what for what, accepted in syntaxes.items() if accepted and _OBJECTS[what][1] not in accepted]
    told = [f"accepts {', '.join(what for what in syntaxes if what not in missing) or 'nothing'}"]
    if changed:
        told.append(f"{', '.join(changed)} in another transfer syntax")
    advice = f"allow {', '.join(missing)} there, or leave them out of `objects`" if missing else ""
    return Finding("objects", not missing, "; ".join(told), advice)


async def _store(settings: ServerConfig, section: DimseSection | StowSection) -> AsyncIterator[Finding]:
    try:
        destination: Destination = (
            DimseDestination(section, settings.dicom, settings.run)
            if isinstance(section, DimseSection)
            else StowDestination(section, settings.run)
        )
    except ConfigError as error:
        yield Finding("settings", False, str(error))
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            parcel = await asyncio.to_thread(_test_object, Path(folder))
            stored = await _stored(destination, parcel)
            yield stored
            if stored.ok:
                yield await _proved(settings, section, destination, parcel)
        finally:
            await destination.close()


async def _stored(destination: Destination, parcel: Parcel) -> Finding:
    started = time.monotonic()
    try:
        (outcome,) = [one async for one in destination.send([parcel])]
    except DestinationUnavailable as error:
        return Finding("test store", False, *_halves(error))
    if outcome.fate is not Fate.STORED:
        return Finding("test store", False, outcome.reason, outcome.next_step)
    took_ms = (time.monotonic() - started) * 1e3
    return Finding(
        "test store", True, f"patient TEST^DERMABOOTH, {took_ms:.0f} ms", "delete it there at will"
    )


async def _proved(
    settings: ServerConfig, section: DimseSection | StowSection, destination: Destination, parcel: Parcel
) -> Finding:
    what = "QIDO-RS" if isinstance(section, StowSection) else "storage commitment"
    if isinstance(section, DimseSection) and section.commitment == "none":
        advice = "set commitment: without it local copies are kept for ever"
        return Finding(what, True, "switched off", advice)
    try:
        async with _heard(settings, section):
            outcome = await _confirmed(destination, parcel)
    except ServerError as error:
        return Finding(what, False, *_halves(error))
    if outcome is Fate.COMMITTED:
        return Finding(what, True, "says that it keeps the test object")
    if isinstance(section, StowSection):
        return Finding(what, False, "does not show the test object", "see whether it was quarantined there")
    return Finding(
        what,
        False,
        f"no answer within {PROOF_S:.0f} s" if outcome is Fate.STORED else "says that it has no such object",
        "enter host and port of [dicom.listener] for our AE title there"
        if section.commitment == "listener"
        else "see its log; systems that answer on an association of their own need commitment = listener",
    )


async def _confirmed(destination: Destination, parcel: Parcel) -> Fate:
    deadline = time.monotonic() + PROOF_S
    while True:
        (outcome,) = await destination.confirm([parcel])
        if outcome.fate is not Fate.STORED or time.monotonic() > deadline:
            return outcome.fate
        await asyncio.sleep(_LOOK_S)


@contextlib.asynccontextmanager
async def _heard(settings: ServerConfig, section: DimseSection | StowSection) -> AsyncIterator[None]:
    """The listener: that of the running server, or one for the time of the check."""
    wanted = isinstance(section, DimseSection) and section.commitment == "listener"
    if not wanted or await asyncio.to_thread(_is_up, settings):
        yield
        return
    tell = Transactions(settings.run / "commitments").tell
    listener = Listener(settings.dicom.listener, settings.dicom.ae_title, tell)
    listener.start()
    try:
        yield
    finally:
        await asyncio.to_thread(listener.close)


def _is_up(settings: ServerConfig) -> bool:
    told = addresses(settings.run, "commitment")
    if told is None:
        return False
    host, _, port = told["dicom"].rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def _halves(error: ServerError) -> tuple[str, str]:
    """What is wrong, and what to do."""
    reason, _, advice = str(error).partition("; ")
    return reason, advice


def _test_object(folder: Path) -> Parcel:
    """A photo that is the same each time, so that it is there once, however often the doctor is asked."""
    at = datetime(2000, 1, 1, 12, tzinfo=UTC)
    study = derived_uid("dermabooth", "doctor", "study")
    description = PhotoDescription(
        patient=Patient(patient_id="DERMABOOTH-TEST", patient_name="TEST^DERMABOOTH", patient_sex="O"),
        study_instance_uid=study,
        series_instance_uid=derived_uid("dermabooth", "doctor", "series"),
        sop_instance_uid=derived_uid("dermabooth", "doctor", "photo", "1"),
        series_number=1,
        instance_number=1,
        header=FrameHeader(
            frame_id=1,
            width=_SIDE,
            height=_SIDE,
            bit_depth=8,
            white_level=255,
            light=Light.WHITE,
            view=View.FRONT,
        ),
        study_at=at,
        series_at=at,
        equipment=Equipment(manufacturer="dermabooth", model="doctor", serial="0", software_versions=("1",)),
        study_description="Test by dermabooth doctor; may be deleted",
    )
    ramp = np.arange(_SIDE, dtype=np.uint8) * (256 // _SIDE)
    photo = build_photo(description, np.repeat(np.tile(ramp, (_SIDE, 1))[..., None], 3, axis=2))
    path = folder / "test.dcm"
    return Parcel(str(photo.SOPInstanceUID), str(photo.SOPClassUID), study, path, write(photo, path))
