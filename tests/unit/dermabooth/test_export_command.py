"""`dermabooth export`."""

import asyncio
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dermabooth.cli import build
from server.audit import verify
from server.audit.chain import trail_files
from server.errors import BadImage, ConfigError
from tests.fixtures.audit_schema import assert_valid_message
from tests.fixtures.research_visits import ANNA, BRUNO, DAY_S, OPENED_AT, add_visit, open_research

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's data folder with two visits."""
    folder = tmp_path_factory.mktemp("server")

    async def fill() -> None:
        store, archive = open_research(folder)
        await add_visit(store, archive, ANNA)
        await add_visit(store, archive, BRUNO, opened_at=OPENED_AT + 3 * DAY_S)
        await store.close()

    asyncio.run(fill())
    return folder


def export(data: Path, folder: Path, *options: str) -> str:
    run = CliRunner().invoke(
        build(["export"]), ["export", str(folder), "--data", str(data), *options], catch_exceptions=True
    )
    if run.exception is not None and not isinstance(run.exception, SystemExit):
        raise run.exception
    assert run.exit_code == 0, run.output
    return run.output


def test_visits_of_a_day_leave_with_masked_faces(data: Path, tmp_path: Path) -> None:
    told = export(
        data, tmp_path / "out", "--until", "2026-03-30", "--faces", "eye-band", "--option", "113104"
    )
    assert "1 patient, 1 visit:" in told
    assert "do not publish" in told
    inside = json.loads((tmp_path / "out" / "export.json").read_text())
    assert inside["faces"] == "eye-band"
    assert (tmp_path / "out" / "measures.csv").exists()
    assert (data / "keys" / "pseudonyms").exists()


def test_what_left_stands_in_the_audit_trail(data: Path, tmp_path: Path) -> None:
    export(data, tmp_path / "out")
    assert verify(data / "audit").fault == ""
    lines = [line for path in trail_files(data / "audit") for line in path.read_bytes().splitlines()]
    *_, _start, exported, _stop = [assert_valid_message(line.split(b" ", 2)[2]) for line in lines]
    kinds = Counter(one.attrib["csd-code"] for one in exported.iter("ParticipantObjectIDTypeCode"))
    assert kinds == {"110180": 2, "2": 2}
    assert {one.text for one in exported.iter("Anonymized")} == {"true"}
    (_, media) = exported.iter("ActiveParticipant")
    assert media.attrib["UserID"] == str(tmp_path / "out")


def test_what_failed_to_leave_stands_in_the_audit_trail(data: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(data, tmp_path / "damaged")
    photo = next(path for path in (damaged / "archive").rglob("*.dcm"))
    photo.write_bytes(photo.read_bytes()[:2000])
    with pytest.raises(BadImage):
        export(damaged, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    lines = [line for path in trail_files(damaged / "audit") for line in path.read_bytes().splitlines()]
    *_, failed, _stop = [assert_valid_message(line.split(b" ", 2)[2]) for line in lines]
    assert failed[0].attrib["EventOutcomeIndicator"] == "8"
    assert "cannot be exported" in failed.findtext(".//EventOutcomeDescription", "")
    kinds = Counter(one.attrib["csd-code"] for one in failed.iter("ParticipantObjectIDTypeCode"))
    assert kinds == {"110180": 2, "2": 2}


def test_a_dry_run_tells_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    told = export(data, tmp_path / "out", "--dry-run")
    assert "2 patients, 2 visits: 4 masks, 4 photos, 4 reports would leave" in told
    assert list(tmp_path.iterdir()) == []


def test_whole_faces_are_said_to_be_recognizable(data: Path, tmp_path: Path) -> None:
    told = export(data, tmp_path / "out", "--patient", "MRN-2222", "--measures", "none")
    assert "can be recognized" in told
    assert not (tmp_path / "out" / "measures.csv").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--option", "everything"), "there are: basic"),
        (("--visit", "../../etc"), "Study Instance UID"),
        (("--pseudonyms", "out/key"), "keep the key file elsewhere"),
    ],
)
def test_mistakes_are_refused_before_anything_is_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=words):
        export(data, tmp_path / "out", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--data DATA"):
        export(tmp_path / "nowhere", tmp_path / "out")
