"""Connections to the database: what a commit promises."""

from pathlib import Path

import pytest
from sqlalchemy import text

from server.store.database import READ_ONLY, open_engine

pytestmark = pytest.mark.unit

FULL = 2
READER = {READ_ONLY: True}


def test_a_commit_to_sqlite_is_on_the_disk(tmp_path: Path) -> None:
    """https://sqlite.org/pragma.html#pragma_synchronous: in WAL mode only FULL survives a power cut."""
    engine = open_engine(f"sqlite:///{tmp_path}/a.db")
    with engine.connect() as one, engine.connect() as another:
        for connection in (one.execution_options(**READER), another.execution_options(**READER)):
            assert connection.execute(text("PRAGMA synchronous")).scalar() == FULL
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()
