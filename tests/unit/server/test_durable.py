"""Files appear whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from server.durable import commit, partial_file, write_file
from server.errors import StorageFull

pytestmark = pytest.mark.unit


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_file(path, b"old")
    write_file(path, memoryview(b"new"))
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def fail_halfway(path: Path, number: int) -> None:
    with partial_file(path) as partial:
        partial.write_bytes(b"ne")
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize(("number", "raised"), [(errno.ENOSPC, StorageFull), (errno.EIO, OSError)])
def test_a_failed_write_leaves_what_was_there(tmp_path: Path, number: int, raised: type[Exception]) -> None:
    path = tmp_path / "a"
    write_file(path, b"old")
    with pytest.raises(raised):
        fail_halfway(path, number)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_committed_file_has_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with partial_file(path) as partial:
        partial.write_bytes(b"new")
        commit(partial, path)
    assert path.read_bytes() == b"new"


def test_bytes_are_on_the_disk_before_their_name_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = tmp_path / "a", list[str]()
    fsync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "bytes")
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append("name")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_file(path, b"new")
    assert steps == ["bytes", "name", "folder"]
