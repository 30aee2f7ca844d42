"""Text in the character sets of DICOM, the examples of PS3.5 annexes H, I, J and K among them."""

import pytest

from server.orders.charsets import character_sets

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("terms", "value", "text"),
    [
        ("", b"Moreau^Claire", "Moreau^Claire"),
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        ("ISO_IR 101", b"W\xb3adys\xb3aw", "Władysław"),
        ("ISO_IR 144", b"\xbb\xee\xdace\xdc\xd1yp\xd3", "Люкceмбypг"),
        ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
        ("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
        ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東".encode(), "Wang^XiaoDong=王^小東"),
        ("GB18030", "王^小东".encode("gb18030"), "王^小东"),
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        ("\\ISO 2022 IR 87", b"Akiyama=\x1b$B=)\x3b3\x1b(B^\x1b$BB@O:\x1b(B", "Akiyama=秋山^太郎"),
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        ),
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        ("\\ISO 2022 IR 149", b"Kim=\x1b$)C\xb1\xe8^\xc1\xf6\xbf\xec", "Kim=김^지우"),
        ("\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang=张^小东"),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", b"J\xe9r\xf4me \x1b-L\xbb\xee", "Jérôme Лю"),
        ("ISO_IR_100", b"\xe9", "é"),
    ],
)
def test_text_is_read_in_its_character_set(terms: str, value: bytes, text: str) -> None:
    assert character_sets(terms.split("\\")).decode(value) == text


@pytest.mark.parametrize(
    ("terms", "value"),
    [
        ("", b"\xe9"),
        ("ISO_IR 6", b"\xe9"),
        ("ISO_IR 192", b"M\xfcller"),
        ("\\ISO 2022 IR 87", b"\x1b$B;"),
        ("\\ISO 2022 IR 87", b"\x1b$B\x21"),
        ("\\ISO 2022 IR 149", b"\x1b$)C\xc8"),
        ("\\ISO 2022 IR 149", b"\xc8\xab"),
        ("", b"\x1b"),
        ("", b"\x1b%G\xc3\xa9"),
    ],
)
def test_bytes_that_the_set_does_not_have_are_refused(terms: str, value: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        character_sets(terms.split("\\")).decode(value)


@pytest.mark.parametrize("terms", ["utf-8", "ISO_IR 999", "ISO 2022 IR 87\\EBCDIC", "latin1"])
def test_a_set_that_nobody_knows_is_refused(terms: str) -> None:
    with pytest.raises(LookupError):
        character_sets(terms.split("\\"))
