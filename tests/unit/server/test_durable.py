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
