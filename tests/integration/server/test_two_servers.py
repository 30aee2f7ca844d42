"""Two servers on one computer that share a PostgreSQL: none takes the other's work for its own."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from server.app.worker_name import worker_name
from server.config.destinations import FolderSection
from server.store import DeliveryState
from server.store.delivery import DeliveryRow
from server.store.tables import CorrectionRow, WorkRow
from tests.fixtures.corrected_visits import shoot, wanted
from tests.fixtures.outbox_stores import open_with_routes

pytestmark = pytest.mark.integration


async def test_what_one_holds_stays_its_own_when_the_other_starts(
    tmp_path: Path, postgresql: Callable[[str], str]
) -> None:
    """At its start a server lets go of whatever it held when it was killed."""
    one, other = worker_name(tmp_path / "one"), worker_name(tmp_path / "other")
    store, archive = open_with_routes(tmp_path, "pacs", url=postgresql(f"t{uuid.uuid4().hex}"))
    try:
        visit = await shoot(store, archive)
        held = await store.deliveries.claim("pacs", DeliveryState.WAITING, one, lease_s=60)
        await store.corrections.ask(wanted(visit))
        assert await store.corrections.claim(one, lease_s=60) is not None
        assert await store.deliveries.release("pacs", other) == 0
        assert await store.corrections.release(other) == 0
        assert await store.release_work(other) == 0
        assert await store.deliveries.release("pacs", one) == len(held) == 6
        assert await store.corrections.release(one) == 1
    finally:
        await store.close()


def test_a_name_is_the_same_after_every_start_and_fits_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "host" * 16)
    name = worker_name(tmp_path)
    assert name == worker_name(tmp_path / "more" / "..")
    destination = "d" * 32
    FolderSection(type="folder", name=destination, path=tmp_path)
    with pytest.raises(ValueError, match="name"):
        FolderSection(type="folder", name=f"{destination}d", path=tmp_path)
    assert len(f"{name}/verdict") <= _length(WorkRow)
    assert len(f"{name}/{destination}") <= _length(DeliveryRow)
    assert len(name) <= _length(CorrectionRow)


def _length(table: type[WorkRow | DeliveryRow | CorrectionRow]) -> int:
    length = table.__table__.c.worker.type.length  # type: ignore[union-attr]
    assert isinstance(length, int)
    return length
