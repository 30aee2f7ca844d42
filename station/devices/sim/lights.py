"""Simulated lights: they shine on the bench that the simulated camera looks at."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from station.devices.base import LightRig
from station.devices.bench import Bench, Shining
from station.protocol import Light

SIM_LIGHTS = frozenset({Light.WHITE, Light.CROSS_POLARISED, Light.PARALLEL_POLARISED, Light.UV})
"""Lights that the phantom knows."""


class SimLightsOptions(BaseModel):
    """Settings of the `sim` lights."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["sim"] = "sim"
    lights: Annotated[frozenset[Light], Field(min_length=1)] = SIM_LIGHTS
    """The lights on the rig."""
    dead: frozenset[Light] = frozenset()
    """A fault to try: lamps that stay dark whatever they are told."""
    stray: Annotated[float, Field(ge=0, le=1)] = 0.0
    """A fault to try: room light on the subject, as a share of the white lamp's full power."""
    state_file: Path | None = None
    """Where every change of the light is written as JSON, to see from outside that a rig went dark."""

    @field_validator("lights")
    @classmethod
    def _known(cls, lights: frozenset[Light]) -> frozenset[Light]:
        if unknown := lights - SIM_LIGHTS:
            known = ", ".join(sorted(SIM_LIGHTS))
            raise ValueError(f"the simulated rig has no {', '.join(sorted(unknown))}, it knows {known}")
        return lights


class SimLightRig(LightRig):
    """Shines on the bench."""

    def __init__(self, options: SimLightsOptions, bench: Bench) -> None:
        super().__init__()
        self._lights = options.lights
        self._dead = options.dead
        self._state_file = options.state_file
        self._bench = bench
        bench.stray = options.stray

    @property
    def lights(self) -> frozenset[Light]:
        """Lights as configured."""
        return self._lights

    async def _do_open(self) -> None:
        """Nothing to reach."""

    async def _do_close(self) -> None:
        """Nothing to let go of."""

    async def _do_set(self, light: Light, power: float) -> None:
        self._shine(Shining() if light in self._dead else Shining(light, power))

    async def _do_dark(self) -> None:
        self._shine(Shining())

    def _shine(self, shining: Shining) -> None:
        self._bench.shining = shining
        if self._state_file is not None:
            self._state_file.parent.mkdir(parents=True, exist_ok=True)
            partial = self._state_file.with_suffix(".partial")
            partial.write_text(json.dumps({"light": shining.light, "power": shining.power}))
            partial.replace(self._state_file)
