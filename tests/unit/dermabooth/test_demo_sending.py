"""Addresses of `dermabooth demo --send-to` become destinations, or errors that say which are known."""

from pathlib import Path

import pytest

from dermabooth.demo.sending import destinations_of, in_environment
from server.config import ServerConfig
from server.errors import ConfigError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8042/dicom-web", {"type": "stow", "url": "http://127.0.0.1:8042/dicom-web"}),
        (
            "dicom://ORTHANC@127.0.0.1:4242",
            {"type": "dimse", "ae_title": "ORTHANC", "host": "127.0.0.1", "port": 4242},
        ),
        (
            "dicom://STORE%20SCP@pacs",
            {"type": "dimse", "ae_title": "STORE SCP", "host": "pacs", "port": 104},
        ),
        ("folder:/mnt/a", {"type": "folder", "path": "/mnt/a"}),
        ("folder:a", {"type": "folder", "path": str(Path("a").resolve())}),
        ("file:///mnt/a%20b", {"type": "folder", "path": "/mnt/a b"}),
    ],
)
def test_addresses(address: str, expected: dict[str, object]) -> None:
    (destination,) = destinations_of([address, address])
    assert {key: destination[key] for key in expected} == expected
    (section,) = ServerConfig.load(destinations=[destination]).destinations
    assert (section.name, section.backlog_days) == (destination["name"], 0)


@pytest.mark.parametrize(
    "address", ["ftp://a", "dicom://pacs:104", "pacs", "folder:", "http://[", "dicom://A@b:x"]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="dicom://AET@HOST:PORT"):
        destinations_of([address])


def test_each_address_has_a_name_of_its_own() -> None:
    found = destinations_of(["folder:/a", "folder:/b", "http://a/b"])
    assert len({one["name"] for one in found}) == 3


def test_a_server_program_reads_them_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in in_environment(destinations_of(["folder:/a"])).items():
        monkeypatch.setenv(name, value)
    (section,) = ServerConfig.load().destinations
    assert section.type == "folder"
    assert in_environment([]) == {}
