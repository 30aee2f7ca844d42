"""The booth's state: what of it works, and everything that the page shows beside the picture."""

from enum import StrEnum

import msgspec

from station.kiosk.contract.calibration import CalibrationStatus
from station.kiosk.contract.visit import VisitStatus
from station.kiosk.contract.worklist import WorklistStatus
from station.protocol import CameraInfo, Dermoscope, Light, View, VisitProtocol
from station.quality import Guide


class Phase(StrEnum):
    """What the booth is doing."""

    STARTING = "starting"
    """Instruments are being opened."""
    READY = "ready"
    """A visit can start."""
    SHOOTING = "shooting"
    """A visit is under way."""
    FAULT = "fault"
    """An instrument failed; `BoothState.problem` says what to do."""


class UplinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The connection to the server."""

    connected: bool = False
    refused: str = ""
    """Why the server turned the booth away; empty if it did not."""
    pending: int = 0
    """Stills on the booth's disk that the server has not acknowledged."""
    parked: int = 0
    """Stills and visits that the server will not take as they are, or that are damaged; they stay on the booth's disk."""
    parked_because: str = ""
    """Why, of the first of them."""
    preview_connected: bool = False
    latency_ms: float | None = None
    """Frame taken to overlay back at the booth, median of the last seconds."""
    latency_p95_ms: float | None = None
    """The same, 95th percentile."""
    frames_sent: int = 0
    overlays_received: int = 0
    """Overlays that came back for a frame that was sent."""
    dropped: int = 0
    """Preview frames that were not sent because a newer one came."""


class DiskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Room on the booth's disk: for stills, or for the camera's own files where that ends sooner."""

    used_bytes: int = 0
    limit_bytes: int = 0
    """The smaller of what the configuration allows and what the disk has."""
    visits_left: int | None = None
    """Whole visits that still fit; None: not known yet."""
    problem: str = ""
    """The operator's sentence while room runs short; empty while there is enough."""


class InstrumentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument of the booth."""

    name: str
    """`camera`, `lights` or `interlock`; `guidance` while the preview cannot be measured."""
    driver: str
    ready: bool
    detail: str = ""
    """Model and serial, or what is wrong and what to do."""


class BoothState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the kiosk page shows beside the picture."""

    booth_id: str
    phase: Phase
    protocol: VisitProtocol
    problem: str = ""
    """The operator's sentence for a fault; empty if all is well."""
    camera: CameraInfo | None = None
    dermoscope: Dermoscope | None = None
    """What the camera looks through; None: at whoever sits there."""
    light: Light | None = None
    """The light that is on now; None: dark."""
    uplink: UplinkStatus = UplinkStatus()
    visit: VisitStatus | None = None
    worklist: WorklistStatus = WorklistStatus()
    disk: DiskStatus = DiskStatus()
    instruments: tuple[InstrumentStatus, ...] = ()
    calibration: CalibrationStatus = CalibrationStatus()
    guides: dict[View, Guide] = {}
    """By view, where the face should be in the picture."""
