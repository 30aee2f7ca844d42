"""What statuses mean for an object: whole ranges have one meaning each (PS3.4 table B.2-1)."""

import pytest

from server.dimse import Ruling, verdict

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB006, 0xB007, 0x0111, 0x0107])
def test_stored(status: int) -> None:
    assert verdict(status).ruling is Ruling.STORED


@pytest.mark.parametrize("status", [0xA700, 0xA7FF, 0x0110, 0x0213])
def test_again(status: int) -> None:
    assert verdict(status).ruling is Ruling.AGAIN


@pytest.mark.parametrize("status", [0xA900, 0xA9FF, 0xC000, 0xCFFF, 0x0122, 0x0124, 0x0117, 0xFE00, 0x1234])
def test_park(status: int) -> None:
    assert verdict(status).ruling is Ruling.PARK


def test_every_trouble_has_its_number_and_what_to_do() -> None:
    for status in range(0x10000):
        found = verdict(status)
        if found.ruling is not Ruling.STORED:
            assert f"{status:#06x}".lower() in found.reason.lower()
            assert found.next_step


def test_a_transfer_syntax_that_is_not_taken() -> None:
    assert verdict(0xC122).ruling is Ruling.TRANSCODE
