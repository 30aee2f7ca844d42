"""The guard of ultraviolet light in this booth: its ledger, its limits, and who looks at the eyes."""

from collections.abc import Callable

from station.calibration import CurrentCalibration, Dose
from station.capture import Preview
from station.capture.uv import DoseLedger, UvGuard, UvLimits
from station.config import UvConfig
from station.devices import Interlock

EYES_LIMIT_S = 10.0
"""Time to close the eyes when the ultraviolet light comes; then its picture is left out."""

Look = Callable[[], tuple[bool | None, str]]
"""Whether the eyes are closed by the newest preview frame, None if that cannot be told, and the operator's sentence."""


class UvDesk:
    """Makes the guard whenever the instruments are opened; the ledger outlives them."""

    def __init__(self, config: UvConfig, records: CurrentCalibration, ledger: DoseLedger, look: Look) -> None:
        self._records, self._ledger, self._look = records, ledger, look
        self._limits = UvLimits(
            person=Dose(config.max_j_m2, config.max_effective_j_m2),
            walk_in_share=config.walk_in_share,
            on_time_s=config.on_time_s,
        )

    def make_guard(self, interlock: Interlock, preview: Preview) -> UvGuard:
        """A guard that looks at the eyes in the preview's light, directly before the lamp."""

        async def eyes_closed() -> tuple[bool | None, str]:
            return await preview.glance(self._look, EYES_LIMIT_S)

        return UvGuard(self._records, self._ledger, interlock, eyes_closed, self._limits)

    def close(self) -> None:
        """Close the ledger; safe to call twice."""
        self._ledger.close()
