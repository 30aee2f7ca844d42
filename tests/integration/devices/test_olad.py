"""Levels sent by sACN arrive in the daemon of the Open Lighting Architecture, over a network of two ends."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from station.devices import Bench
from station.devices.dmx import DmxLightRig, DmxLightsOptions
from station.protocol import Light

pytestmark = pytest.mark.integration

BOOTH, NODE = "10.213.7.1", "10.213.7.2"
SPACE, BOOTH_END, NODE_END = f"db{os.getpid()}", f"dba{os.getpid()}", f"dbb{os.getpid()}"
HTTP_PORT = 9090
CHANNELS = {"white": {"slots": [1, 2]}, "uv": {"slots": [4], "fine": True}}
OTHER_PLUGINS = [
    "artnet",
    "dummy",
    "espnet",
    "ftdidmx",
    "gpio",
    "karate",
    "kinet",
    "milinst",
    "nanoleaf",
    "opendmx",
    "openpixelcontrol",
    "osc",
    "pathport",
    "renard",
    "sandnet",
    "shownet",
    "spi",
    "stageprofi",
    "uartdmx",
    "usbdmx",
    "usbpro",
    "usbserial",
]
E131 = f"""cid = 00010203-0405-0607-0809-0a0b0c0d0e0f
draft_discovery = false
dscp = 0
enabled = true
ignore_preview = true
input_ports = 1
ip = {NODE}
output_ports = 0
prepend_hostname = true
revision = 0.46
"""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


@pytest.fixture(scope="module")
def node_space() -> Iterator[str]:
    """A network namespace that a cable joins to this one."""
    try:
        run("ip", "netns", "add", SPACE)
    except OSError as error:
        pytest.skip(f"needs to run as root, with iproute2, where network namespaces may be made: {error}")
    try:
        try:
            run("ip", "link", "add", BOOTH_END, "type", "veth", "peer", "name", NODE_END, "netns", SPACE)
        except OSError as error:
            pytest.skip(f"needs the kernel's veth interfaces: {error}")
        run("ip", "addr", "add", f"{BOOTH}/30", "dev", BOOTH_END)
        run("ip", "link", "set", BOOTH_END, "up")
        run("ip", "-n", SPACE, "addr", "add", f"{NODE}/30", "dev", NODE_END)
        run("ip", "-n", SPACE, "link", "set", NODE_END, "up")
        run("ip", "-n", SPACE, "link", "set", "lo", "up")
        yield SPACE
    finally:
        run("ip", "netns", "del", SPACE)


@pytest.fixture(scope="module")
def olad(node_space: str) -> Iterator[None]:
    """olad in the namespace, E1.31 alone, universe 1 read from its input port; as the user it comes with."""
    assert shutil.which("olad"), "install Debian's package ola"
    inside = ("ip", "netns", "exec", node_space)
    as_olad = ("setpriv", "--reuid", "olad", "--regid", "nogroup", "--clear-groups")
    with tempfile.TemporaryDirectory(prefix="dermabooth-olad-") as made:
        settings = ("-c", made, "--http-port", str(HTTP_PORT), "-i", NODE, "--no-register-with-dns-sd")
        configure(Path(made))
        with subprocess.Popen(
            [*inside, *as_olad, "olad", *settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                wait_for(lambda: run(*inside, "ola_patch", "-d", "1", "-p", "0", "-i", "-u", "1"))
                wait_for(look)
                yield
            finally:
                process.terminate()


def configure(folder: Path) -> None:
    """Settings of olad, which belong to its user."""
    for plugin in OTHER_PLUGINS:
        (folder / f"ola-{plugin}.conf").write_text("enabled = false\n")
    (folder / "ola-e131.conf").write_text(E131)
    run("chown", "-R", "olad", str(folder))


def wait_for(step: Any) -> None:
    limit = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            step()
            return
        assert time.monotonic() < limit, "olad does not answer"
        time.sleep(0.1)


def look() -> list[int]:
    """The first five slots of universe 1, as olad has received them."""
    with urllib.request.urlopen(f"http://{NODE}:{HTTP_PORT}/get_dmx?u=1", timeout=5) as answer:
        levels: list[int] = json.load(answer)["dmx"][:5]
    return levels


async def shows(*levels: int) -> None:
    async with asyncio.timeout(20):
        while (seen := await asyncio.to_thread(look)) != list(levels):
            await asyncio.sleep(0.05)
            assert seen is not None


@pytest.mark.usefixtures("olad")
@pytest.mark.parametrize("way", [{"host": NODE}, {"interface": BOOTH}], ids=["unicast", "multicast"])
async def test_levels_arrive(way: dict[str, str], tmp_path: Path) -> None:
    options = DmxLightsOptions.model_validate({"channels": CHANNELS, **way})
    async with DmxLightRig(options, Bench(tmp_path)) as rig:
        await shows(0, 0, 0, 0, 0)
        await rig.set(Light.WHITE, 1.0)
        await shows(255, 255, 0, 0, 0)
        async with rig.ultraviolet():
            await rig.set(Light.UV, 0.5)
            await shows(0, 0, 0, 128, 0)
    await shows(0, 0, 0, 0, 0)
