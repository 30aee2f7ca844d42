"""A serial port (POSIX) that is asked one line and answers one line."""

import asyncio
import contextlib
import fcntl
import os
import termios
import tty
from pathlib import Path
from typing import Self

from station.devices.serial.wire import MAX_LINE, framed, unframed
from station.errors import DeviceUnavailable

BAUD = 115_200
_READ_BYTES = 4096


class SerialPort:
    """One open port, for this program alone; every method belongs to one event loop."""

    def __init__(self, path: Path, descriptor: int, owner: str) -> None:
        self._path = path
        self._owner = owner
        self._descriptor = descriptor
        self._received = b""
        self._answer: asyncio.Future[str] | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)

    @classmethod
    def open(cls, path: Path, owner: str = "the lights") -> Self:
        """The port, raw at 115200 baud, 8 bits, no parity, 1 stop bit; raises `DeviceUnavailable` that names its owner."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise DeviceUnavailable(
                f"the port {path} of {owner} cannot be opened: {error.strerror}"
            ) from error
        try:
            fcntl.ioctl(descriptor, termios.TIOCEXCL)
            tty.setraw(descriptor)
            _set_line(descriptor)
        except (OSError, termios.error) as error:
            os.close(descriptor)
            raise DeviceUnavailable(f"{path} is no serial port: {error}") from error
        return cls(path, descriptor, owner)

    async def ask(self, text: str, limit_s: float) -> str:
        """The answer to a line; raises `DeviceUnavailable` if none comes in time or it says `ERR`."""
        if self._descriptor < 0:
            raise DeviceUnavailable(f"{self._owner} on {self._path} are disconnected")
        self._received = b""
        self._answer = self._loop.create_future()
        try:
            os.write(self._descriptor, framed(text))
            async with asyncio.timeout(limit_s):
                answer = await self._answer
        except TimeoutError:
            raise DeviceUnavailable(
                f"{self._owner} on {self._path} do not answer {text.split()[0]} within {limit_s:g} s: check power and cable"
            ) from None
        except OSError as error:
            raise self._lost(error) from error
        finally:
            self._answer = None
        if not answer.startswith("OK"):
            raise DeviceUnavailable(f"{self._owner} on {self._path} answered {text!r} with {answer!r}")
        return answer.removeprefix("OK").strip()

    def close(self) -> None:
        """Give the port back; safe to call twice."""
        if self._descriptor < 0:
            return
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(self._lost(error))
            return
        if not data:
            self._fail(self._lost(OSError("the line was hung up")))
            return
        *lines, rest = (self._received + data).split(b"\n")
        self._received = rest[-MAX_LINE - 1 :]
        for line in lines:
            self._take(line.rstrip(b"\r"))

    def _take(self, line: bytes) -> None:
        text = unframed(line)
        if text is None:
            self._fail(
                DeviceUnavailable(f"{self._owner} on {self._path} sent a line that is not whole: {line!r}")
            )
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(text)

    def _fail(self, error: DeviceUnavailable) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _lost(self, error: OSError) -> DeviceUnavailable:
        self.close()
        return DeviceUnavailable(f"{self._owner} on {self._path} are disconnected: {error.strerror or error}")


def _set_line(descriptor: int) -> None:
    attributes = termios.tcgetattr(descriptor)
    speed = getattr(termios, f"B{BAUD}")
    attributes[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    with contextlib.suppress(termios.error):  # a pseudo-terminal may have no line to flush
        termios.tcflush(descriptor, termios.TCIOFLUSH)
