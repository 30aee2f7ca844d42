"""The one door between the two server processes: `work` tells `live` what has happened.

Events are hints to look again; the truth is in the database. A lost event delays a page, never a result.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import msgspec
import zmq
import zmq.asyncio

from station.protocol import BoothId, PreviewVerdict, Uid

_QUEUE = 256
_PATH_LIMIT = 100


class BoothSeen(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A booth connected, or went away."""

    booth_id: BoothId
    connected: bool


class BoothJudged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A booth judges its preview otherwise than before; None: not at all."""

    booth_id: BoothId
    preview: PreviewVerdict | None


class VisitChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A visit was opened or closed."""

    booth_id: BoothId
    study_instance_uid: Uid


class StillArrived(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A still is durable and waits for its analysis."""

    booth_id: BoothId
    study_instance_uid: Uid
    sop_instance_uid: Uid


class StepEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A step of a still's analysis is done, or was given up."""

    study_instance_uid: Uid
    sop_instance_uid: Uid
    step: str
    done: bool


Event = BoothSeen | BoothJudged | VisitChanged | StillArrived | StepEnded


def door_address(run_folder: Path) -> str:
    """Where the door of this run folder is; raises `ValueError` if the path is too long for a socket."""
    path = str(run_folder.resolve() / "events.sock")
    if len(path) > _PATH_LIMIT:
        raise ValueError(f"{path} is too long for a socket: choose a data folder with a shorter path")
    return f"ipc://{path}"


class EventSender:
    """The work process's end; never waits: events for an absent or slow listener are dropped."""

    def __init__(self, run_folder: Path) -> None:
        run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUSH)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, _QUEUE)
        self._socket.connect(door_address(run_folder))
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, event: Event) -> None:
        """Tell the live process."""
        with contextlib.suppress(zmq.Again):
            self._socket.send(self._encoder.encode(event), zmq.NOBLOCK)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        self._context.term()


class EventReceiver:
    """The live process's end; an async context manager that hands every event to `listener`."""

    def __init__(self, run_folder: Path, listener: Callable[[Event], Awaitable[None] | None]) -> None:
        run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._address = door_address(run_folder)
        self._listener = listener
        self._decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.PULL)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, _QUEUE)
        self._socket.setsockopt(zmq.MAXMSGSIZE, 4096)
        self._socket.bind(self._address)
        self._task = asyncio.create_task(self._receive(), name="events")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self._socket.close()
            self._context.term()

    async def _receive(self) -> None:
        while True:
            data = await self._socket.recv()
            with contextlib.suppress(msgspec.MsgspecError):
                result = self._listener(self._decoder.decode(data))
                if result is not None:
                    await result
