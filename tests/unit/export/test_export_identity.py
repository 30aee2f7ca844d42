"""Nothing of a person leaves: planted names, numbers, dates and device marks are in no byte of an export."""

import re
from pathlib import Path

import pydicom
import pytest

from server.export import Exporter, ExportOptions, Faces, Pseudonyms, Selection
from tests.fixtures.research_visits import ANNA, PLANTED, add_visit, open_research

pytestmark = pytest.mark.unit

KEY = Pseudonyms(b"k" * 32)
UID_ROOT = re.compile(rb"2\.25\.\d{20,}")


def leaks(folder: Path, words: tuple[str, ...]) -> set[str]:
    """The words in any byte or name below a folder, in UTF-8 or Latin-1, whatever the case."""
    found = set()
    for path in folder.rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        data = held.lower() + str(path.relative_to(folder)).lower().encode()
        found |= {word for word in words if word.lower().encode() in data}
    return found


@pytest.mark.parametrize("faces", list(Faces))
async def test_no_planted_identity_is_in_any_byte(tmp_path: Path, faces: Faces) -> None:
    store, archive = open_research(tmp_path / "data")
    try:
        visit = await add_visit(store, archive, ANNA, again=True)
        exporter = Exporter(store, archive, KEY, ExportOptions(faces=faces), "0.1.0")
        await exporter.export(tmp_path / "out", Selection(), measures="csv")
    finally:
        await store.close()
    # The words are there to be found.
    assert leaks(archive.root, PLANTED) >= {"Oberhauser", "ACC-90210", "Zaubercreme", "calibrated-by-Ivo"}
    assert leaks(tmp_path / "out", PLANTED) == set()
    uids = {
        uid.decode() for path in archive.root.rglob("*.dcm") for uid in UID_ROOT.findall(path.read_bytes())
    }
    uids -= {
        str(pydicom.dcmread(path).file_meta.ImplementationClassUID) for path in archive.root.rglob("*.dcm")
    }
    assert visit.study in uids
    assert leaks(tmp_path / "out", tuple(uids)) == set()
