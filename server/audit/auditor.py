"""Takes events from everywhere in a process and makes them records of the trail, without anybody waiting for the disk."""

import asyncio
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from server.audit import codes, events
from server.audit.chain import Chain
from server.audit.codes import Result
from server.audit.events import AuditEvent
from server.audit.message import AuditSource, write_message
from server.errors import AuditUnavailable

_log = logging.getLogger(__name__)

ROOM = 10_000
"""Events that may wait for the disk."""
FILE_BYTES = 64 << 20
_BATCH = 256
_RETRY_S = 1.0
_LAST_RETRY_S = 0.1
_CLOSE_LIMIT_S = 5.0


@dataclass(frozen=True)
class _Waiting:
    event: AuditEvent
    told: Future[None] | None
    """Who waits for the record; None: nobody, it is kept until it could be written."""


class Auditor:
    """The door of the trail for one process; open it once, close it last.

    One thread writes. Events that come together become durable together, with one fsync.
    """

    def __init__(
        self, folder: Path, source: AuditSource, *, file_bytes: int = FILE_BYTES, room: int = ROOM
    ) -> None:
        self.source = source
        self._chain = Chain(folder, file_bytes=file_bytes, torn=self._torn)
        self._room = room
        self._queue: deque[_Waiting] = deque()
        self._in_hand = 0
        """Of those that wait, what the thread has taken and not yet written or put back."""
        self._lost = 0
        self._fault = ""
        self._closed_by: float | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def fault(self) -> str:
        """Why the trail cannot be written now; empty: it can."""
        return self._fault

    async def ready(self) -> bool:
        """Whether the trail can be written, for the health page."""
        return not self._fault

    def note(self, event: AuditEvent) -> None:
        """Record an event; never waits. While the disk is full it is kept, and at last counted as lost in the trail."""
        with self._changed:
            if self._full or self._closed_by is not None:
                self._lose(1)
                return
            self._queue.append(_Waiting(event, None))
            self._changed.notify()

    async def record(self, event: AuditEvent) -> None:
        """Record an event; it is durable when this returns. Raises `AuditUnavailable`: do not do what it tells of."""
        await asyncio.wrap_future(self._submit(event))

    def record_now(self, event: AuditEvent) -> None:
        """`record` for a thread that may wait."""
        self._submit(event).result()

    def close(self) -> None:
        """Write what waits, for at most five seconds; harmless to repeat."""
        with self._changed:
            if self._closed_by is None:
                self._closed_by = time.monotonic() + _CLOSE_LIMIT_S
            self._changed.notify()
        self._thread.join(_CLOSE_LIMIT_S + 2 * _RETRY_S)

    @property
    def _full(self) -> bool:
        return len(self._queue) + self._in_hand >= self._room

    def _submit(self, event: AuditEvent) -> Future[None]:
        told: Future[None] = Future()
        with self._changed:
            if self._closed_by is not None or self._full:
                raise AuditUnavailable(
                    self._fault or "the audit trail has more to write than it can keep up with"
                )
            self._queue.append(_Waiting(event, told))
            self._changed.notify()
        return told

    def _run(self) -> None:
        while batch := self._take():
            messages = [write_message(waiting.event, self.source) for waiting in batch]
            lost = self._lost
            if lost:
                messages.insert(
                    0, self._alert(f"{lost} events could not be recorded: the trail could not be written")
                )
            try:
                self._chain.append(messages)
            except AuditUnavailable as error:
                self._failed(batch, error)
            else:
                self._written(batch, lost)

    def _take(self) -> list[_Waiting]:
        """The next events; none: the end."""
        with self._changed:
            while not self._queue and self._closed_by is None:
                self._changed.wait()
            if self._closed_by is not None and time.monotonic() > self._closed_by and self._queue:
                self._lose(len(self._queue))
                self._queue.clear()
            self._in_hand = min(_BATCH, len(self._queue))
            return [self._queue.popleft() for _ in range(self._in_hand)]

    def _written(self, batch: list[_Waiting], lost: int) -> None:
        if self._fault:
            _log.warning("the audit trail is written again")
        with self._changed:
            self._fault, self._in_hand = "", 0
            self._lost -= lost
        for waiting in batch:
            if waiting.told is not None and waiting.told.set_running_or_notify_cancel():
                waiting.told.set_result(None)

    def _failed(self, batch: list[_Waiting], error: AuditUnavailable) -> None:
        """Refuse those who wait, keep the others."""
        if not self._fault:
            _log.error("%s", error)
        with self._changed:
            self._fault, self._in_hand = str(error), 0
            self._queue.extendleft(reversed([waiting for waiting in batch if waiting.told is None]))
        for waiting in batch:
            if waiting.told is not None and waiting.told.set_running_or_notify_cancel():
                waiting.told.set_exception(error)
        with self._changed:
            if self._queue:
                self._changed.wait(_RETRY_S if self._closed_by is None else _LAST_RETRY_S)

    def _lose(self, count: int) -> None:
        if self._lost == 0:
            _log.error("audit events are being lost; the trail will say how many")
        self._lost += count

    def _torn(self, size: int) -> bytes:
        return self._alert(f"an unfinished record of {size} bytes, left by a crash, was taken off the trail")

    def _alert(self, description: str) -> bytes:
        event = events.alert(
            codes.AUDIT_RECORDING_STOPPED, self.source.actor, description, result=Result.MAJOR_FAILURE
        )
        return write_message(event, self.source)
