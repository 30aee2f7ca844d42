"""A light controller on a pseudo-terminal that behaves as docs/reference/devices-serial-lights.md asks.

The reference for firmware: `Firmware` holds the rules and knows no port, `SerialController` is its main loop.
"""

import os
import select
import threading
import time
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

OUTPUTS = 4
WATCHDOG_MS = 1000


def checksum(text: bytes) -> bytes:
    total = 0
    for byte in text:
        total ^= byte
    return b"%02X" % total


class Answering(Protocol):
    """What a controller's main loop needs of its rules."""

    def answer(self, line: bytes, now: float) -> bytes:
        """The answer to a line without its end, received at this time in seconds."""

    def look_after(self, now: float) -> None:
        """Called all the time."""


class Firmware:
    """Answers lines; `output` and `level` are what shines, 0 and 0 in the dark."""

    def __init__(self) -> None:
        self.output = self.level = 0
        self._fed_at = 0.0

    def answer(self, line: bytes, now: float) -> bytes:
        """The answer to a line without its end, received at this time in seconds."""
        text, _, given = line.rstrip(b"\r").rpartition(b"*")
        if given != checksum(text):
            return self._refuse(b"checksum")
        self._fed_at = now
        match text.split():
            case [b"HELLO"]:
                self.darken()
                return b"OK dermabooth-lights 1 %d %d" % (OUTPUTS, WATCHDOG_MS)
            case [b"DARK"]:
                self.darken()
            case [b"BEAT"]:
                pass
            case [b"SET", output, level]:
                return self._set(output, level)
            case _:
                return self._refuse(b"command")
        return self._state()

    def look_after(self, now: float) -> None:
        """Go dark if the booth has been silent for too long."""
        if now - self._fed_at > WATCHDOG_MS / 1000:
            self.darken()

    def darken(self) -> None:
        self.output = self.level = 0

    def _set(self, output: bytes, level: bytes) -> bytes:
        self.darken()
        if not (output.isdigit() and 1 <= int(output) <= OUTPUTS):
            return self._refuse(b"output")
        if not (level.isdigit() and 1 <= int(level) <= 1000):
            return self._refuse(b"level")
        self.output, self.level = int(output), int(level)
        return self._state()

    def _state(self) -> bytes:
        return b"OK %d %d" % (self.output, self.level)

    def _refuse(self, word: bytes) -> bytes:
        self.darken()
        return b"ERR " + word


F = TypeVar("F", bound=Answering)


class SerialLine(Generic[F]):
    """Firmware behind a pseudo-terminal, in a thread; `path` is the booth's end."""

    def __init__(self, firmware: F) -> None:
        self.firmware = firmware
        self.lines: list[bytes] = []
        """Everything the booth said."""
        self.deaf = False
        """Set: takes lines and does not answer."""
        self.delay_s = 0.0
        """Time it takes for each answer."""
        self._master, self._slave = os.openpty()
        self.path = os.ttyname(self._slave)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="serial-firmware")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
        os.close(self._slave)

    def unplug(self) -> None:
        """Hang the line up, as pulling the cable does."""
        if not self._ended.is_set():
            self._ended.set()
            self._thread.join()
            os.close(self._master)

    def _run(self) -> None:
        received = b""
        while not self._ended.is_set():
            readable, _, _ = select.select([self._master], [], [], 0.02)
            if readable:
                *lines, received = (received + os.read(self._master, 4096)).split(b"\n")
                for line in lines:
                    self.lines.append(line)
                    self._reply(line)
            self.firmware.look_after(time.monotonic())

    def _reply(self, line: bytes) -> None:
        if not self.deaf:
            answer = self.firmware.answer(line, time.monotonic())
            self._ended.wait(self.delay_s)
            os.write(self._master, answer + b"*" + checksum(answer) + b"\n")


class SerialController(SerialLine[Firmware]):
    """The light controller."""

    def __init__(self) -> None:
        super().__init__(Firmware())
