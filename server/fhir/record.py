"""All that is known of one visit, as its resources tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from server.store import Instance, Still, Visit, WorkState, WorkStatus
from station.protocol import Measure


class VisitSource(Protocol):
    """Where visits are read, e.g. the store."""

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
    signed: bool = False
    """Whether a person has signed the results."""
    renditions: Mapping[str, bytes] = field(default_factory=dict)
    """Pictures as JPEG, by SOP Instance UID of their still, where they are to be sent themselves."""


async def read_record(source: VisitSource, study_instance_uid: str) -> VisitRecord:
    """The record of a visit, by its Study Instance UID or that of its corrected objects; raises `NotFound`."""
    visit = await source.visit(study_instance_uid)
    own = visit.study_instance_uid
    stills = await source.stills(own)
    instances = await source.instances(own)
    measures = {still.sop_instance_uid: await source.measures(still.sop_instance_uid) for still in stills}
    ended = (WorkState.DONE, WorkState.FAILED)
    analysed = all(one.state in ended for one in await source.work(own))
    return VisitRecord(visit, tuple(stills), tuple(instances), measures, analysed=analysed)
