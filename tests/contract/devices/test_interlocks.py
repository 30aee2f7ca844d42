"""What every interlock holds: only a clear yes is safe."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from station.devices import Bench
from station.devices.registry import INTERLOCKS, interlock_options, make_interlock
from station.errors import ConfigError
from tests.contract.devices.interlock_counterparts import COUNTERPARTS, Door, InterlockFirmware
from tests.contract.devices.serial_firmware import SerialController, SerialLine

pytestmark = pytest.mark.contract


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counterpart in a busy test answers later than a device does, and its silence is told as well after longer."""
    monkeypatch.setattr("station.devices.base.interlock.READ_LIMIT_S", 10.0)
    for driver in ("modbus", "serial"):
        monkeypatch.setattr(f"station.devices.{driver}.interlock._ANSWER_LIMIT_S", 3.0)


@pytest_asyncio.fixture(params=sorted(COUNTERPARTS))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    async with COUNTERPARTS[request.param](tmp_path) as found:
        yield found


def test_every_driver_has_a_counterpart() -> None:
    assert COUNTERPARTS.keys() | {"none"} == INTERLOCKS.keys(), (
        "say in interlock_counterparts.py what stands at the other end of every type"
    )


async def test_a_shut_door_is_safe_and_an_open_contact_is_not(door: Door, tmp_path: Path) -> None:
    async with door.interlock(tmp_path) as interlock:
        unread = interlock.last
        assert not unread.safe
        await door.shut()
        assert (await interlock.read()).safe
        await door.unlatch()
        reading = await interlock.read()
        assert not reading.safe
        assert "close" in reading.reason
        await door.shut()
        assert (await interlock.read()).safe


async def test_silence_is_unsafe_and_says_what_to_check(door: Door, tmp_path: Path) -> None:
    async with door.interlock(tmp_path) as interlock:
        await door.shut()
        assert (await interlock.read()).safe
        await door.silence()
        for _ in range(2):
            reading = await interlock.read()
            assert not reading.safe
            assert reading.reason


async def test_a_closed_object_reads_unsafe(door: Door, tmp_path: Path) -> None:
    await door.shut()
    interlock = door.interlock(tmp_path)
    assert not (await interlock.read()).safe
    async with interlock:
        assert (await interlock.read()).safe
    assert not (await interlock.read()).safe
    assert not interlock.last.safe
    await interlock.close()


async def test_who_watches_is_told_at_once(door: Door, tmp_path: Path) -> None:
    async with door.interlock(tmp_path) as interlock:
        await door.shut()
        watching = asyncio.create_task(interlock.until_unsafe())
        await asyncio.sleep(0.1)
        assert not watching.done()
        await door.unlatch()
        async with asyncio.timeout(20):
            assert "close" in await watching


async def test_readers_at_once_do_not_get_in_each_other_s_way(door: Door, tmp_path: Path) -> None:
    async with door.interlock(tmp_path) as interlock:
        await door.shut()
        readings = await asyncio.gather(*(interlock.read() for _ in range(5)))
        assert all(reading.safe for reading in readings)
        given_up = asyncio.create_task(interlock.read())
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait({given_up})
        assert (await interlock.read()).safe


async def test_an_answer_to_a_question_given_up_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    firmware = InterlockFirmware()
    with SerialLine(firmware) as controller:
        controller.delay_s = 0.1
        section = {"type": "serial", "port": controller.path, "inputs": 2}
        async with make_interlock(section, Bench(tmp_path)) as interlock:
            assert (await interlock.read()).safe
            given_up = asyncio.create_task(interlock.read())
            await asyncio.sleep(0.05)
            given_up.cancel()
            await asyncio.wait({given_up})
            firmware.contacts = [True, False]
            assert "contact 2 of the interlock is open" in (await interlock.read()).reason


async def test_a_booth_without_one_is_never_safe(tmp_path: Path) -> None:
    interlock = make_interlock({"type": "none"}, Bench(tmp_path))
    assert not interlock.fitted
    async with interlock:
        reading = await interlock.read()
    assert not reading.safe
    assert "no interlock is fitted" in reading.reason


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"type": "modbus", "host": "127.0.0.1", "port": 9, "inputs": [1]}, "127.0.0.1:9"),
        ({"type": "serial", "port": "/dev/no-such-port"}, "interlock.*No such file"),
        ({"type": "serial", "port": "/dev/null"}, "no serial port"),
    ],
)
async def test_nobody_there_is_unsafe_with_the_address(
    section: Mapping[str, object], named: str, tmp_path: Path
) -> None:
    async with make_interlock(section, Bench(tmp_path)) as interlock:
        reading = await interlock.read()
    assert not reading.safe
    assert re.search(named, reading.reason)


async def test_a_light_controller_is_no_interlock(tmp_path: Path) -> None:
    with SerialController() as controller:
        section = {"type": "serial", "port": controller.path}
        async with make_interlock(section, Bench(tmp_path)) as interlock:
            assert "is no interlock of version 1" in (await interlock.read()).reason


async def test_too_few_contacts_are_named(tmp_path: Path) -> None:
    async with COUNTERPARTS["serial"](tmp_path) as door:
        section = {**door.section, "inputs": 3}
        async with make_interlock(section, Bench(tmp_path)) as interlock:
            assert "has 2 contacts, interlock.inputs is 3" in (await interlock.read()).reason


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"type": "door"}, "known are: modbus, none, serial, sim"),
        ({"type": "modbus", "host": "a", "inputs": []}, "at least 1"),
        ({"type": "modbus", "host": "a"}, r"interlock\.inputs is missing"),
        ({"type": "none", "safe": True}, r"unknown key interlock\.safe"),
    ],
)
def test_a_wrong_section_names_what_is_wrong(section: Mapping[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        interlock_options(section)
