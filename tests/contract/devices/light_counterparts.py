"""What stands at the other end of each light driver, and what shines there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from sacn import DataPacket, sACNreceiver

from station.devices import Bench, LightRig, Shining
from station.devices.registry import LIGHT_RIGS, make_devices
from station.protocol import Light
from tests.contract.devices.serial_firmware import SerialController
from tests.fixtures.booth import files_sections, picture_folder, sim_sections
from tests.fixtures.ports import free_port

LAMPS = (Light.WHITE, Light.CROSS_POLARISED, Light.PARALLEL_POLARISED)
DARK_WITHIN_S = 10.0
"""Time in which every counterpart notices that its booth fell silent."""
WATCHDOG_S = 2.0
HEARTBEAT_REGISTER = 100
Look = Callable[[], Awaitable[Mapping[Light, float]]]


@dataclass
class Stand:
    """A light rig, not yet opened, before its counterpart."""

    rig: LightRig
    section: Mapping[str, object]
    look: Look
    """Power of every lamp that shines, as the counterpart has it."""

    async def shows(self, *shining: tuple[Light, float], limit_s: float = 20.0) -> None:
        """Return when exactly these lamps shine at these powers, within a level of 8 bits."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + limit_s
        while not _alike(seen := await self.look(), dict(shining)):
            assert loop.time() < give_up, f"shines {seen}, wanted {dict(shining)}"
            await asyncio.sleep(0.01)


def _alike(seen: Mapping[Light, float], wanted: Mapping[Light, float]) -> bool:
    return seen.keys() == wanted.keys() and all(abs(seen[light] - wanted[light]) < 1 / 200 for light in seen)


@asynccontextmanager
async def stand(kind: str, folder: Path) -> AsyncIterator[Stand]:
    """A rig of this type and what it talks to."""
    async with COUNTERPARTS[kind](folder) as (section, bench, look):
        yield Stand(
            LIGHT_RIGS[kind].make(LIGHT_RIGS[kind].options.model_validate(section), bench), section, look
        )


Counterpart = tuple[Mapping[str, object], Bench, Look]


@asynccontextmanager
async def on_the_bench(kind: str, folder: Path) -> AsyncIterator[Counterpart]:
    bench = Bench(folder)
    sections = files_sections(picture_folder(folder)) if kind == "files" else sim_sections()
    make_devices(*sections, bench)

    async def look() -> Mapping[Light, float]:
        shining = bench.shining
        return {} if shining == Shining() or shining.light is None else {shining.light: shining.power}

    yield sections[1], bench, look


@asynccontextmanager
async def serial_controller(folder: Path) -> AsyncIterator[Counterpart]:
    with SerialController() as controller:

        async def look() -> Mapping[Light, float]:
            output, level = controller.firmware.output, controller.firmware.level
            return {LAMPS[output - 1]: level / 1000} if output else {}

        channels = {str(lamp): {"output": number} for number, lamp in enumerate(LAMPS, 1)}
        yield {"type": "serial", "port": controller.path, "channels": channels}, Bench(folder), look


@asynccontextmanager
async def modbus_controller(folder: Path) -> AsyncIterator[Counterpart]:
    """pymodbus' server with registers 0 to 100, and the watchdog that a controller's firmware has."""
    registers = SimData(0, count=HEARTBEAT_REGISTER + 1, values=0, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=[registers]), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    watchdog = asyncio.create_task(_watch(server))

    async def look() -> Mapping[Light, float]:
        values = await server.async_getValues(1, 3, 0, len(LAMPS))
        return {lamp: value / 2000 for lamp, value in zip(LAMPS, values, strict=True) if value}

    channels = {str(lamp): {"registers": [number], "highest": 2000} for number, lamp in enumerate(LAMPS)}
    try:
        yield (
            {
                "type": "modbus",
                "host": "127.0.0.1",
                "port": server_port(server),
                "heartbeat_register": HEARTBEAT_REGISTER,
                "channels": channels,
            },
            Bench(folder),
            look,
        )
    finally:
        watchdog.cancel()
        await asyncio.wait({watchdog})
        await server.shutdown()  # type: ignore[no-untyped-call]


def server_port(server: ModbusTcpServer) -> int:
    listener = server.transport
    assert isinstance(listener, asyncio.Server)
    return int(listener.sockets[0].getsockname()[1])


async def _watch(server: ModbusTcpServer) -> None:
    """Zero every lamp's register when the heartbeat's has not changed for `WATCHDOG_S`."""
    loop = asyncio.get_running_loop()
    last, changed_at = -1, loop.time()
    while True:
        beat = int((await server.async_getValues(1, 3, HEARTBEAT_REGISTER, 1))[0])
        if beat != last:
            last, changed_at = beat, loop.time()
        elif loop.time() - changed_at > WATCHDOG_S:
            await server.async_setValues(1, 16, 0, [0] * len(LAMPS))
        await asyncio.sleep(0.05)


@asynccontextmanager
async def sacn_receiver(folder: Path) -> AsyncIterator[Counterpart]:
    """The receiver of PyPI's sacn, set to black out on data loss and at the end of a stream."""
    port = free_port()
    levels: dict[int, int] = {}
    receiver = sACNreceiver(bind_address="127.0.0.1", bind_port=port)

    def take(packet: DataPacket) -> None:
        levels.update(enumerate(packet.dmxData, 1))

    def black_out(universe: int, changed: str) -> None:
        if changed == "timeout":
            levels.clear()

    receiver.register_listener("universe", take, universe=1)
    receiver.register_listener("availability", black_out)
    receiver.start()

    async def look() -> Mapping[Light, float]:
        seen = {lamp: levels.get(number, 0) / 255 for number, lamp in enumerate(LAMPS, 1)}
        return {lamp: power for lamp, power in seen.items() if power}

    channels = {str(lamp): {"slots": [number]} for number, lamp in enumerate(LAMPS, 1)}
    try:
        yield {"type": "dmx", "host": "127.0.0.1", "port": port, "channels": channels}, Bench(folder), look
    finally:
        await asyncio.to_thread(_end, receiver)


def _end(receiver: sACNreceiver) -> None:
    """Stop it, told again until it is heard: its thread forgets what it was told before it began."""
    handler: Any = receiver._handler
    while handler.socket._thread.is_alive():
        handler.socket._enabled_flag = False
        handler.socket._thread.join(0.1)
    receiver.stop()


COUNTERPARTS: Mapping[str, Callable[[Path], contextlib.AbstractAsyncContextManager[Counterpart]]] = {
    "dmx": sacn_receiver,
    "files": lambda folder: on_the_bench("files", folder),
    "modbus": modbus_controller,
    "serial": serial_controller,
    "sim": lambda folder: on_the_bench("sim", folder),
}
WATCHED = ("dmx", "modbus", "serial")
"""Types whose controller goes dark by itself."""
