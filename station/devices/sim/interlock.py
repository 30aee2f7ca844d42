"""A simulated interlock: a door that a file opens and closes."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from station.devices.base import Interlock
from station.devices.bench import Bench

SAFE = "safe"


class SimInterlockOptions(BaseModel):
    """Settings of the `sim` interlock."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["sim"] = "sim"
    state_file: Path | None = None
    """Where the door's state is read from: safe while the file holds `safe`, and unsafe without a file, as with a cut
    wire. None: the door is always closed."""


class SimInterlock(Interlock):
    """The simulated booth's door."""

    def __init__(self, options: SimInterlockOptions, bench: Bench) -> None:
        super().__init__()
        self._state_file = options.state_file

    async def _do_connect(self) -> None:
        """Nothing to reach."""

    async def _do_disconnect(self) -> None:
        """Nothing to let go of."""

    async def _do_read(self) -> str:
        if self._state_file is None:
            return ""
        try:
            text = self._state_file.read_text("utf-8", "replace")
        except OSError as error:
            return f"the simulated interlock has no {self._state_file.name}: {error.strerror}"
        return "" if text.strip() == SAFE else "the booth's door is open: close it"
