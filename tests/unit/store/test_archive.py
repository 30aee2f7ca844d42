"""Files of the archive appear whole or not at all, and only below it."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from server.errors import StorageFull
from server.store import Archive

pytestmark = pytest.mark.unit


def test_a_written_file_reads_back_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    path = archive.photo("1.2", "1.2.3")
    archive.write(path, b"photo")
    assert archive.resolve(archive.relative(path)).read_bytes() == b"photo"
    assert [p.name for p in path.parent.iterdir()] == ["photo.dcm"]


@pytest.mark.parametrize("uid", ["../x", "", "1.2/3", "1." + "2" * 80])
def test_only_uids_name_folders(tmp_path: Path, uid: str) -> None:
    with pytest.raises(ValueError, match="UID"):
        Archive(tmp_path / "archive").photo("1.2", uid)


def test_only_words_name_layers(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a name"):
        Archive(tmp_path / "archive").layer("1.2", "1.3", "../skin")


def test_a_full_disk_is_an_error_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys, pathlib\n"
        "from server.store import Archive\n"
        "from server.errors import StorageFull\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "archive = Archive(pathlib.Path(sys.argv[1]) / 'archive')\n"
        "path = archive.photo('1.2', '1.3')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    archive.write(path, bytes(5000))\n"
        "except StorageFull as error:\n"
        "    print(type(error).__name__, list(path.parent.iterdir()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == f"{StorageFull.__name__} []"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000
