"""Identifiers become file names, URLs and log lines: nothing but what they say may pass."""

import msgspec
import pytest

from station.protocol import BoothId, Sha256, Uid, is_booth_id, is_uid

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("uid", ["1.2\n", "1.2.٣", "1..2", "1.02", "../1.2", "1.2/..", "", "1." + "2" * 63])
def test_what_is_no_uid_is_refused(uid: str) -> None:
    assert not is_uid(uid)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(uid, Uid)


@pytest.mark.parametrize("name", ["booth-1\n", "Booth", "-booth", "", "b" * 33, "a/b", ".."])
def test_what_is_no_booth_is_refused(name: str) -> None:
    assert not is_booth_id(name)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, BoothId)


def test_what_is_one_passes() -> None:
    assert is_uid("1.2.840.10008.0")
    assert is_booth_id("booth_1-a")
    assert msgspec.convert("a" * 64, Sha256) == "a" * 64
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("a" * 64 + "\n", Sha256)
