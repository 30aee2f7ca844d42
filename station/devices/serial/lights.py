"""A light controller on a serial line."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.devices.base import Ramp, WatchedLightRig
from station.devices.bench import Bench
from station.devices.serial.port import SerialPort
from station.errors import DeviceUnavailable
from station.protocol import Light

VERSION = 1
FULL = 1000
"""Level of full power on the line."""
_GREETING = re.compile(rf"dermabooth-lights {VERSION} (\d{{1,2}}) (\d{{1,6}})")
_ANSWER_LIMIT_S = 0.5
_HELLO_LIMIT_S = 5.0
"""Opening the port resets many controllers; their loader runs for seconds."""


class SerialChannel(Ramp):
    """One output of the controller."""

    output: Annotated[int, Field(ge=1, le=99)]
    """Number of the output, counted from 1."""
    highest: Annotated[int, Field(ge=1, le=FULL)] = FULL


class SerialLightsOptions(BaseModel):
    """Settings of the `serial` lights."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["serial"] = "serial"
    port: Path
    """Device file; the ones below /dev/serial/by-id keep their names."""
    heartbeat_s: Annotated[float, Field(gt=0, le=1)] = 0.25
    channels: Annotated[dict[Light, SerialChannel], Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        outputs = Counter(channel.output for channel in self.channels.values())
        if twice := sorted(output for output, times in outputs.items() if times > 1):
            raise ValueError(f"output {twice[0]} is given to two lights")
        return self


class SerialLightRig(WatchedLightRig):
    """Tells the controller one output and level at a time; every answer says what shines, and is compared."""

    def __init__(self, options: SerialLightsOptions, bench: Bench) -> None:
        super().__init__(options.heartbeat_s)
        self._options = options
        self._port: SerialPort | None = None
        self._told = (0, 0)

    @property
    def lights(self) -> frozenset[Light]:
        """Lights with an output."""
        return frozenset(self._options.channels)

    async def _do_connect(self) -> None:
        self._port = SerialPort.open(self._options.port)
        greeting = await self._greet(self._port)
        said = _GREETING.fullmatch(greeting)
        if said is None:
            raise DeviceUnavailable(
                f"{self._options.port} is no light controller of version {VERSION}: it says {greeting!r}"
            )
        outputs, watchdog_ms = int(said[1]), int(said[2])
        missing = [
            str(light) for light, channel in self._options.channels.items() if channel.output > outputs
        ]
        if missing:
            raise DeviceUnavailable(
                f"the light controller has {outputs} outputs: none for {', '.join(missing)}"
            )
        if self._heartbeat_s * 2000 > watchdog_ms:
            raise DeviceUnavailable(
                f"lights.heartbeat_s is {self._heartbeat_s:g}, the controller goes dark after {watchdog_ms} ms: "
                "set it to less than half of that"
            )

    async def _do_disconnect(self) -> None:
        if self._port is not None:
            self._port.close()

    async def _do_write(self, light: Light | None, power: float) -> None:
        if light is None:
            self._told = (0, 0)
            await self._exchange("DARK")
            return
        channel = self._options.channels[light]
        self._told = (channel.output, channel.number(power))
        await self._exchange(f"SET {channel.output} {channel.number(power)}")

    async def _do_beat(self) -> None:
        await self._exchange("BEAT")

    async def _exchange(self, text: str) -> None:
        assert self._port is not None
        answer = await self._port.ask(text, _ANSWER_LIMIT_S)
        if answer != f"{self._told[0]} {self._told[1]}":
            raise DeviceUnavailable(
                f"the lights on {self._options.port} shine output and level {answer} and were told "
                f"{self._told[0]} {self._told[1]}: their watchdog or a fault changed them"
            )

    async def _greet(self, port: SerialPort) -> str:
        """The greeting of a controller that may still be starting."""
        give_up = asyncio.get_running_loop().time() + _HELLO_LIMIT_S
        while True:
            try:
                return await port.ask("HELLO", _ANSWER_LIMIT_S)
            except DeviceUnavailable:
                if asyncio.get_running_loop().time() > give_up:
                    raise
                await asyncio.sleep(_ANSWER_LIMIT_S / 5)
