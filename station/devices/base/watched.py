"""Light rigs behind a controller with a watchdog."""

import asyncio
import logging
from abc import abstractmethod
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.devices.base.lights import LightRig
from station.devices.completion import completed
from station.errors import DeviceError
from station.protocol import Light

_log = logging.getLogger(__name__)


class Ramp(BaseModel):
    """How a light's power becomes the number that its controller is sent: linear between two ends, rounded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lowest: Annotated[int, Field(ge=0)] = 0
    """Number at which the lamp begins to shine."""
    highest: Annotated[int, Field(ge=1)]
    """Number of full power."""

    @model_validator(mode="after")
    def _rises(self) -> "Ramp":
        if self.lowest >= self.highest:
            raise ValueError(f"lowest {self.lowest} must lie below highest {self.highest}")
        return self

    def number(self, power: float) -> int:
        """The number of a power in (0, 1]; dark is always 0."""
        return round(self.lowest + power * (self.highest - self.lowest))


class WatchedLightRig(LightRig):
    """A rig whose controller goes dark by itself when the booth falls silent.

    From opening to closing `_do_beat` is called every `heartbeat_s`, from the event loop itself: a program that hangs,
    or is killed, falls silent. When a beat fails the rig is told to go dark, and every later `set` raises
    `DeviceUnavailable` with the reason. A driver fills `_do_connect`, `_do_disconnect`, `_do_write` and `_do_beat`;
    no two of them run at once, each runs to its end even if the caller is cancelled, and each must end by itself
    within `DARK_LIMIT_S`.
    """

    def __init__(self, heartbeat_s: float) -> None:
        super().__init__()
        self._heartbeat_s = heartbeat_s
        self._wire = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None

    @abstractmethod
    async def _do_connect(self) -> None:
        """Reach the controller, or raise `DeviceUnavailable` with what the operator should do."""

    @abstractmethod
    async def _do_disconnect(self) -> None:
        """Let go of whatever `_do_connect` took, also when it failed half way."""

    @abstractmethod
    async def _do_write(self, light: Light | None, power: float) -> None:
        """Shine this light alone, or none; `power` is in (0, 1] for a light."""

    @abstractmethod
    async def _do_beat(self) -> None:
        """Feed the watchdog; raise `DeviceUnavailable` if the controller is not as it was told to be."""

    async def _do_open(self) -> None:
        await self._do_connect()
        self._beating = asyncio.create_task(self._keep_beating(), name="lights-heartbeat")

    async def _do_close(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait({self._beating})
        await self._do_disconnect()

    async def _do_set(self, light: Light, power: float) -> None:
        await completed(self._write(light, power))

    async def _do_dark(self) -> None:
        await completed(self._write(None, 0.0))

    async def _write(self, light: Light | None, power: float) -> None:
        async with self._wire:
            await self._do_write(light, power)

    async def _beat(self) -> None:
        async with self._wire:
            await self._do_beat()

    async def _keep_beating(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._heartbeat_s)
                await completed(self._beat())
        except DeviceError as error:
            _log.warning("the lights' heartbeat failed", extra={"problem": str(error)})
            await self._fail(str(error))
        except Exception:  # noqa: BLE001
            # The boundary of the drivers: without its heartbeat a rig is dark, and must say so.
            _log.exception("the lights' driver failed unexpectedly")
            await self._fail("the lights' driver failed unexpectedly: the booth's log says why")

    async def _fail(self, reason: str) -> None:
        try:
            await self.ensure_dark()
        except Exception:  # noqa: BLE001
            _log.warning("the lights did not confirm that they went dark")
        self._note_failure(reason)
