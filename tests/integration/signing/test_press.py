"""The process that makes reports: what it answers, and what becomes of it."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from server.errors import BadImage, Busy
from server.signing.job import Job
from server.signing.press import QUEUE, Press
from server.store import Covered
from station.protocol import new_uid
from tests.unit.signing.test_pages import SHEET, SIGNED

pytestmark = pytest.mark.integration


def job(folder: Path) -> Job:
    return Job(archive=str(folder / "archive"), sheet=replace(SHEET, results=SHEET.results[:2]))


async def test_pages_come_back_and_a_fault_says_what_to_do(tmp_path: Path) -> None:
    press = Press()
    answer, pdf = await press.make(job(tmp_path))
    assert pdf.startswith(b"%PDF-")
    assert answer.files == ()
    lost = lost_report(tmp_path)
    with pytest.raises(BadImage, match="is missing: restore it from a backup"):
        await press.make(lost)


def lost_report(folder: Path) -> Job:
    """A job about a report whose file is gone."""
    covered = Covered(new_uid(), new_uid(), "0" * 64)
    path = f"{new_uid()}/{new_uid()}/report.dcm"
    return replace(
        job(folder), study=new_uid(), covers=(covered,), reports=(path,), sheet=replace(SHEET, signed=SIGNED)
    )


async def test_who_comes_when_too_many_wait_is_told_so(tmp_path: Path) -> None:
    press = Press()
    waiting = [asyncio.create_task(press.make(job(tmp_path))) for _ in range(QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="try again shortly"):
        await press.make(job(tmp_path))
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    assert (await press.make(job(tmp_path)))[1].startswith(b"%PDF-"), "it is free again"
