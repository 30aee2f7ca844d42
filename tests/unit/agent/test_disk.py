"""Spool and originals share the page's one place for room: whichever ends sooner is told."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from station.agent.disk import check_disk, disk_status
from station.capture import Studio
from station.devices import FolderRoom
from station.errors import SpoolFull
from station.transport import Room, SpoolRoom
from tests.unit.kiosk.test_catalogue import known

pytestmark = pytest.mark.unit


def studio(pictures_left: int | None, *, disk_full: bool = False) -> Studio:
    """One whose camera has room for this many pictures of 10 bytes; None: it keeps none."""
    room = FolderRoom(
        folder=Path("/data/originals"),
        used_bytes=100,
        limit_bytes=100 + 10 * (pictures_left or 0),
        still_bytes=10,
        disk_full=disk_full,
        setting="camera.originals_gb",
    )
    camera = SimpleNamespace(folder_room=None if pictures_left is None else room)
    return cast(Studio, SimpleNamespace(camera=camera))


def spool(visits_left: int | None, problem: str = "") -> SpoolRoom:
    room = Room(used_bytes=1, limit_bytes=2, visits_left=visits_left, problem=problem)
    return cast(SpoolRoom, SimpleNamespace(latest=room, check_visit=lambda: None))


@pytest.mark.parametrize(
    ("visits", "pictures", "told"),
    [(9, None, 9), (9, 20, 5), (2, 20, 2), (None, 20, None), (None, 8, 2), (9, 3, 0), (0, 3, 0)],
)
def test_whichever_ends_sooner_is_told(visits: int | None, pictures: int | None, told: int | None) -> None:
    assert disk_status(spool(visits), studio(pictures), 4).visits_left == told


def test_a_spool_that_does_not_answer_is_told_before_anything() -> None:
    assert disk_status(spool(None, "the disk does not answer"), studio(0), 4).problem.startswith("the disk")


def test_before_the_instruments_are_open_the_spool_is_told() -> None:
    assert disk_status(spool(9), None, 4).visits_left == 9
    assert disk_status(None, None, 4).visits_left is None


@pytest.mark.parametrize("disk_full", [False, True])
@pytest.mark.parametrize("pictures", [3, 4, 8])
def test_what_is_said_is_known_to_the_page(pictures: int, disk_full: bool) -> None:
    problem = disk_status(spool(9), studio(pictures, disk_full=disk_full), 4).problem
    first, _, remedy = problem.partition(". ")
    assert known(first + ". x")
    assert known(remedy)


def test_a_visit_whose_originals_would_not_fit_is_refused() -> None:
    check_disk(spool(9), studio(4), 4)
    check_disk(None, studio(None), 4)
    with pytest.raises(SpoolFull, match=r"another visit\. Move files from /data/originals"):
        check_disk(spool(9), studio(3), 4)
