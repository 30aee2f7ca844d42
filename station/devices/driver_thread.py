"""One named thread for native calls that may never return."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from station.devices.completion import completed
from station.errors import DeviceUnavailable

OPEN_LIMIT_S = 60.0
"""Time that a driver has to reach its instrument."""
CLOSE_LIMIT_S = 10.0
"""Time that a driver has to end the call under way and to let go of its instrument; then its thread is left behind."""

P = ParamSpec("P")
T = TypeVar("T")

_left_behind: dict[str, threading.Thread] = {}
_log = logging.getLogger(__name__)


class DriverThread:
    """Runs the blocking calls of one instrument's driver one after the other, from `open` to `close`.

    Nothing stops a native call from outside. So that one that hangs keeps nobody waiting, `open` and `close` are bounded, and
    neither a left thread nor its instrument delays the end of the process. Should the call come back after all, the instrument is
    let go of then. While it has not, no other thread of the same name opens: native libraries do not bear it, and the instrument
    is taken. A call that hangs while it holds Python's lock stops the whole program: the lights' watchdog is for that.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon, for the interpreter waits for all others at its end. It is ended by `close` like any other; one that hangs holds
        # no file of ours, and dies with the process.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._awaited: set[Future[Any]] = set()
        self._closed = False

    async def open(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of the first call, which reaches the instrument.

        Raises `DeviceUnavailable` if it takes longer than `OPEN_LIMIT_S`, or if an earlier thread of this name was left behind and
        is still there. A cancelled caller does not wait; `close` does.
        """
        if (left := _left_behind.get(self._name)) is not None and left.is_alive():
            raise DeviceUnavailable(
                f"the {self._name}'s driver does not come back from an earlier call: unplug the instrument and plug it in "
                "again; if that does not help, restart the booth's program"
            )
        self._thread.start()
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                return await self.run(function, *args, **kwargs)
        except TimeoutError:
            raise DeviceUnavailable(
                f"the {self._name} did not open within {OPEN_LIMIT_S:.0f} s: check its cable and power"
            ) from None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result; a cancelled caller does not wait for a call that has begun.

        Raises `DeviceUnavailable` once it is closed.
        """
        if self._closed:
            raise DeviceUnavailable(f"the {self._name} is closed")
        future = self._queue(lambda: function(*args, **kwargs))
        self._awaited.add(future)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._awaited.discard(future)

    async def close(self, release: Callable[[], None]) -> None:
        """Let go of the instrument by `release` once the call under way has ended, and end the thread; safe to call twice.

        Returns within `CLOSE_LIMIT_S`, even if the caller is cancelled meanwhile; the log says so if the thread is left behind.
        Raises what `release` raises.
        """
        if self._closed:
            return
        self._closed = True
        if self._thread.ident is None:
            return
        released = self._queue(release)
        self._calls.put(None)
        await completed(self._end(released))

    async def _end(self, released: Future[None]) -> None:
        waiting = asyncio.get_running_loop().create_task(_outcome(released))
        await asyncio.wait({waiting}, timeout=CLOSE_LIMIT_S)
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait({waiting})
            self._leave_behind()
        else:
            waiting.result()

    def _leave_behind(self) -> None:
        _left_behind[self._name] = self._thread
        _log.error("a driver's call does not come back: its thread is left behind: %s", self._name)
        for future in tuple(self._awaited):
            _settle(future.set_exception, DeviceUnavailable(f"the {self._name}'s driver does not come back"))

    def _queue(self, call: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()

        def work() -> None:
            if future.done() or not future.set_running_or_notify_cancel():
                return
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001
                # As executors do: whatever it is belongs to the caller.
                _settle(future.set_exception, error)
            else:
                _settle(future.set_result, result)

        self._calls.put(work)
        return future

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _settle(settle: Callable[[T], None], outcome: T) -> None:
    with contextlib.suppress(InvalidStateError):  # nobody waits any longer
        settle(outcome)


async def _outcome(future: "Future[None]") -> None:
    """Its result; the future itself goes on where the caller is cancelled."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def note(_: "Future[None]") -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(note)
    await done.wait()
    future.result()
