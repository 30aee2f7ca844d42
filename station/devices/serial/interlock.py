"""An interlock on a serial line, by the protocol of docs/reference/devices-interlocks.md."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from station.devices.base import Interlock
from station.devices.bench import Bench
from station.devices.serial.port import SerialPort
from station.errors import DeviceUnavailable

_GREETING = re.compile(r"dermabooth-interlock 1 (\d{1,2})")
_ANSWER_LIMIT_S = 0.2
_START_S = 5.0
"""Opening the port resets many controllers; their loader runs for seconds, in which the port stays open."""


class SerialInterlockOptions(BaseModel):
    """Settings of the `serial` interlock."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["serial"] = "serial"
    port: Path
    """Device file; the ones below /dev/serial/by-id keep their names."""
    inputs: Annotated[int, Field(ge=1, le=16)] = 1
    """Contacts that must be closed; a controller with fewer is refused."""


class SerialInterlock(Interlock):
    """Asks `LOCK`; safe while as many contacts as configured, and all that the controller has, are closed."""

    def __init__(self, options: SerialInterlockOptions, bench: Bench) -> None:
        super().__init__()
        self._options = options
        self._port: SerialPort | None = None
        self._greeted = False
        self._opened_at = 0.0
        self._owed_until = 0.0

    async def _do_connect(self) -> None:
        if self._port is None:
            self._port = SerialPort.open(self._options.port, "the interlock")
            self._opened_at, self._greeted = asyncio.get_running_loop().time(), False
        await asyncio.sleep(self._owed_until - asyncio.get_running_loop().time())
        greeting = await self._ask(self._port, "HELLO")
        said = _GREETING.fullmatch(greeting)
        if said is None:
            raise DeviceUnavailable(
                f"{self._options.port} is no interlock of version 1: it says {greeting!r}"
            )
        if int(said[1]) < self._options.inputs:
            raise DeviceUnavailable(
                f"the interlock on {self._options.port} has {said[1]} contacts, interlock.inputs is {self._options.inputs}"
            )
        self._greeted = True

    async def _do_disconnect(self) -> None:
        starting = not self._greeted and asyncio.get_running_loop().time() - self._opened_at < _START_S
        if self._open and starting:
            return
        port, self._port = self._port, None
        if port is not None:
            port.close()

    async def _do_read(self) -> str:
        assert self._port is not None
        answer = await self._ask(self._port, "LOCK")
        if len(answer) < self._options.inputs or answer.strip("01"):
            raise DeviceUnavailable(f"the interlock on {self._options.port} answered LOCK with {answer!r}")
        if "0" in answer:
            number = answer.index("0") + 1
            return f"contact {number} of the interlock is open: close the booth's door and covers"
        return ""

    async def _ask(self, port: SerialPort, text: str) -> str:
        """The answer; to a question that is given up it stays owed, and must not be taken for the next one's."""
        self._owed_until = asyncio.get_running_loop().time() + _ANSWER_LIMIT_S
        answer = await port.ask(text, _ANSWER_LIMIT_S)
        self._owed_until = 0.0
        return answer
