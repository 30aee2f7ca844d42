"""A server's data folder, empty."""

from pathlib import Path

import pytest

from tests.fixtures.uplinks import prepare


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Keys, database and archive of a server that has not run."""
    folder = tmp_path / "server"
    prepare(folder)
    return folder
