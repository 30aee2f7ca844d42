"""All that is known of one visit, as its resources tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from server.store import Correction, Instance, Still, Visit, WorkState, WorkStatus
from station.protocol import Measure


class CorrectionSource(Protocol):
    """Where it is read what was withdrawn, e.g. the store's corrections."""

    async def withdrawing(self, study_instance_uid: str) -> Correction | None:
        """The correction that withdrew a study as a whole; None: its objects stand."""

    async def withdrawn(self, uid: str) -> list[Instance]:
        """What a correction has withdrawn."""


class SignatureSource(Protocol):
    """Where it is read what a person has signed, e.g. the store's signatures."""

    async def holds(self, study_instance_uid: str) -> bool:
        """Whether a visit is signed as it is; raises `NotFound`."""


class VisitSource(Protocol):
    """Where visits are read, e.g. the store."""

    @property
    def corrections(self) -> CorrectionSource:
        """What was withdrawn."""

    @property
    def signatures(self) -> SignatureSource:
        """What was signed."""

    async def visit(self, study_instance_uid: str) -> Visit:
        """One visit; raises `NotFound`."""

    async def stills(self, study_instance_uid: str) -> list[Still]:
        """Its stills, in the order they were shot."""

    async def instances(self, study_instance_uid: str) -> list[Instance]:
        """Its DICOM objects, oldest first."""

    async def work(self, study_instance_uid: str) -> list[WorkStatus]:
        """How far the analysis of its stills has come."""

    async def measures(self, sop_instance_uid: str) -> list[Measure]:
        """The measures of a still."""


@dataclass(frozen=True)
class VisitRecord:
    """One visit."""

    visit: Visit
    stills: tuple[Still, ...]
    instances: tuple[Instance, ...]
    measures: Mapping[str, Sequence[Measure]]
    """By SOP Instance UID of their still."""
    analysed: bool = True
    """Whether no step of the analysis is left to do."""
    withdrawn: bool = False
    """Whether it tells of objects as they were before a correction took others in their place."""
    signed: bool = False
    """Whether a person has signed the results."""
    renditions: Mapping[str, bytes] = field(default_factory=dict)
    """Pictures as JPEG, by SOP Instance UID of their still, where they are to be sent themselves."""


async def read_record(source: VisitSource, study_instance_uid: str) -> VisitRecord:
    """The record of a visit, by the Study Instance UID that its objects have; raises `NotFound`.

    By that of a study that was withdrawn: as it was told before that, of whom it was then.
    """
    past = await source.corrections.withdrawing(study_instance_uid)
    visit = await source.visit(study_instance_uid if past is None else past.study_instance_uid)
    own = visit.study_instance_uid
    stills = await source.stills(own)
    if past is None:
        instances = await source.instances(own)
    else:
        visit = replace(
            visit, patient=past.before.patient, order=past.before.order, study_now=past.study_before
        )
        stills = [still for still in stills if past.ended_at is None or still.received_at <= past.ended_at]
        instances = await source.corrections.withdrawn(past.id)
    measures = {still.sop_instance_uid: await source.measures(still.sop_instance_uid) for still in stills}
    ended = (WorkState.DONE, WorkState.FAILED)
    analysed = all(one.state in ended for one in await source.work(own))
    return VisitRecord(
        visit,
        tuple(stills),
        tuple(instances),
        measures,
        analysed=analysed,
        withdrawn=past is not None,
        signed=past is None and await source.signatures.holds(own),
    )
