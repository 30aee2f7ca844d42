"""The contract of every light rig."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from station.devices.bench import Shining
from station.devices.completion import completed
from station.errors import DeviceUnavailable, LightUnavailable
from station.protocol import Light

DARK_LIMIT_S = 5.0
"""Time a rig has to go dark before it counts as failed."""


class LightRig(ABC):
    """The lights of a booth; use it as an async context manager, in one event loop.

    A rig is dark after it was opened, after any error, and when it is closed. Ultraviolet light shines within `ultraviolet`
    alone, which is for whoever answers for the dose. A driver fills `_do_open`, `_do_close`,
    `_do_set` and `_do_dark`. A closed rig stays closed: the way back is a new object.
    """

    def __init__(self) -> None:
        self._shining = Shining()
        self._open = False
        self._closed = False
        self._ultraviolet = False
        self._failure = ""
        self._failed = asyncio.Event()

    @property
    @abstractmethod
    def lights(self) -> frozenset[Light]:
        """The lights this rig has."""

    @property
    def shining(self) -> Shining:
        """What the rig was last told to shine; dark until told otherwise, and again once it has confirmed darkness."""
        return self._shining

    async def __aenter__(self) -> Self:
        if self._closed or self._open:
            raise DeviceUnavailable("the light rig was opened before: make a new object")
        try:
            await self._do_open()
            self._open = True
            await self.ensure_dark()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Go dark and let go of the rig; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._open:
                await self.ensure_dark()
        finally:
            self._open = False
            await self._do_close()

    def check(self, light: Light, power: float) -> None:
        """Raise `LightUnavailable` for a light this rig does not have, `ValueError` for a power outside [0, 1]."""
        if light not in self.lights:
            known = ", ".join(sorted(self.lights))
            raise LightUnavailable(f"no {light} light on this rig, it has: {known}")
        if not 0.0 <= power <= 1.0:
            raise ValueError(f"light power {power:g}, must lie in [0, 1]")

    async def set(self, light: Light, power: float) -> None:
        """Shine this light alone at a share of its full power; power 0 is dark.

        Raises what `check` raises, `LightUnavailable` for ultraviolet light outside of `ultraviolet`, and
        `DeviceUnavailable` with its reason once the rig has failed by itself. When the driver fails, or the call is
        cancelled, the rig is dark before the exception leaves.
        """
        self.check(light, power)
        if self._failure or not self._open:
            raise DeviceUnavailable(self._failure or "the light rig is not open")
        if light is Light.UV and not self._ultraviolet:
            raise LightUnavailable("ultraviolet light shines only for a visit's own step of it")
        if power == 0.0:
            await self.ensure_dark()
            return
        self._shining = Shining(light, power)  # told is not dark, whether the driver succeeds or not
        try:
            await self._do_set(light, power)
        except BaseException:
            await self.ensure_dark()
            raise
        self._shining = Shining(light, power)  # somebody may have darkened it before the driver wrote

    @asynccontextmanager
    async def ultraviolet(self) -> AsyncIterator[None]:
        """Ultraviolet light may be set within this block; it is dark when the block ends."""
        self._ultraviolet = True
        try:
            yield
        finally:
            self._ultraviolet = False
            await self.ensure_dark()

    @property
    def failure(self) -> str:
        """Why the rig has failed by itself; empty if it has not."""
        return self._failure

    async def failed(self) -> str:
        """Return why, once the rig has failed by itself: it is dark, and stays so until a new object is opened."""
        await self._failed.wait()
        return self._failure

    def _note_failure(self, reason: str) -> None:
        """For drivers that notice a failure between two calls."""
        self._failure = reason
        self._failed.set()

    async def ensure_dark(self) -> None:
        """Return when every light is off, even if the caller is cancelled meanwhile.

        Raises `DeviceUnavailable` if the rig does not answer within `DARK_LIMIT_S`.
        """
        if not self._open:
            return
        await completed(self._darken())

    async def _darken(self) -> None:
        try:
            async with asyncio.timeout(DARK_LIMIT_S):
                await self._do_dark()
        except TimeoutError as error:
            raise DeviceUnavailable(
                f"the lights did not confirm dark within {DARK_LIMIT_S:g} s: switch the rig off by hand"
            ) from error
        self._shining = Shining()

    @abstractmethod
    async def _do_open(self) -> None:
        """Reach the rig."""

    @abstractmethod
    async def _do_close(self) -> None:
        """Let go of whatever `_do_open` took, also when it failed half way."""

    @abstractmethod
    async def _do_set(self, light: Light, power: float) -> None:
        """Shine this light alone; `power` is in (0, 1]."""

    @abstractmethod
    async def _do_dark(self) -> None:
        """Switch everything off; called often, also when already dark."""
