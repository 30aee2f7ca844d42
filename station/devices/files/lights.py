"""The lights under which the photographs of a folder were taken."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from station.devices.base import LightRig
from station.devices.bench import Bench, Shining
from station.errors import DeviceUnavailable
from station.protocol import Light


class FilesLightsOptions(BaseModel):
    """Settings of the `files` lights: none, they follow the camera's folder."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["files"] = "files"


class FilesLightRig(LightRig):
    """Has each light that every subject of the folder has a picture for, `uncontrolled` where names tell none."""

    def __init__(self, options: FilesLightsOptions, bench: Bench) -> None:
        super().__init__()
        if not bench.offered:
            raise DeviceUnavailable("lights of type files need a camera of type files")
        self._bench = bench

    @property
    def lights(self) -> frozenset[Light]:
        """Lights named in the folder."""
        return self._bench.offered

    async def _do_open(self) -> None:
        """Nothing to reach."""

    async def _do_close(self) -> None:
        """Nothing to let go of."""

    async def _do_set(self, light: Light, power: float) -> None:
        self._bench.shining = Shining(light, power)

    async def _do_dark(self) -> None:
        self._bench.shining = Shining()
