"""Keys and the list of those who may come in."""

import stat
from pathlib import Path

import pytest
import zmq
from zmq.utils import z85

from server.errors import ConfigError
from server.ingest import open_server_keys
from server.ingest.allow_list import AllowList
from station.transport import open_keys

pytestmark = pytest.mark.unit


def raw(public: bytes) -> bytes:
    return z85.decode(public)


def test_the_servers_keys_are_made_once_and_kept_secret(tmp_path: Path) -> None:
    keys = open_server_keys(tmp_path / "keys")
    assert open_server_keys(tmp_path / "keys") == keys
    secret = tmp_path / "keys" / "server.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert (tmp_path / "keys" / "server.key").read_bytes() == keys.public
    assert keys.secret.decode() not in repr(keys)
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_server_keys(tmp_path / "keys")


def test_a_damaged_server_key_is_named(tmp_path: Path) -> None:
    open_server_keys(tmp_path)
    (tmp_path / "server.secret").write_bytes(b"~" * 40)
    with pytest.raises(ConfigError, match=r"server\.secret"):
        open_server_keys(tmp_path)


def test_enrolment_needs_no_restart(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "station")
    allowed = AllowList(tmp_path / "booths")
    assert allowed.booth_of(raw(keys.public)) is None
    file = tmp_path / "booths" / "booth-1.key"
    file.write_bytes(keys.public + b"\n")
    assert allowed.booth_of(raw(keys.public)) == "booth-1"
    other = zmq.curve_keypair()[0]
    file.unlink()
    file.write_bytes(other)
    assert allowed.booth_of(raw(keys.public)) is None
    assert allowed.booth_of(raw(other)) == "booth-1"
    file.unlink()
    assert allowed.read() == {}


def test_files_that_are_no_keys_admit_nobody_and_harm_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = open_keys(tmp_path / "station")
    allowed = AllowList(tmp_path)
    (tmp_path / "Not a booth.key").write_bytes(keys.public)
    (tmp_path / "empty.key").write_bytes(b"")
    (tmp_path / "binary.key").write_bytes(bytes(range(256)))
    (tmp_path / "a.key").write_bytes(keys.public)
    (tmp_path / "b.key").write_bytes(keys.public)
    assert allowed.read() == {keys.public: "a"}
    allowed.read()
    assert len(caplog.records) == 4


def test_a_key_file_that_cannot_be_read_harms_no_other_booth(tmp_path: Path) -> None:
    one, two = zmq.curve_keypair()[0], zmq.curve_keypair()[0]
    allowed = AllowList(tmp_path)
    (tmp_path / "booth-1.key").write_bytes(one)
    (tmp_path / "booth-2.key").write_bytes(two)
    assert allowed.booth_of(raw(two)) == "booth-2"
    (tmp_path / "booth-1.key").unlink()
    (tmp_path / "booth-1.key").mkdir()
    (tmp_path / "booth-2.key").unlink()
    (tmp_path / "gone.key").symlink_to(tmp_path / "nowhere")
    assert allowed.read() == {}
    (tmp_path / "booth-2.key").write_bytes(two)
    assert allowed.booth_of(raw(two)) == "booth-2"
    assert allowed.booth_of(raw(one)) is None
