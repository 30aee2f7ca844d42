"""A booth without an interlock."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from station.devices.base import Interlock
from station.devices.bench import Bench


class NoInterlockOptions(BaseModel):
    """Settings of the `none` interlock: there are none."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["none"] = "none"


class NoInterlock(Interlock):
    """Never reads safe."""

    fitted = False

    def __init__(self, options: NoInterlockOptions, bench: Bench) -> None:
        super().__init__()

    async def _do_connect(self) -> None:
        """Nothing to reach."""

    async def _do_disconnect(self) -> None:
        """Nothing to let go of."""

    async def _do_read(self) -> str:
        return "no interlock is fitted to this booth: ultraviolet light needs one, see [interlock] in its configuration"
