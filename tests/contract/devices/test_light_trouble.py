"""What a rig behind a controller does when the controller misbehaves."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from station.devices import Bench, LightRig, Shining
from station.devices.dmx import DmxChannel
from station.devices.registry import LIGHT_RIGS, light_options
from station.errors import ConfigError, DeviceUnavailable
from station.protocol import Light
from tests.contract.devices.light_counterparts import stand
from tests.contract.devices.serial_firmware import Firmware, SerialController, checksum

pytestmark = pytest.mark.contract

SERIAL = {"type": "serial", "channels": {"white": {"output": 1}}}


def make(section: Mapping[str, object]) -> LightRig:
    return LIGHT_RIGS[str(section["type"])].make(light_options(section), Bench(Path()))


async def until_failed(rig: LightRig) -> str:
    """The reason for which `set` refuses, once a heartbeat has failed."""
    async with asyncio.timeout(20):
        while rig.shining != Shining():
            await asyncio.sleep(0.02)
    with pytest.raises(DeviceUnavailable) as refused:
        await rig.set(Light.WHITE, 0.5)
    return str(refused.value)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        (
            {"type": "dmx", "host": "127.0.0.1", "port": 9, "channels": {"white": {"slots": [1]}}},
            "127.0.0.1:9",
        ),
        (
            {
                "type": "modbus",
                "host": "127.0.0.1",
                "port": 9,
                "heartbeat_register": 9,
                "channels": {"white": {"registers": [0], "highest": 9}},
            },
            "127.0.0.1:9",
        ),
        (SERIAL | {"port": "/dev/no-such-port"}, "no-such-port.*No such file"),
        (SERIAL | {"port": "/dev/null"}, "no serial port"),
    ],
)
async def test_nobody_there_is_said_with_the_address(section: Mapping[str, object], named: str) -> None:
    rig = make(section)
    with pytest.raises(DeviceUnavailable, match=named):
        async with rig:
            pass


async def test_a_controller_that_changed_by_itself_is_an_error_at_the_next_beat() -> None:
    with SerialController() as controller:
        async with make(SERIAL | {"port": controller.path}) as rig:
            await rig.set(Light.WHITE, 0.5)
            controller.firmware.darken()
            assert "watchdog" in await until_failed(rig)


async def test_a_modbus_register_that_changed_names_its_light(tmp_path: Path) -> None:
    async with stand("modbus", tmp_path) as found, found.rig as rig:
        await rig.set(Light.CROSS_POLARISED, 0.5)
        async with make(found.section) as intruder:  # opening a second booth darkens the first one's lamps
            assert "cross_polarised" in await until_failed(rig)
            assert intruder.shining == Shining()


async def test_a_driver_that_trips_over_an_answer_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trip() -> None:
        raise IndexError("list index out of range")  # as of an answer without its values

    with SerialController() as controller:
        async with make(SERIAL | {"port": controller.path}) as rig:
            await rig.set(Light.WHITE, 0.5)
            monkeypatch.setattr(rig, "_do_beat", trip)
            async with asyncio.timeout(20):
                assert "log" in await rig.failed()
            assert rig.shining == Shining()


async def test_a_cable_pulled_out_is_an_error_at_the_next_beat() -> None:
    with SerialController() as controller:
        rig = make(SERIAL | {"port": controller.path})
        await rig.__aenter__()
        await rig.set(Light.WHITE, 0.5)
        controller.unplug()
        async with asyncio.timeout(20):
            assert "disconnected" in await rig.failed()
        with pytest.raises(DeviceUnavailable, match="disconnected"):
            await rig.set(Light.WHITE, 0.5)
        with pytest.raises(DeviceUnavailable, match="disconnected"):
            await rig.close()


async def test_a_controller_that_does_not_answer_is_named() -> None:
    with SerialController() as controller:
        rig = make(SERIAL | {"port": controller.path})
        await rig.__aenter__()
        controller.deaf = True
        with pytest.raises(DeviceUnavailable, match="do not answer"):
            await rig.set(Light.WHITE, 0.5)
        with pytest.raises(DeviceUnavailable, match="do not answer"):
            await rig.close()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"SET 1 500*00", b"ERR checksum"),
        (b"SET 9 500", b"ERR output"),
        (b"SET 1 1001", b"ERR level"),
        (b"SET 1 0", b"ERR level"),
        (b"FIRE", b"ERR command"),
        (b"", b"ERR command"),
    ],
)
def test_the_firmware_refuses_and_goes_dark(line: bytes, answer: bytes) -> None:
    firmware = Firmware()
    assert firmware.answer(b"SET 1 500*46", 0.0) == b"OK 1 500"
    assert firmware.answer(line if b"*" in line else line + b"*" + checksum(line), 0.0) == answer
    assert firmware.output == 0


@pytest.mark.parametrize(
    ("section", "named"),
    [
        (
            {"type": "dmx", "channels": {"white": {"slots": [1]}, "uv": {"slots": [1]}}},
            "slot 1 is given to two",
        ),
        ({"type": "dmx", "channels": {"white": {"slots": [512], "fine": True}}}, "513 lies beyond 512"),
        ({"type": "dmx", "channels": {"white": {"slots": [513]}}}, "less than or equal to 512"),
        ({"type": "dmx", "channels": {"white": {"slots": [1], "lowest": 255}}}, "must lie below highest"),
        ({"type": "dmx", "channels": {}}, "at least 1"),
        (
            {
                "type": "modbus",
                "host": "a",
                "heartbeat_register": 3,
                "channels": {"white": {"registers": [3], "highest": 5}},
            },
            "register 3 is used twice",
        ),
        (
            SERIAL | {"port": "x", "channels": {"white": {"output": 2}, "uv": {"output": 2}}},
            "output 2 is given",
        ),
        (SERIAL | {"port": "x", "baud": 9600}, "unknown key lights.baud"),
    ],
)
def test_a_wrong_section_names_what_is_wrong(section: Mapping[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        light_options(section)


def test_sixteen_bits_are_a_coarse_and_a_fine_slot() -> None:
    channel = DmxChannel(slots=(5,), fine=True)
    assert channel.levels(1.0) == {5: 255, 6: 255}
    assert channel.levels(0.5) == {5: 128, 6: 0}
