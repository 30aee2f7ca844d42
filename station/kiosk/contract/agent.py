"""The booth as its page needs it."""

from typing import Protocol

from station.devices import Latest, LatestFrame
from station.kiosk.contract.booth import BoothState
from station.kiosk.contract.calibration import CalibrationCheck
from station.kiosk.contract.requests import Excerpt, VisitRequest
from station.kiosk.contract.worklist import WorklistFound
from station.protocol import Overlay, QualityReport, View


class KioskAgent(Protocol):
    """The booth, as its page needs it. Everything belongs to the event loop of the page."""

    @property
    def preview(self) -> LatestFrame:
        """Preview frames as the camera delivers them."""

    @property
    def overlays(self) -> Latest[Overlay]:
        """Overlays from the server; `frame_id` is that of the booth's own frame."""

    @property
    def hints(self) -> Latest[QualityReport]:
        """Quality of the preview, measured on raw frames."""

    @property
    def state(self) -> Latest[BoothState]:
        """The booth's state, put again whenever any of it changes; holds a value from the start."""

    async def start_visit(self, request: VisitRequest) -> str:
        """Start a visit in the background and return its Study Instance UID.

        Raises `InvalidTransition` while another visit is under way or the booth is not ready, `SpoolFull` if the
        whole visit would not fit on the disk.
        """

    async def search_worklist(self, sought: str) -> WorklistFound:
        """Who is meant by something that was scanned or typed. Raises `WorklistUnavailable` with what to do."""

    async def abort(self) -> None:
        """Give the visit up: lights dark, no further still. Raises `InvalidTransition` if none is under way."""

    def shoot(self, reason: str) -> None:
        """Shoot the pose now. Raises `InvalidTransition` if it is no time to, or if the gate asks for a correction and
        there is no reason.
        """

    def retake(self, index: int) -> None:
        """Take one still again; raises `InvalidTransition` outside the review."""

    def finish(self) -> None:
        """Close the reviewed visit; raises `InvalidTransition` outside the review."""

    async def ghost(self, view: View) -> bytes | None:
        """PNG of grey lines on transparency: this view at the last visit of whoever is in the chair; None without one."""

    async def still(self, index: int, excerpt: Excerpt) -> bytes | None:
        """JPEG of the newest still of this index; None without one. Raises `InvalidTransition` once the visit is closed."""

    def check_calibration(self) -> None:
        """Begin a check of the calibration; raises `InvalidTransition` during a visit or a check, and without a record."""

    def calibration_history(self) -> tuple[CalibrationCheck, ...]:
        """The checks made so far, newest last."""
