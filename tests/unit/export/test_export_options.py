"""Options by name and code, and the names that stand for people."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ConfigError
from server.export import ExportOptions, Faces, Option, Pseudonyms, open_pseudonyms
from server.export.options import CODES, USUAL
from server.export.words import is_code, is_known
from station.protocol import is_uid

pytestmark = pytest.mark.unit


def test_options_are_named_by_word_or_code() -> None:
    assert ExportOptions.named(()).options == set(USUAL)
    assert ExportOptions.named(("basic",)).options == set()
    for option, code in CODES.items():
        faces = Faces.EYE_BAND if option is Option.CLEAN_RECOGNIZABLE_FEATURES else Faces.AS_THEY_ARE
        assert ExportOptions.named((option,), faces) == ExportOptions.named((code.value,), faces)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("clean-everything",), "there are: basic"),
        (("full-dates", "113107"), "exclude each other"),
        (("113102",), "--faces eye-band"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(names: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ExportOptions.named(names)


@given(st.text(min_size=1), st.binary(min_size=32, max_size=32))
def test_the_same_secret_gives_the_same_names_and_another_others(text: str, secret: bytes) -> None:
    one, again, other = (
        Pseudonyms(secret),
        Pseudonyms(secret),
        Pseudonyms(bytes(32) if any(secret) else b"1" * 32),
    )
    assert one.patient(text) == again.patient(text) != other.patient(text)
    assert is_uid(one.uid(text))
    assert one.uid(text) != other.uid(text)
    assert -3654 < one.shift(text).days < 0
    assert secret.hex() not in repr(one)


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pseudonyms"
    made = open_pseudonyms(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_pseudonyms(path) == made
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_pseudonyms(path)
    path.chmod(0o600)
    path.write_text("my shopping list\n")
    with pytest.raises(ConfigError, match="--pseudonyms"):
        open_pseudonyms(path)


@given(st.from_regex(r"[A-Z][a-z]{3,9} [A-Z][a-z]{3,12}, born \d{8}", fullmatch=True))
def test_text_with_a_date_never_stays(text: str) -> None:
    assert not is_known(text)


@pytest.mark.parametrize(
    "text", ["", "12 34 56", "Yamada", "1980-02-29", "face of Ferdinand", "山田", "+49 30 1234567"]
)
def test_unknown_text_does_not_stay(text: str) -> None:
    assert not is_known(text)


@pytest.mark.parametrize(
    ("value", "scheme", "ours"),
    [
        ("73897004", "SCT", True), ("MRN-1", "SCT", False), ("111050", "DCM", True), ("DUPONT", "DCM", False),
        ("MELANIN_INDEX", "99DERMABOOTH", True), ("DUPONT", "99DERMABOOTH", False), ("123", "99HOSPITAL", False),
        ("{pixels}/mm", "UCUM", True), ("{Dupont}", "UCUM", False), ("19310407", "UCUM", False),
    ],
)  # fmt: skip
def test_codes_of_public_schemes_and_ours_stay(value: str, scheme: str, ours: bool) -> None:
    assert is_code(value, scheme) is ours
