"""Text of DICOM values in every character set of PS3.3 section C.12.1.1.2, decoded strictly.

pydicom's own decoder replaces what it cannot read, and parts person names at bytes that belong to a kanji.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ALONE = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
"""Sets without code extensions."""
_RIGHT_HALF = {
    "100": "iso8859-1",
    "101": "iso8859-2",
    "109": "iso8859-3",
    "110": "iso8859-4",
    "144": "iso8859-5",
    "127": "iso8859-6",
    "126": "iso8859-7",
    "138": "iso8859-8",
    "148": "iso8859-9",
    "203": "iso8859-15",
    "166": "iso8859-11",
    "13": "shift_jis",
    "149": "euc_kr",
    "58": "gb2312",
}
"""Python's codec for bytes from 0x80, by number of the ISO register."""
_WIDE = {"149", "58"}
"""Sets of two bytes a character in the right half."""
_ESCAPES = {
    b"\x1b(B": ("left", ""),
    b"\x1b(J": ("left", ""),
    b"\x1b$B": ("left", "\x1b$B"),
    b"\x1b$(D": ("left", "\x1b$(D"),
    b"\x1b)I": ("right", "13"),
    b"\x1b-A": ("right", "100"),
    b"\x1b-B": ("right", "101"),
    b"\x1b-C": ("right", "109"),
    b"\x1b-D": ("right", "110"),
    b"\x1b-L": ("right", "144"),
    b"\x1b-G": ("right", "127"),
    b"\x1b-F": ("right", "126"),
    b"\x1b-H": ("right", "138"),
    b"\x1b-M": ("right", "148"),
    b"\x1b-b": ("right", "203"),
    b"\x1b-T": ("right", "166"),
    b"\x1b$)C": ("right", "149"),
    b"\x1b$)A": ("right", "58"),
}
"""Which half of the code table an escape sequence gives to which set (PS3.3 table C.12-3 and C.12-4)."""
_DELIMITERS = frozenset(b"\\^=\r\n\t\f")
_ESCAPE, _FIRST_RIGHT = 0x1B, 0x80


@dataclass(frozen=True)
class CharacterSets:
    """What the texts of a data set are written in."""

    codec: str = ""
    """Of a set without code extensions; empty: ISO 2022."""
    right: str = ""
    """Number of the set whose right half is in force at first; empty: none."""

    def decode(self, value: bytes) -> str:
        """The text; raises `UnicodeDecodeError` for bytes that these sets do not have."""
        if self.codec:
            return value.decode(self.codec)
        return "".join(_Reader(value, self.right).parts())


def character_sets(terms: Sequence[str]) -> CharacterSets:
    """The sets that the values of SpecificCharacterSet name; raises `LookupError` for an unknown one."""
    given = [" ".join(term.replace("_", " ").split()) for term in terms]
    known = {term.replace("_", " "): codec for term, codec in _ALONE.items()}
    if given and given[0] in known:
        return CharacterSets(codec=known[given[0]])
    registers = [term.rpartition(" ")[2] if term else "6" for term in given]
    for term, register in zip(given, registers, strict=True):
        if register not in {"6", "87", "159", *_RIGHT_HALF} or (term and " IR " not in term):
            raise LookupError("an unknown character set")
    first = registers[0] if registers else "6"
    return CharacterSets(right=first if first in _RIGHT_HALF and first not in _WIDE else "")


class _Reader:
    """Reads a value under ISO/IEC 2022 as PS3.5 section 6.1.2.5 restricts it."""

    def __init__(self, value: bytes, right: str) -> None:
        self._value = value
        self._at = 0
        self._first_right = right
        self._left, self._right = "", right

    def parts(self) -> Iterator[str]:
        while self._at < len(self._value):
            byte = self._value[self._at]
            if byte == _ESCAPE:
                self._take_escape()
            elif byte >= _FIRST_RIGHT:
                yield self._take_right()
            elif self._left and byte > 0x20:
                yield self._take_pair()
            else:
                yield self._take_plain(byte)

    def _take_escape(self) -> None:
        for length in (4, 3):
            sequence = self._value[self._at : self._at + length]
            if sequence in _ESCAPES:
                half, name = _ESCAPES[sequence]
                if half == "left":
                    self._left = name
                else:
                    self._right = name
                self._at += length
                return
        raise self._error("an unknown escape sequence")

    def _take_right(self) -> str:
        if not self._right:
            raise self._error("a byte that the character set does not have")
        size = 2 if self._right in _WIDE else 1
        return self._decoded(_RIGHT_HALF[self._right], self._take(size))

    def _take_pair(self) -> str:
        taken = self._take(2)
        return self._decoded("iso2022_jp_1", self._left.encode() + taken + b"\x1b(B")

    def _take_plain(self, byte: int) -> str:
        if byte in _DELIMITERS:
            self._left, self._right = "", self._first_right or self._right
        self._at += 1
        return chr(byte)

    def _take(self, size: int) -> bytes:
        taken = self._value[self._at : self._at + size]
        if len(taken) < size:
            raise self._error("half a character")
        self._at += size
        return taken

    def _decoded(self, codec: str, data: bytes) -> str:
        return data.decode(codec)

    def _error(self, why: str) -> UnicodeDecodeError:
        return UnicodeDecodeError("iso2022", self._value[:0] + b"?", 0, 1, why)
