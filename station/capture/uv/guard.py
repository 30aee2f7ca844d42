"""The one door to ultraviolet light: eyes closed, dose within its budget and booked, interlock safe and watched."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from station.calibration import EFFECTIVE_J_M2, EYE_J_M2, Dose, IrradianceRecord, dose_of
from station.capture.uv.ledger import DoseLedger
from station.devices import Interlock, LightRig, Shining
from station.errors import StationError, UvRefused
from station.protocol import Light, LightStep, Patient

EyesClosed = Callable[[], Awaitable[tuple[bool | None, str]]]
"""Looks at the subject's eyes: closed or not, None if that cannot be told, and the operator's sentence. The lights are
dark before and after."""
PUBLISHED = Dose(EYE_J_M2, EFFECTIVE_J_M2)
"""The limits of ICNIRP 2004 and IEC 62471."""
WALK_INS = "walk-ins"
"""The ledger's name for everybody without an ID."""


class Lamps(Protocol):
    """Who knows what the lamps give."""

    def irradiance(self, light: Light) -> tuple[IrradianceRecord | None, str]:
        """Of one lamp, by the records that hold now; otherwise None and the reason."""


@dataclass(frozen=True, kw_only=True)
class UvLimits:
    """What a booth allows; by configuration only less than the published limits."""

    person: Dose = PUBLISHED
    """One person within a day."""
    walk_in_share: float = 0.1
    """Share of it for one visit of somebody without an ID. All of them together have one person's: they may be one."""
    on_time_s: float = 10.0
    """Longest time from the lamp's command to its darkness in one exposure; booked in advance."""


class UvGuard:
    """Gives every visit its permission."""

    def __init__(
        self,
        lamps: Lamps,
        ledger: DoseLedger,
        interlock: Interlock,
        eyes_closed: EyesClosed,
        limits: UvLimits | None = None,
    ) -> None:
        self.lamps, self.ledger, self.interlock = lamps, ledger, interlock
        self.eyes_closed = eyes_closed
        self.limits = limits or UvLimits()

    def permission(self, patient: Patient, study_instance_uid: str) -> "UvPermission":
        """The permission of one visit."""
        person, whole = self.ledger.person(patient), self.limits.person
        if person:
            return UvPermission(self, {person: whole})
        visit = self.ledger.visit(study_instance_uid)
        return UvPermission(self, {visit: whole.times(self.limits.walk_in_share), WALK_INS: whole})


class UvPermission:
    """Lets one visit's ultraviolet steps shine."""

    def __init__(self, guard: UvGuard, budgets: dict[str, Dose]) -> None:
        self._guard = guard
        self._budgets = budgets

    @asynccontextmanager
    async def shining(self, step: LightStep, lights: LightRig) -> AsyncIterator[None]:
        """Ultraviolet light may be set within this block, and is dark when it ends.

        Before it begins the longest dose is on disk; what was not shone is given back at the end, unless the lamp may still
        be on, and what it shone longer is booked as well. The eyes are looked at last of all, directly before the block.
        The lamp goes dark, and the block is left with `UvRefused`, within one look at the interlock that no longer reads
        safe, and when the booked time is over. Raises `UvRefused` before any light as well.
        """
        guard, limit_s = self._guard, self._guard.limits.on_time_s
        lamp = self._lamp(step)
        dose = dose_of(lamp, step.power, limit_s)
        self._check_budget(dose)
        await self._check_interlock()
        booked_at = await guard.ledger.book(tuple(self._budgets), dose)
        shone_s = 0.0
        try:
            await self._check_eyes()
            await self._check_interlock()
            began = time.monotonic()
            try:
                async with self._watched(lights, limit_s):
                    yield
            finally:
                shone_s = time.monotonic() - began
        finally:
            rest = dose.times(shone_s / limit_s - 1)
            if rest.j_m2 > 0 or lights.shining == Shining():
                with contextlib.suppress(UvRefused):  # what cannot be written counts until the booth ends
                    await guard.ledger.book(tuple(self._budgets), rest, at=booked_at)

    @asynccontextmanager
    async def _watched(self, lights: LightRig, limit_s: float) -> AsyncIterator[None]:
        task = asyncio.current_task()
        cancelled_before = task.cancelling() if task is not None else 0
        try:
            async with lights.ultraviolet(), asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(lights, limit_s), name="uv-watch")
                try:
                    yield
                finally:
                    await lights.ensure_dark()
                    watch.cancel()
        except BaseExceptionGroup as found:
            # A group that fails while it is cancelled raises its failure alone, and a stopped visit would go on.
            if task is not None and task.cancelling() > cancelled_before:
                raise asyncio.CancelledError from found
            raise _first(found) from None

    async def _watch(self, lights: LightRig, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                reason = await self._guard.interlock.until_unsafe()
        except TimeoutError:
            reason = (
                f"the lamp was on for {limit_s:g} s, as long as uv.on_time_s allows, and was switched off"
            )
        try:
            await lights.ensure_dark()
        except StationError as error:
            reason = f"{reason}; {error}"
        raise UvRefused(reason)

    def _lamp(self, step: LightStep) -> IrradianceRecord:
        lamp, reason = self._guard.lamps.irradiance(Light.UV)
        if lamp is None:
            raise UvRefused(
                f"the irradiance of the ultraviolet lamp is not known: {reason}; "
                "measure it and run `dermabooth calibrate make --uv-irradiance`"
            )
        needed = step.settle_s + step.exposure.time_s
        if needed >= self._guard.limits.on_time_s:
            raise UvRefused(
                f"the recipe's ultraviolet step takes {needed:g} s, uv.on_time_s is {self._guard.limits.on_time_s:g}"
            )
        return lamp

    async def _check_eyes(self) -> None:
        closed, reason = await self._guard.eyes_closed()
        if closed is not True:
            raise UvRefused(reason or "the eyes are not closed: ask the subject to close them")

    async def _check_interlock(self) -> None:
        if not (reading := await self._guard.interlock.read()).safe:
            raise UvRefused(reading.reason)

    def _check_budget(self, dose: Dose) -> None:
        for key, limit in self._budgets.items():
            had = self._guard.ledger.had(key)
            if not (had + dose).exceeds(limit):
                continue
            spent, more = f"{had.j_m2:.0f}", f"{dose.j_m2:.0f}"
            most, weighted = f"{limit.j_m2:.0f}", f"{limit.effective_j_m2:g}"
            if dose.exceeds(limit):
                raise UvRefused(
                    f"one exposure may give {more} J/m² of ultraviolet light, the budget is {most} ({weighted} weighted): "
                    "lower uv.on_time_s, or the power of the recipe's ultraviolet step"
                )
            if key == WALK_INS:
                raise UvRefused(
                    f"visits without a patient ID have had {spent} J/m² of ultraviolet light within a day; one more exposure "
                    f"may give {more}, the budget is {most} ({weighted} weighted): wait for a day"
                )
            raise UvRefused(
                f"this person has had {spent} J/m² of ultraviolet light within a day; one more exposure "
                f"may give {more}, the budget is {most} ({weighted} weighted): wait for a day"
            )


def _first(found: BaseExceptionGroup[BaseException]) -> BaseException:
    """The refusal, where there is one among others: it is why the others happened."""
    error: BaseException = found.subgroup(UvRefused) or found
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
