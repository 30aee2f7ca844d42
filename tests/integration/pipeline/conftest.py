"""A server's data folder, and the pipeline on it."""

import functools
from pathlib import Path

import pytest

from server.pipeline import worker
from tests.fixtures.pipelines import Opener, a_pipeline
from tests.fixtures.uplinks import prepare
from tests.fixtures.work_process import POLL_S


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Keys, database and archive of a server that has not run."""
    folder = tmp_path / "server"
    prepare(folder)
    return folder


@pytest.fixture
def pipeline(data: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Opens the pipeline in this process; its worker makes short pauses."""
    monkeypatch.setattr(worker, "POLL_S", POLL_S)
    return functools.partial(a_pipeline, data)
