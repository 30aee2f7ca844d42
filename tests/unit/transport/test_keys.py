"""A booth's keys are made once, stay secret, and say so when they are not."""

import stat
from pathlib import Path

import pytest

from station.errors import ConfigError
from station.transport import load_key, open_keys, parse_key

pytestmark = pytest.mark.unit


def test_keys_are_made_once_and_kept_secret(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keys")
    assert open_keys(tmp_path / "keys") == keys
    assert stat.S_IMODE((tmp_path / "keys" / "booth.secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert load_key(tmp_path / "keys" / "booth.key") == keys.public
    assert keys.secret.decode() not in repr(keys)
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"booth.secret", "booth.key"}


def test_a_lost_public_key_is_written_again(tmp_path: Path) -> None:
    keys = open_keys(tmp_path)
    (tmp_path / "booth.key").write_bytes(b"something else")
    assert open_keys(tmp_path) == keys
    assert load_key(tmp_path / "booth.key") == keys.public


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_keys(tmp_path)
    (tmp_path / "booth.secret").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_keys(tmp_path)


@pytest.mark.parametrize("text", ["", "short", "x" * 41, "~" * 40, "\x00" * 40, "é" * 40, "#" * 40])
def test_what_is_no_key_is_refused_with_its_source(text: str) -> None:
    with pytest.raises(ConfigError, match="server_key"):
        parse_key(text, source="server_key")


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.key"):
        load_key(tmp_path / "nowhere.key")
