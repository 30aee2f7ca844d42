"""`dermabooth rebuild` as an administrator runs it."""

import asyncio
import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from dermabooth.commands.rebuild import _put_aside
from server.pipeline import STEPS
from server.store import Archive, Store
from tests.fixtures import command_process
from tests.fixtures.dicom_visits import put_visit

pytestmark = pytest.mark.integration


def run(data: Path, *options: str) -> CompletedProcess[str]:
    return command_process.run("rebuild", "--data", data, *options)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")

    async def fill() -> None:
        archive = Archive(folder / "archive")
        store = Store.open(f"sqlite:///{folder / 'dermabooth.db'}", steps=STEPS[:4], archive=archive)
        await put_visit(store, archive)
        await put_visit(store, archive)
        await store.close()

    asyncio.run(fill())
    return folder


def test_a_database_is_kept_then_put_aside_and_made_again(data: Path) -> None:
    refused = run(data)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    (data / "dermabooth.db").write_bytes(b"damaged beyond opening")
    done = run(data, "--replace")
    assert (done.returncode, done.stdout) == (0, "2 visits, 4 stills, 12 objects\n"), done.stderr
    (aside,) = data.glob("dermabooth.db.before-*")
    assert aside.read_bytes() == b"damaged beyond opening"
    asyncio.run(read(data))


async def read(data: Path) -> None:
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}")
    assert len(await store.visits()) == 2
    await store.close()


def test_databases_put_aside_in_one_second_are_all_kept(tmp_path: Path) -> None:
    database = tmp_path / "d.db"
    for content in "123":
        database.write_text(content)
        assert _put_aside(f"sqlite:///{database}", replace=True)
    assert sorted(path.read_text() for path in tmp_path.glob("d.db.before-*")) == ["1", "2", "3"]


def test_damage_is_named_and_the_exit_status_says_so(data: Path) -> None:
    photo = next((data / "archive").rglob("photo.dcm"))
    whole = photo.read_bytes()
    photo.write_bytes(whole[:-2])
    done = run(data, "--replace")
    photo.write_bytes(whole)
    assert done.returncode == 1
    assert done.stdout == "2 visits, 4 stills, 11 objects\n"
    assert "photo.dcm: not the bytes that were written" in done.stderr
    assert "Moreau" not in done.stderr


def test_not_while_the_server_runs_nor_without_an_archive(data: Path, tmp_path: Path) -> None:
    (data / "run").mkdir(exist_ok=True)
    (data / "run" / "work.json").write_text(json.dumps({"pid": os.getpid()}))
    refused = run(data, "--replace")
    (data / "run" / "work.json").unlink()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "stop it first" in refused.stderr
    absent = run(tmp_path)
    assert absent.returncode == 1
    assert "no such folder" in absent.stderr
