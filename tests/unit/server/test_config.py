"""Settings: strict names, ranges in the message, the environment wins."""

from pathlib import Path

import pytest

from server.app.supervisor import roles
from server.config import ServerConfig, read_profile
from server.config.destinations import FolderSection, StowSection
from server.errors import ConfigError

pytestmark = pytest.mark.unit

PACS = "[[destinations]]\ntype = 'dimse'\nname = 'pacs'\nhost = 'a'\nae_title = 'A'"
FOLDER = "[[destinations]]\ntype = 'folder'\nname = 'a'\npath = '/'\n"
CONFIGS = Path(__file__).parents[3] / "configs" / "server"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_files_load(path: Path) -> None:
    assert ServerConfig.load(path).database_url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[http]\nprot = 1", ["http.prot", "unknown key", "port"]),
        ("colour = 1", ["colour", "unknown key", "capture"]),
        ("[http]\nport = 70000", ["http.port", "65535"]),
        ("[triton]\nmode = 'cloud'", ["triton.mode", "managed"]),
        ("[analysis]\nseverity = 'slow'", ["analysis.severity", "averaged", "fast"]),
        ("[http", ["not TOML"]),
        ("[[live.ice_servers]]\nurls = ['http://a']", ["live.ice_servers.0.urls", "stun"]),
        ("[[live.ice_servers]]\nurl = 'stun:a'", ["ice_servers.0.url", "credential_file", "username"]),
        (f"{PACS}\n[destinations.tls]\nca = 'a'", ["destinations.0.dimse.tls.ca", "ca_file"]),
        (f"{PACS}\ncommitment = 'listener'", ["destination pacs", "dicom.listener.enabled"]),
        ("[dicom.listener]\nenabled = true", ["allowed_ae_titles"]),
        ("[dicom]\nae_title = 'MORE THAN SIXTEEN'", ["dicom.ae_title"]),
        ("[[live.ice_servers]]\nurls = ['turn:a']\nusername = 'b'", ["go together"]),
        (FOLDER + "pth = '/'", ["pth", "unknown key", "path"]),
        ("[[destinations]]\ntype = 'pigeon'\nname = 'a'", ["destinations.0", "folder"]),
        (FOLDER.replace("'a'", "'A b'"), ["name", "pattern"]),
        (FOLDER + "objects = ['film']", ["objects", "photo"]),
        (2 * FOLDER, ["same name"]),
        (9 * FOLDER, ["at most 8"]),
        ("destinations = 3", ["destinations", "valid"]),
        ("[[destinations]]\ntype = ['folder']\nname = 'a'", ["destinations.0", "folder"]),
        ("[[destinations]]\nname = 'a'", ["destinations.0", "type"]),
        ("[database]\nurl = 'sqlite:///d.db'", ["database.url", "whole path", "four slashes"]),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "server.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        ServerConfig.load(path)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_missing_file_says_where_examples_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="configs/server"):
        ServerConfig.load(tmp_path / "absent.toml")


PATHS = """
data = "data"
[[destinations]]
type = "folder"
name = "share"
path = "share"
[[destinations]]
type = "stow"
name = "pacs"
url = "https://pacs.example"
user = "u"
password_file = "../pacs.password"
tls.ca_file = "/etc/ca.pem"
[[live.ice_servers]]
urls = ["turn:a"]
username = "b"
credential_file = "turn"
"""


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "server.toml").write_text(PATHS)
    monkeypatch.chdir(tmp_path)
    config = ServerConfig.load(Path("etc/server.toml"))
    share, pacs = config.destinations
    assert isinstance(share, FolderSection)
    assert isinstance(pacs, StowSection)
    assert pacs.tls is not None
    assert (config.data, share.path) == (Path("etc/data"), Path("etc/share"))
    assert (pacs.password_file, pacs.tls.ca_file) == (Path("etc/../pacs.password"), Path("/etc/ca.pem"))
    assert config.live.ice_servers[0].credential_file == Path("etc/turn")


def test_paths_beside_the_file_are_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ServerConfig.load(CONFIGS / "local.toml").data == Path("data/server")
    monkeypatch.setenv("DERMABOOTH_SERVER_ANALYSIS__REPEATABILITY", "study/repeatability.json")
    config = ServerConfig.load(CONFIGS / "local.toml", data="here")
    assert (config.data, config.analysis.repeatability) == (Path("here"), Path("study/repeatability.json"))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOOTH_SERVER_HTTP__PORT", "9999")
    assert ServerConfig.load(CONFIGS / "local.toml").http.port == 9999


def test_only_loopback_until_configured() -> None:
    config = ServerConfig.load()
    assert config.http.host == "127.0.0.1"
    assert config.capture.endpoint.startswith("tcp://127.0.0.1:")


def test_the_caller_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOOTH_SERVER_HTTP__PORT", "9999")
    config = ServerConfig.load(CONFIGS / "local.toml", http={"port": 1234})
    assert (config.http.port, config.http.host) == (1234, "127.0.0.1")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("data = 'Bücher'".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        ServerConfig.load(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        ServerConfig.load(tmp_path)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_server_for_the_network_says_how_it_is_reached(host: str) -> None:
    with pytest.raises(ConfigError, match="public_url"):
        ServerConfig.load(http={"host": host})
    config = ServerConfig.load(http={"host": host, "public_url": "http://10.0.0.5:8480"})
    assert config.http.public_url == "http://10.0.0.5:8480"


@pytest.mark.parametrize(
    "url", ["clinic.example", "ftp://clinic.example", "https://clinic.example/", "https://"]
)
def test_a_public_url_that_nobody_can_reach_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="public_url"):
        ServerConfig.load(http={"public_url": url})


def test_an_unknown_quality_profile_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "normal.toml").write_text("")
    with pytest.raises(ConfigError, match="'sharp'; there are: normal"):
        read_profile(tmp_path / "sharp.toml")


def test_the_credential_of_an_ice_server_is_one_line_of_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "turn"
    servers = [{"urls": ["turn:turn.example:3478"], "username": "booths", "credential_file": str(secret)}]
    (server,) = ServerConfig.load(live={"ice_servers": servers}).live.ice_servers
    with pytest.raises(ConfigError, match="cannot be read"):
        server.credential()
    secret.write_text("two\nlines")
    with pytest.raises(ConfigError, match="one line") as caught:
        server.credential()
    assert "lines" not in str(caught.value)
    secret.write_text("secret\n")
    assert server.credential() == "secret"
    assert "secret" not in repr(server)


def test_the_listener_is_a_process_where_it_is_configured() -> None:
    assert roles(ServerConfig.load()) == ("live", "work")
    assert roles(ServerConfig.load(CONFIGS / "orthanc.toml")) == ("live", "work", "commitment")
