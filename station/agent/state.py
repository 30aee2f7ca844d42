"""The state of the booth as its page shows it."""

from station.agent.disk import disk_status
from station.agent.parts import Parts
from station.agent.visits import Visits
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


def booth_state(
    config: StationConfig, parts: Parts | None, visits: Visits, guidance: str, preparing: str
) -> BoothState:
    """What is known now; `guidance` says why there is none, `preparing` how far the instruments are.

    `parts` are None while they are opened.
    """
    studio = None if parts is None else parts.studio
    problem = "" if parts is None else parts.instruments.problem
    return BoothState(
        booth_id=config.booth_id,
        phase=_phase(parts, visits),
        protocol=config.visit_protocol,
        problem=problem or ("" if studio else preparing),
        camera=studio.camera.info if studio else None,
        dermoscope=config.dermoscope,
        light=studio.lights.shining.light if studio else None,
        uplink=UplinkStatus() if parts is None else parts.link.status,
        visit=visits.status,
        worklist=WorklistStatus() if parts is None else parts.worklist.status,
        instruments=_instruments(parts, guidance),
        calibration=_calibration(parts),
        disk=disk_status(None if parts is None else parts.room, studio, config.visit_protocol.stills),
        guides={View(name): guide for name, guide in config.quality_profile.guide.items()},
    )


def _instruments(parts: Parts | None, guidance: str) -> tuple[InstrumentStatus, ...]:
    """Camera, lights and interlock; the guidance among them while it has failed."""
    statuses = () if parts is None else parts.instruments.statuses
    if not guidance:
        return statuses
    failed = InstrumentStatus(name="guidance", driver="quality", ready=False, detail=guidance)
    return (*statuses, failed)


def _calibration(parts: Parts | None) -> CalibrationStatus:
    if parts is None:
        return CalibrationStatus()
    return parts.desk.status(parts.studio.camera.info if parts.studio else None)


def _phase(parts: Parts | None, visits: Visits) -> Phase:
    if visits.active:
        return Phase.SHOOTING
    if parts is None:
        return Phase.STARTING
    if parts.studio is not None:
        return Phase.READY
    return Phase.FAULT if parts.instruments.problem else Phase.STARTING
