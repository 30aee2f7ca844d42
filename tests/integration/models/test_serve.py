"""`dermabooth models serve`: answers until it is told to stop."""

import asyncio
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.inference import TritonClient

pytestmark = pytest.mark.integration


def test_serves_a_repository_until_sigterm(tmp_path: Path, triton_repository: Path) -> None:
    shutil.copytree(triton_repository / "chromophores", tmp_path / "chromophores")
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path / "chromophores", broken)
    config = (broken / "config.pbtxt").read_text().replace('"chromophores"', '"broken"')
    (broken / "config.pbtxt").write_text(config)
    (broken / "1" / "model.onnx").write_bytes(b"no model")
    command = ["-m", "dermabooth", "models", "serve", "--port", "0", "--repository", str(tmp_path)]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            told: list[str] = []
            while not told or not told[-1].startswith("serving on"):
                told.append(serving.stdout.readline())
                assert told[-1], "it ended before it served"
            log = told[0].split()[-1]
            assert "broken" in Path(log).read_text()
            assert told[:2] == [f"broken 1: NOT READY, see {log}\n", "chromophores 1\n"]
            assert asyncio.run(_ready(told[-1].split()[2]))
        finally:
            serving.send_signal(signal.SIGTERM)
            status = serving.wait(30)
    assert status == 0


async def _ready(url: str) -> bool:
    async with TritonClient(url, shared_memory=False) as client:
        return await client.model_ready("chromophores")
