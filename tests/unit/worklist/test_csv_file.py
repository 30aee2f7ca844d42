"""A worklist file is read again when it changes, and only then; what was done is remembered."""

import os
from pathlib import Path

import pytest

from station.errors import WorklistUnavailable
from station.worklist import CsvWorklist, DoneMarks

pytestmark = pytest.mark.unit


async def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "today.csv"
    path.write_text("patient_id\n1\n")
    source = CsvWorklist(path)
    first = await source.ask()
    assert await source.ask() is first
    assert first.told_at == path.stat().st_mtime
    path.write_text("patient_id\n1\n2\n")
    assert [entry.patient.patient_id for entry in (await source.ask()).entries] == ["1", "2"]
    source.close()
    source.close()


async def test_what_is_wrong_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "today.csv"
    source = CsvWorklist(path)
    with pytest.raises(WorklistUnavailable, match=r"today\.csv cannot be read: No such file"):
        await source.ask()
    path.write_text("patient_id,sex\n1,x\n")
    with pytest.raises(WorklistUnavailable, match=r"today\.csv: line 2, sex"):
        await source.ask()
    path.write_text("patient_id,sex\n1,O\n")
    assert len((await source.ask()).entries) == 1
    source.close()


async def test_a_file_that_changes_while_it_is_read_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "today.csv"
    path.write_text("patient_id\n1\n")
    source, fstat, more = CsvWorklist(path), os.fstat, iter("234")

    def grown(descriptor: int) -> os.stat_result:
        info = fstat(descriptor)
        with path.open("a") as file:
            file.write(f"{next(more)}\n")
        return info

    monkeypatch.setattr("station.worklist.csv_file.os.fstat", grown)
    with pytest.raises(WorklistUnavailable, match="being written"):
        await source.ask()
    monkeypatch.undo()
    assert len((await source.ask()).entries) == 3
    source.close()


def test_marks_are_the_owners_alone_and_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "data" / "worklist-done"
    marks = DoneMarks(path)
    marks.add("a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "a" in DoneMarks(path)
    DoneMarks(path, kept_s=-1.0).add("b")
    assert ["a" in DoneMarks(path), "b" in DoneMarks(path)] == [False, True]
    path.write_text("{")
    assert "b" not in DoneMarks(path)
