"""The booth as the demo drives it: through its kiosk page, as a person would."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Self

import aiohttp
import msgspec

from server.errors import ServerError
from station.kiosk import BoothState, Phase, VisitRequest
from station.protocol import Patient

_LIMIT = aiohttp.ClientTimeout(total=10)

Watcher = Callable[[BoothState], None]


class BoothTrouble(ServerError):
    """The booth does not do what the demo asks; the text is the booth's own."""


class BoothClient:
    """The kiosk's HTTP interface at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

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
        body = msgspec.json.encode(VisitRequest(patient=patient))
        headers = {"Content-Type": "application/json", "Origin": self._url}
        request = self._session.post(f"{self._url}/visit", data=body, headers=headers)
        async with _answering(), request as response:
            answer = await response.json(content_type=None)
            if response.status != 202:
                raise BoothTrouble(
                    f"the booth did not start a visit: {answer.get('detail', response.status)}"
                )
            return str(answer["study_instance_uid"])


@contextlib.asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise BoothTrouble("the booth's page does not answer") from error
