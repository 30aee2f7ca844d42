"""Brings the trail to a collector by syslog over TLS; the trail itself is the queue, with a mark at what was sent.

Syslog has no acknowledgement. The mark moves once the collector's computer has acknowledged every byte (TCP), so a lost
connection repeats records rather than losing them; each carries its number.
"""

import asyncio
import fcntl
import json
import logging
import random
import ssl
import struct
import termios
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from server.audit.chain import LONGEST_LINE, START, Head, first_number, hash_of, trail_files
from server.audit.syslog import frame
from server.durable import write_file

_log = logging.getLogger(__name__)

_BATCH_BYTES = 256 * 1024
_LOOK_S = 1.0
_SETTLE_S = 0.5
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Mark:
    """The newest record that was sent, and where the next one begins: byte `offset` of the file `file`."""

    number: int = 0
    hash: str = START
    file: str = ""
    offset: int = 0

    @property
    def head(self) -> Head | None:
        """The record; None: none was sent."""
        return Head(self.number, self.hash) if self.number else None


def read_mark(folder: Path) -> Mark:
    """How far the collector has the trail of a folder; a damaged mark is none: all is sent again."""
    try:
        return Mark(**json.loads((folder / "collector.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return Mark()


def next_lines(folder: Path, mark: Mark) -> tuple[list[bytes], Mark]:
    """The whole lines after the mark, about 256 KiB at most, and the mark after them."""
    files = trail_files(folder)
    at = next((index for index, path in enumerate(files) if path.name == mark.file), None)
    if at is None:
        # The file was moved away, or nothing was sent yet: on with the first that begins after what was sent.
        at = next((index for index, path in enumerate(files) if first_number(path) > mark.number), len(files))
        mark = Mark(mark.number, mark.hash, "", 0)
    for path in files[at:]:
        lines = _whole_lines(path, mark.offset if path.name == mark.file else 0)
        if lines:
            start = mark.offset if path.name == mark.file else 0
            number = int(lines[-1].split(b" ", 1)[0])
            end = start + sum(len(line) + 1 for line in lines)
            return lines, Mark(number, hash_of(lines[-1]), path.name, end)
    return [], mark


def _whole_lines(path: Path, offset: int) -> list[bytes]:
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read(_BATCH_BYTES)
        if data and b"\n" not in data:
            data += file.readline(LONGEST_LINE)
    return data[: data.rfind(b"\n") + 1].splitlines()


class Forwarder:
    """Sends what is not sent yet, for ever; one per trail."""

    def __init__(
        self,
        folder: Path,
        host: str,
        port: int,
        tls: ssl.SSLContext,
        *,
        server_name: str = "",
        timeout_s: float,
    ) -> None:
        self._folder = folder
        self._address = host, port
        self._tls = tls
        self._server_name = server_name or host
        self._timeout_s = timeout_s
        self._away = False

    async def run(self, hostname: str) -> None:
        """Send until cancelled; while the collector is away it is tried again, ever more seldom."""
        wait_s = _LOOK_S
        while True:
            try:
                await self._connected(hostname)
            except (OSError, TimeoutError, EOFError) as error:
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S) if self._away else _LOOK_S
                self._tell_away(error)
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311  spreads load, keeps no secret

    async def _connected(self, hostname: str) -> None:
        async with asyncio.timeout(self._timeout_s):
            reader, writer = await asyncio.open_connection(
                *self._address, ssl=self._tls, server_hostname=self._server_name
            )
        try:
            # With no room above the socket, drained is handed to the operating system.
            writer.transport.set_write_buffer_limits(high=0)
            # With TLS 1.3 the other side looks at our certificate after our end of the handshake.
            await asyncio.sleep(_SETTLE_S)
            while True:
                await self._send_next(reader, writer, hostname)
        finally:
            writer.transport.abort()

    async def _send_next(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hostname: str
    ) -> None:
        if reader.at_eof():
            raise EOFError("the collector closed the connection")
        mark = await asyncio.to_thread(read_mark, self._folder)
        lines, after = await asyncio.to_thread(next_lines, self._folder, mark)
        if not lines:
            await asyncio.sleep(_LOOK_S)
        else:
            await self._deliver(writer, lines, hostname)
        if reader.at_eof():
            raise EOFError("the collector closed the connection")
        if lines:
            await asyncio.to_thread(
                write_file, self._folder / "collector.json", json.dumps(asdict(after)).encode()
            )
            self._tell_back()

    async def _deliver(self, writer: asyncio.StreamWriter, lines: Sequence[bytes], hostname: str) -> None:
        async with asyncio.timeout(self._timeout_s):
            writer.write(b"".join(frame(line, hostname) for line in lines))
            await writer.drain()
            while _unacknowledged(writer):
                await asyncio.sleep(0.005)

    def _tell_away(self, error: Exception) -> None:
        if not self._away:
            reason = str(error) or type(error).__name__
            _log.warning("the audit collector is away (%s); its copy waits in the trail", reason)
        self._away = True

    def _tell_back(self) -> None:
        if self._away:
            _log.warning("the audit collector is there again")
        self._away = False


def _unacknowledged(writer: asyncio.StreamWriter) -> int:
    """Bytes that the other side's computer has not acknowledged (SIOCOUTQ, Linux tcp(7))."""
    connection = writer.get_extra_info("socket")
    descriptor = -1 if connection is None else connection.fileno()
    if descriptor < 0:
        raise EOFError("the connection to the collector was lost")
    answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0" * 4)
    return int(struct.unpack("i", answer)[0])
