"""A managed Triton that dies, a Triton that is not there, and one that must not outlive its owner."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from server.errors import ConfigError, InferenceUnavailable
from server.inference import ManagedTriton, TritonClient, TritonNotInstalled, live_layers

pytestmark = pytest.mark.contract

IMAGE = np.full((256, 256, 3), 128, np.uint8)
BOX = (0.2, 0.2, 0.6, 0.6)


async def test_killed_it_comes_back_and_clients_go_on(
    tmp_path: Path, triton_repository: Path, triton_environment: Path
) -> None:
    async with (
        ManagedTriton(triton_environment, triton_repository, tmp_path / "run", 0, 1) as triton,
        TritonClient(triton.url) as client,
    ):
        before = await live_layers(client, IMAGE, BOX, timeout_s=30)
        pid = triton.pid
        assert pid is not None
        children = psutil.Process(pid).children()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(InferenceUnavailable):
            await live_layers(client, IMAGE, BOX)
        while triton.pid in (pid, None):
            await asyncio.sleep(0.05)
        await triton.wait_ready()
        assert triton.restarts == 1
        for _ in range(2):
            after = await live_layers(client, IMAGE, BOX, timeout_s=30)
            assert np.array_equal(after.melanin, before.melanin)
        assert not [child for child in children if child.is_running() and child.status() != "zombie"]
        with pytest.raises(ConfigError, match="another Triton"):
            await ManagedTriton(triton_environment, triton_repository, tmp_path / "run", 0, 1).__aenter__()
        last = triton.pid
    assert last is not None
    assert not psutil.pid_exists(last)
    assert "GRPCInferenceService" in triton.log_path.read_text()


async def test_it_listens_on_loopback_only_and_holds_no_privileges(
    tmp_path: Path, triton_repository: Path, triton_environment: Path
) -> None:
    async with ManagedTriton(triton_environment, triton_repository, tmp_path / "run", 0, 1) as triton:
        assert triton.pid is not None
        process = psutil.Process(triton.pid)
        listening = [each.laddr for each in process.net_connections() if each.status == psutil.CONN_LISTEN]
        assert {f"{each.ip.removeprefix('::ffff:')}:{each.port}" for each in listening} == {triton.url}
        status = await asyncio.to_thread(Path(f"/proc/{triton.pid}/status").read_text)
        assert "NoNewPrivs:\t1" in status
        assert "CapEff:\t0000000000000000" in status


OWNER = """
import asyncio, sys
from pathlib import Path
from server.inference import ManagedTriton

async def main():
    async with ManagedTriton(*map(Path, sys.argv[1:4]), 0, 1) as triton:
        print(triton.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_it_does_not_outlive_its_owner(
    tmp_path: Path, triton_repository: Path, triton_environment: Path
) -> None:
    arguments = [str(triton_environment), str(triton_repository), str(tmp_path / "run")]
    with subprocess.Popen([sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        triton = psutil.Process(int(owner.stdout.readline()))
        family = [triton, *triton.children(recursive=True)]
        assert len(family) > 1
        owner.kill()
    deadline = time.monotonic() + 20
    while any(each.is_running() and each.status() != "zombie" for each in family):
        assert time.monotonic() < deadline, "Triton or a backend outlived its owner"
        time.sleep(0.1)


async def test_a_missing_environment_names_the_remedy(tmp_path: Path, triton_repository: Path) -> None:
    with pytest.raises(TritonNotInstalled, match="make setup"):
        await ManagedTriton(tmp_path / "none", triton_repository, tmp_path / "run", 0, 1).__aenter__()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with TritonClient("127.0.0.1:9") as client:
        assert not await client.ready()
        assert not await client.model_ready("live")
        with pytest.raises(InferenceUnavailable):
            await live_layers(client, IMAGE, BOX)
        with pytest.raises(InferenceUnavailable):
            await client.statistics()
    with pytest.raises(InferenceUnavailable, match="closed"):
        await live_layers(client, IMAGE, BOX)


def _regions() -> set[Path]:
    """Of this process: other tests' come and go beside it."""
    return set(Path("/dev/shm").glob(f"dermabooth-{os.getpid()}-*"))


async def test_shared_memory_leaves_nothing_behind_and_changes_nothing(triton_url: str) -> None:
    before = _regions()
    image = np.random.default_rng(5).integers(0, 256, (256, 256, 3), np.uint8)
    async with TritonClient(triton_url) as shared, TritonClient(triton_url, shared_memory=False) as plain:
        answers = await asyncio.gather(*(live_layers(shared, image, BOX, timeout_s=30) for _ in range(20)))
        assert _regions() == before
        expected = await live_layers(plain, image, BOX, timeout_s=30)
    for each in answers:
        assert np.array_equal(each.redness, expected.redness)
