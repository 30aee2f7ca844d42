"""The booth as the demo drives it: through its kiosk page, as a person would."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Self

import aiohttp
import msgspec

from server.errors import ServerError
from station.kiosk import BoothState, Phase, ShootRequest, Step, VisitRequest
from station.protocol import Patient

POSE_LIMIT_S = 10.0
"""Time after which the demo shoots whatever the gate says."""
_POSING = (Step.FRAMING, Step.READY)
_NOBODY = "Demonstration: nobody is in the chair."
_LIMIT = aiohttp.ClientTimeout(total=10)

Watcher = Callable[[BoothState], None]


class BoothTrouble(ServerError):
    """The booth does not do what the demo asks; the text is the booth's own."""


class BoothClient:
    """The kiosk's HTTP interface at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._posing_since = 0.0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_LIMIT)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def state(self) -> BoothState:
        """What the booth is doing; raises `BoothTrouble` if it does not answer."""
        async with _answering(), self._session.get(f"{self._url}/state") as response:
            response.raise_for_status()
            return msgspec.json.decode(await response.read(), type=BoothState)

    async def wait_for(self, phase: Phase, limit_s: float, watcher: Watcher) -> BoothState:
        """The state once the booth is in `phase`; `watcher` sees every state before. Raises `BoothTrouble`."""
        deadline = time.monotonic() + limit_s
        while (state := await self.state()).phase is not phase:
            watcher(state)
            if time.monotonic() > deadline:
                raise BoothTrouble(
                    f"the booth is {state.phase}, not {phase}: {state.problem or 'no reason given'}"
                )
            await asyncio.sleep(0.1)
        return state

    async def wait_for_overlay(self, limit_s: float) -> BoothState:
        """The state once an overlay has come back; raises `BoothTrouble`."""
        deadline = time.monotonic() + limit_s
        while (state := await self.state()).uplink.overlays_received == 0:
            if time.monotonic() > deadline:
                reason = state.uplink.refused or "the preview is not connected"
                raise BoothTrouble(f"no overlay came back within {limit_s:.0f} s: {reason}")
            await asyncio.sleep(0.1)
        return state

    async def start_visit(self, patient: Patient) -> str:
        """Start a visit; its Study Instance UID. Raises `BoothTrouble`."""
        async with self._post("/visit", VisitRequest(patient=patient)) as response:
            answer = await response.json(content_type=None)
            if response.status != 202:
                raise BoothTrouble(
                    f"the booth did not start a visit: {answer.get('detail', response.status)}"
                )
            self._posing_since = time.monotonic()
            return str(answer["study_instance_uid"])

    async def lead(self, state: BoothState) -> None:
        """Do the operator's part of a guided visit: wait for the pose, shoot without it in the end, finish the review.

        To be called with every state; what the booth refuses is asked again with the next.
        """
        step = Step.NONE if state.visit is None else state.visit.step
        if step not in _POSING:
            self._posing_since = time.monotonic()
        if step is Step.REVIEW:
            await self._tell("/visit/finish")
        elif step in _POSING and time.monotonic() - self._posing_since > POSE_LIMIT_S:
            await self._tell("/visit/shoot", ShootRequest(reason=_NOBODY))

    async def _tell(self, path: str, body: msgspec.Struct | None = None) -> None:
        async with self._post(path, body):
            pass

    @contextlib.asynccontextmanager
    async def _post(
        self, path: str, body: msgspec.Struct | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        data = b"" if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", "Origin": self._url}
        async with _answering(), self._session.post(self._url + path, data=data, headers=headers) as response:
            yield response


@contextlib.asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise BoothTrouble("the booth's page does not answer") from error
