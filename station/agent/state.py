"""The state of the booth as its page shows it."""

from dataclasses import dataclass

from station.agent.calibration import CalibrationDesk
from station.agent.disk import disk_status
from station.agent.instruments import Instruments
from station.agent.link import Link
from station.agent.recall import Recall
from station.agent.visits import Visits
from station.agent.worklist import Worklist
from station.capture import Studio
from station.config import StationConfig
from station.kiosk import (
    BoothState,
    CalibrationStatus,
    InstrumentStatus,
    Phase,
    UplinkStatus,
    WorklistStatus,
)
from station.protocol import View
from station.transport import SpoolRoom


@dataclass
class Parts:
    """What the agent has opened so far."""

    instruments: Instruments | None = None
    link: Link | None = None
    room: SpoolRoom | None = None
    worklist: Worklist | None = None
    recall: Recall | None = None
    desk: CalibrationDesk | None = None

    @property
    def studio(self) -> Studio | None:
        """Camera and lights, once they are ready."""
        return None if self.instruments is None else self.instruments.studio


def booth_state(
    config: StationConfig, parts: Parts, visits: Visits, guidance: str, preparing: str
) -> BoothState:
    """What is known now; `guidance` says why there is none, `preparing` how far the instruments are."""
    studio = parts.studio
    problem = "" if parts.instruments is None else parts.instruments.problem
    return BoothState(
        booth_id=config.booth_id,
        phase=_phase(parts, visits),
        protocol=config.visit_protocol,
        problem=problem or ("" if studio else preparing),
        camera=studio.camera.info if studio else None,
        dermoscope=config.dermoscope,
        light=studio.lights.shining.light if studio else None,
        uplink=UplinkStatus() if parts.link is None else parts.link.status,
        visit=visits.status,
        worklist=WorklistStatus() if parts.worklist is None else parts.worklist.status,
        instruments=_instruments(parts, guidance),
        calibration=_calibration(parts),
        disk=disk_status(parts.room, studio, config.visit_protocol.stills),
        guides={View(name): guide for name, guide in config.quality_profile.guide.items()},
    )


def _instruments(parts: Parts, guidance: str) -> tuple[InstrumentStatus, ...]:
    """Camera, lights and interlock; the guidance among them while it has failed."""
    statuses = () if parts.instruments is None else parts.instruments.statuses
    if not guidance:
        return statuses
    failed = InstrumentStatus(name="guidance", driver="quality", ready=False, detail=guidance)
    return (*statuses, failed)


def _calibration(parts: Parts) -> CalibrationStatus:
    if parts.desk is None:
        return CalibrationStatus()
    return parts.desk.status(parts.studio.camera.info if parts.studio else None)


def _phase(parts: Parts, visits: Visits) -> Phase:
    if visits.active:
        return Phase.SHOOTING
    if parts.instruments is None:
        return Phase.STARTING
    if parts.studio is not None:
        return Phase.READY
    return Phase.FAULT if parts.instruments.problem else Phase.STARTING
