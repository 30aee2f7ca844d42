"""`dermabooth doctor`: what is wrong is named with what to do, and never with a password."""

from pathlib import Path

import pytest

from server.access import admin_token
from tests.fixtures import command_process

pytestmark = pytest.mark.integration

SECRET = "sesame-7319"


def doctor(data: Path, *options: str, **environment: str) -> tuple[int, str]:
    """Exit status and everything printed, as one line with single spaces."""
    done = command_process.run(
        "doctor", "--data", data, *options, environment={"COLUMNS": "200", **environment}
    )
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_all_is_well(tmp_path: Path, small_triton_url: str) -> None:
    admin_token(tmp_path / "keys")
    status, told = doctor(tmp_path, "--triton", small_triton_url)
    assert status == 0, told
    assert "fails" not in told
    for fact in ("GB free", "mode 0600", "sqlite, 0 visits", "all models ready"):
        assert fact in told


def test_a_managed_triton_is_tried_out(tmp_path: Path) -> None:
    status, told = doctor(tmp_path)
    assert status == 0, told
    assert "all models ready" in told
    assert "managed: for demo and one clinic" in told


def test_without_tritons_environment_it_names_make_setup(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    status, told = doctor(tmp_path, DERMABOOTH_SERVER_TRITON__ENVIRONMENT=str(absent))
    assert status == 1
    assert f"no Triton in {absent}" in told
    assert "make setup" in told


def test_secrets_that_others_can_read(tmp_path: Path, small_triton_url: str) -> None:
    admin_token(tmp_path / "keys")
    (tmp_path / "keys" / "token.secret").chmod(0o644)
    status, told = doctor(tmp_path, "--triton", small_triton_url)
    assert status == 1
    assert "readable by others: token.secret" in told
    assert "chmod 600" in told


def test_a_secret_that_is_not_there_is_found_before_anything_is_sent(
    tmp_path: Path, small_triton_url: str
) -> None:
    config = tmp_path / "server.toml"
    config.write_text(
        '[[destinations]]\nname = "files"\ntype = "folder"\npath = "."\n'
        '[[destinations]]\nname = "research"\ntype = "webhook"\nurl = "http://127.0.0.1:9/hook"\n'
        'secret_file = "keys/webhook.secret"\n'
    )
    status, told = doctor(tmp_path, "--config", str(config), "--triton", small_triton_url, COLUMNS="500")
    assert status == 1
    assert "destination files │ folder, its files can be read" in told
    assert f"destination research: secret_file: {tmp_path}/keys/webhook.secret cannot be read" in told


def test_a_database_that_is_away(tmp_path: Path, small_triton_url: str) -> None:
    url = f"postgresql://reader:{SECRET}@/skin?host={tmp_path}"
    status, told = doctor(tmp_path, "--triton", small_triton_url, DERMABOOTH_SERVER_DATABASE__URL=url)
    assert status == 1
    assert "the database does not answer" in told
    assert "start the database, and check database.url, user and password" in told


def test_a_database_of_no_known_kind(tmp_path: Path, small_triton_url: str) -> None:
    url = f"mysql://reader:{SECRET}@localhost/skin"
    status, told = doctor(tmp_path, "--triton", small_triton_url, DERMABOOTH_SERVER_DATABASE__URL=url)
    assert status == 1
    assert "use sqlite:///PATH or postgresql://" in told


def test_an_external_triton_that_is_away(tmp_path: Path) -> None:
    status, told = doctor(tmp_path, "--triton", "127.0.0.1:9")
    assert status == 1
    assert "no answer at 127.0.0.1:9" in told
    assert "correct triton.url" in told


def test_a_real_postgresql(tmp_path: Path, small_triton_url: str, postgresql: object) -> None:
    assert callable(postgresql)
    url = postgresql("doctor")
    status, told = doctor(tmp_path, "--triton", small_triton_url, DERMABOOTH_SERVER_DATABASE__URL=url)
    assert status == 0, told
    assert "postgresql, 0 visits" in told
