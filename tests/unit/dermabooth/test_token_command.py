"""`dermabooth token create`."""

from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from dermabooth.cli import build
from server.access import Grant, Person, Scope, Tokens
from server.errors import ConfigError

pytestmark = pytest.mark.unit


def create(data: Path, *options: str) -> str:
    run = CliRunner().invoke(
        build(["token"]), ["token", "create", "--data", str(data), *options], catch_exceptions=True
    )
    if run.exception is not None and not isinstance(run.exception, SystemExit):
        raise run.exception
    assert run.exit_code == 0, run.output
    return run.output.strip()


def grant(data: Path, token: str) -> Grant:
    return Tokens.open(data / "keys").verify(token)


def test_the_server_takes_the_token_for_what_it_says(tmp_path: Path) -> None:
    token = create(tmp_path, "--scope", "read", "--subject", "prometheus")
    assert grant(tmp_path, token) == Grant("prometheus", frozenset({Scope.READ}))
    both = create(tmp_path, "--scope", "read", "--scope", "publish", "--subject", "booth-1")
    assert grant(tmp_path, both).scopes == {Scope.READ, Scope.PUBLISH}


def test_it_ends_after_its_days(tmp_path: Path) -> None:
    token = create(tmp_path, "--scope", "read", "--days", "30")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == pytest.approx(30 * 86_400)


def test_a_token_to_publish_names_its_booth(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--subject BOOTH"):
        create(tmp_path, "--scope", "publish", "--subject", "Not A Booth")


def test_a_token_to_sign_names_a_person(tmp_path: Path) -> None:
    told = ("--scope", "read", "--scope", "sign", "--subject", "kim")
    token = create(tmp_path, *told, "--name", "Kim^Minji^^Dr=金^旻志", "--organization", "Clinic")
    assert grant(tmp_path, token).person == Person("Kim^Minji^^Dr=金^旻志", "Clinic")
    config = tmp_path / "server.toml"
    config.write_text('[dicom]\ninstitution_name = "Clinique"\n')
    token = create(tmp_path, *told, "--name", "Lee^Ann", "--config", str(config))
    assert grant(tmp_path, token).person == Person("Lee^Ann", "Clinique")


@pytest.mark.parametrize(
    "options",
    [(), ("--name", "Kim^Minji"), ("--organization", "C"), ("--name", "a\\b", "--organization", "C")],
)
def test_nobody_in_particular_signs(options: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a token to sign is for one person"):
        create(tmp_path, "--scope", "read", "--scope", "sign", *options)


def test_a_mistyped_folder_is_not_made_a_servers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        create(tmp_path / "sever", "--scope", "read")
    assert not (tmp_path / "sever").exists()
