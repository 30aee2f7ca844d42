"""What stands at the other end of each interlock driver: a door to open, a wire to cut, a device to silence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from station.devices import Bench, Interlock
from station.devices.registry import make_interlock
from tests.contract.devices.light_counterparts import server_port
from tests.contract.devices.serial_firmware import SerialLine, checksum

INPUTS = (3, 4)
Act = Callable[[], Awaitable[None]]


@dataclass
class Door:
    """An interlock, not yet opened, and what a person does at its other end."""

    section: Mapping[str, object]
    shut: Act
    unlatch: Act
    """Opens one contact: the door, or its cut wire."""
    silence: Act
    """Takes the whole device away."""

    def interlock(self, folder: Path) -> Interlock:
        """A new object for it."""
        return make_interlock(self.section, Bench(folder))


class InterlockFirmware:
    """Answers the lines of docs/reference/devices-interlocks.md; `contacts` is what is wired to it."""

    def __init__(self) -> None:
        self.contacts = [True, True]

    def answer(self, line: bytes, _now: float) -> bytes:
        """The answer to a line without its end."""
        text, _, given = line.rstrip(b"\r").rpartition(b"*")
        if given != checksum(text):
            return b"ERR checksum"
        if text == b"HELLO":
            return b"OK dermabooth-interlock 1 %d" % len(self.contacts)
        if text == b"LOCK":
            return b"OK " + b"".join(b"1" if closed else b"0" for closed in self.contacts)
        return b"ERR command"

    def look_after(self, _now: float) -> None:
        """It has no watchdog: it lights nothing."""


@asynccontextmanager
async def serial_interlock(_folder: Path) -> AsyncIterator[Door]:
    firmware = InterlockFirmware()
    with SerialLine(firmware) as controller:

        async def shut() -> None:
            firmware.contacts = [True, True]

        async def unlatch() -> None:
            firmware.contacts[1] = False

        async def silence() -> None:
            controller.deaf = True

        yield Door({"type": "serial", "port": controller.path, "inputs": 2}, shut, unlatch, silence)


@asynccontextmanager
async def modbus_interlock(_folder: Path) -> AsyncIterator[Door]:
    """pymodbus' server with discrete inputs."""
    bits = SimData(0, count=16, values=False, datatype=DataType.BITS)
    words = SimData(0, count=1, values=0, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(
        SimDevice(1, simdata=([bits], [bits], [words], [words])), address=("127.0.0.1", 0)
    )
    await server.serve_forever(background=True)

    async def shut() -> None:
        await server.async_setValues(1, 2, 0, [True] * 16)

    async def unlatch() -> None:
        await server.async_setValues(1, 2, INPUTS[1], [False])

    async def silence() -> None:
        await server.shutdown()  # type: ignore[no-untyped-call]

    section = {"type": "modbus", "host": "127.0.0.1", "port": server_port(server), "inputs": list(INPUTS)}
    try:
        yield Door(section, shut, unlatch, silence)
    finally:
        with contextlib.suppress(Exception):
            await server.shutdown()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def simulated_door(folder: Path) -> AsyncIterator[Door]:
    file = folder / "door"

    async def shut() -> None:
        await asyncio.to_thread(file.write_text, "safe\n")

    async def unlatch() -> None:
        await asyncio.to_thread(file.write_text, "open\n")

    async def silence() -> None:
        await asyncio.to_thread(file.unlink)

    yield Door({"type": "sim", "state_file": file}, shut, unlatch, silence)


COUNTERPARTS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Door]]] = {
    "modbus": modbus_interlock,
    "serial": serial_interlock,
    "sim": simulated_door,
}
