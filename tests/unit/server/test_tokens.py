import os
from pathlib import Path

import pytest

from server.access import Scope, Tokens, admin_token, write_secret
from server.errors import ConfigError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_damaged_secret_signs_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token.secret").write_bytes(content)
    (tmp_path / "token.secret").chmod(0o600)
    with pytest.raises(ConfigError, match=r"token\.secret"):
        Tokens.open(tmp_path)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    Tokens.open(tmp_path)
    (tmp_path / "token.secret").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Tokens.open(tmp_path)


def test_the_admin_token_is_made_once_and_again_when_its_secret_was_replaced(tmp_path: Path) -> None:
    first = admin_token(tmp_path)
    assert admin_token(tmp_path) == first
    assert Tokens.open(tmp_path).verify(first).scopes == {Scope.ADMIN}
    (tmp_path / "token.secret").unlink()
    second = admin_token(tmp_path)
    assert Tokens.open(tmp_path).verify(second).scopes == {Scope.ADMIN}
    assert (tmp_path / "admin.token").stat().st_mode & 0o777 == 0o600


def test_a_secret_is_private_whole_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "a.secret"
    write_secret(path, b"one")
    write_secret(path, b"two")
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["a.secret"]
