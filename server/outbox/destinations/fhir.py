"""An HL7 FHIR server: the results of a visit as a transaction, and read back as the proof (FHIR R4 and R5, http.html)."""

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace

from server.config.destinations import FhirSection
from server.errors import DestinationUnavailable, NotFound
from server.fhir import (
    Json,
    Release,
    Telling,
    VisitRecord,
    VisitSource,
    Wording,
    bundle,
    entries,
    read_record,
    search_for,
    transactions,
)
from server.outbox.contract import Fate, Outcome, Parcel
from server.outbox.destinations.web import Answer, WebService
from server.store import Archive

_MOST_ANSWER_BYTES = 64 << 20
_JSON = "application/fhir+json"
_ABANDONED_S = 3600.0
"""A visit that its booth never closed is sent as it is after so long without a new still."""
_LONGEST_REASON = 200


class FhirDestination:
    """Results go once the analysis of the visit has ended; they are always sent whole, and update what is there.

    Those of a study that a correction withdrew are marked as entered in error, where they have been sent.
    """

    def __init__(self, section: FhirSection, source: VisitSource, archive: Archive, *, software: str) -> None:
        """Raises `ConfigError`."""
        self.name, self.confirms = section.name, True
        self._section = section
        self._source = source
        self._archive = archive
        self._web = WebService(section, most_bytes=_MOST_ANSWER_BYTES)
        self._wording = Wording(
            release=Release(section.version),
            patient_system=section.patient_system,
            issuers=section.issuers,
            accession_system=section.accession_system,
            demographics=section.demographics,
            dicomweb=section.dicomweb,
            writes_study=section.imaging_study == "write",
            software=software,
        )

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[Outcome, None]:
        """Bring the results of the visit that the parcels belong to."""
        if not parcels:
            return
        try:
            outcome = await self._bring(parcels[0].study_instance_uid)
        except NotFound:
            step = "find out where the visit went; then retry, or cancel the delivery"
            outcome = Outcome("", Fate.PARKED, "the visit is not in the database", step)
        for parcel in parcels:
            yield replace(outcome, sop_instance_uid=parcel.sop_instance_uid)

    async def confirm(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Read the report back, and with it the results that it names; raises `DestinationUnavailable`."""
        if not parcels:
            return []
        try:
            telling = await self._telling(parcels[0].study_instance_uid)
        except NotFound:
            return [Outcome(parcel.sop_instance_uid, Fate.AGAIN) for parcel in parcels]
        report = entries(telling)[-1]["resource"]
        query = f"/DiagnosticReport?{search_for(report)}"
        answer = await self._web.ask("GET", query, headers=self._headers())
        if not answer.good:
            raise DestinationUnavailable(f"the server does not let reports be searched for ({answer.status})")
        kept = _is_there(_resource(answer), report)
        if not kept and telling.record.withdrawn:
            kept = not await self._was_told(telling)
        fate, reason = (Fate.COMMITTED, "") if kept else (Fate.AGAIN, "the report is not there, or not whole")
        return [Outcome(parcel.sop_instance_uid, fate, reason) for parcel in parcels]

    async def close(self) -> None:
        """Close the connections."""
        await self._web.close()

    async def _bring(self, study: str) -> Outcome:
        """What becomes of the results of a study; the outcome names no parcel."""
        telling = await self._telling(study)
        record = telling.record
        if record.withdrawn and not await self._was_told(telling):
            return Outcome("", Fate.STORED)
        if not record.withdrawn and not _has_ended(record):
            return Outcome("", Fate.AGAIN, "results are sent once the visit is over and analysed")
        if not record.visit.patient.patient_id:
            step = "give the visit its patient, then retry"
            return Outcome("", Fate.PARKED, "results without a patient ID belong to nobody", step)
        there: dict[str, str] = {}
        found = await asyncio.to_thread(entries, await self._with_pictures(telling))
        for part in transactions(found, self._section.most_entries):
            refusal = await self._transact(part, there, record)
            if refusal is not None:
                return refusal
        return Outcome("", Fate.STORED)

    async def _was_told(self, telling: Telling) -> bool:
        """Whether the server has the first of what is told of the patient: without it, it has nothing."""
        first = next(one["resource"] for one in entries(telling) if "subject" in one["resource"])
        query = f"/{first['resourceType']}?{search_for(first)}"
        answer = await self._web.ask("GET", query, headers=self._headers())
        if not answer.good:
            raise DestinationUnavailable(f"the server does not let results be searched for ({answer.status})")
        return bool(_resource(answer).get("entry"))

    async def _transact(
        self, part: Sequence[Json], there: dict[str, str], record: VisitRecord
    ) -> Outcome | None:
        """Send one transaction, and add the places of its resources to `there`; else the refusal."""
        body = await asyncio.to_thread(lambda: json.dumps(bundle(part, there)).encode())
        answer = await self._web.ask("POST", "", body=body, headers=self._headers())
        if not answer.good:
            return _refusal(answer, record, len(part))
        places = [_place(one) for one in _resource(answer).get("entry", ())]
        if len(places) != len(part) or not all(places):
            step = "see that url is the base of a FHIR server that takes transactions"
            return Outcome("", Fate.PARKED, "the server does not say what it did with the transaction", step)
        there.update(zip((one["fullUrl"] for one in part), places, strict=True))
        return None

    async def _telling(self, study: str) -> Telling:
        """The visit as it is now; raises `NotFound`."""
        return Telling(await read_record(self._source, study), self._wording)

    async def _with_pictures(self, telling: Telling) -> Telling:
        if self._section.photos != "inline" or telling.record.withdrawn:
            return telling
        pictures = await asyncio.to_thread(self._pictures, telling.record)
        return Telling(replace(telling.record, renditions=pictures), self._wording)

    def _pictures(self, record: VisitRecord) -> dict[str, bytes]:
        """The stills as JPEG, as far as they have been made."""
        study, found = record.visit.study_instance_uid, dict[str, bytes]()
        for still in record.stills:
            path = self._archive.rendition(study, still.sop_instance_uid)
            if path.is_file():
                found[still.sop_instance_uid] = path.read_bytes()
        return found

    def _headers(self) -> dict[str, str]:
        return {"Accept": _JSON, "Content-Type": f"{_JSON}; charset=utf-8", "Prefer": "return=minimal"}


def _has_ended(record: VisitRecord) -> bool:
    newest = max((still.received_at for still in record.stills), default=record.visit.opened_at)
    over = record.visit.closed_at is not None or time.time() - newest > _ABANDONED_S
    return over and record.analysed


def _resource(answer: Answer) -> Json:
    """The resource in an answer; raises `DestinationUnavailable` if it holds none."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    if not isinstance(told, dict) or "resourceType" not in told:
        raise DestinationUnavailable(
            "the answer is no FHIR resource; see that url is the base of a FHIR server"
        )
    return told


def _place(entry: Mapping[str, Json]) -> str:
    """TYPE/ID of what an entry made or updated, out of its response; empty: it does not say."""
    response = entry.get("response", {})
    words = str(response.get("location", "")).split("/_history/")[0].split("/")
    if len(words) >= 2 and all(words[-2:]):
        return "/".join(words[-2:])
    resource = entry.get("resource", {})
    return f"{resource['resourceType']}/{resource['id']}" if "id" in resource else ""


def _is_there(found: Json, report: Json) -> bool:
    """Whether a search has found this report alone, in the same status and with as many results."""
    reports = [
        one["resource"]
        for one in found.get("entry", ())
        if one.get("resource", {}).get("resourceType") == "DiagnosticReport"
    ]
    return [_gist(one) for one in reports] == [_gist(report)]


def _gist(report: Json) -> tuple[str, int]:
    return report["status"], len(report.get("result", ()))


def _refusal(answer: Answer, record: VisitRecord, most: int) -> Outcome:
    """What a refused transaction of `most` entries comes to, with the server's reason."""
    words = _without_patient(_diagnostics(answer), record)
    reason = f"the server refuses the results ({answer.status})" + (f": {words}" if words else "")
    if answer.status == 409:  # somebody else changes the same resources just now
        return Outcome("", Fate.AGAIN, reason[:_LONGEST_REASON])
    return Outcome("", Fate.PARKED, reason[:_LONGEST_REASON], _next_step(answer.status, most))


def _next_step(status: int, most: int) -> str:
    """What to do about a refused transaction; many servers say with 400 and words of their own that it was too large."""
    step = "mend what the server names, there or in the settings, then retry"
    if most > 1 and status == 413:
        step = f"lower most_entries below {most}, restart dermabooth's server, then retry"
    elif most > 1 and status == 400:
        step = (
            f"lower most_entries if it takes fewer than {most} entries at once, else mend what it names; restart "
            "dermabooth's server after a change of its settings, then retry"
        )
    return step


def _diagnostics(answer: Answer) -> str:
    """The first error of an OperationOutcome: its place and its text."""
    try:
        issues = json.loads(answer.body)["issue"]
        errors = [one for one in issues if one["severity"] in ("error", "fatal")] or issues
        first = errors[0]
        place = ", ".join(first.get("expression", ()))
        text = first.get("diagnostics") or first.get("details", {}).get("text") or first["code"]
        return f"{place}: {text}" if place else str(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""


def _without_patient(text: str, record: VisitRecord) -> str:
    """A server's text, in which it may repeat what it was sent, without what it was told of the patient."""
    patient, order = record.visit.patient, record.visit.order
    date = patient.patient_birth_date
    told = [
        patient.patient_id,
        *patient.patient_name.replace("=", "^").split("^"),
        date,
        f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else "",
        order.accession_number if order else "",
    ]
    for value in sorted((one.strip() for one in told), key=len, reverse=True):
        if value:
            text = re.sub(re.escape(value), "…", text, flags=re.IGNORECASE)
    return " ".join(text.split())
