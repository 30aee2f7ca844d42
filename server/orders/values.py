"""Values of a data set from elsewhere, read from their bytes: nothing that it holds may do harm."""

import re
from collections.abc import Iterator
from functools import lru_cache

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from server.orders.charsets import CharacterSets, character_sets
from server.orders.found import Unusable

MOST_ITEMS = 16
"""Items of a sequence that are looked at."""
_LONGEST = 4096
_EMPTY = Dataset()
_NOT_TEXT = re.compile(r"[\\\x00-\x1f\x7f]+")
_CHARSET = "SpecificCharacterSet"


class Values:
    """The values of one data set; `inherited` are the character sets of the one around it."""

    def __init__(self, dataset: Dataset, inherited: CharacterSets) -> None:
        self._dataset = dataset
        self._elements = {int(tag): element for tag, element in dataset.items()}
        self._sets = inherited
        terms = self._raw(_CHARSET).decode("ascii", "replace").strip(" \0")
        if terms:
            self._sets = _named(terms)

    def exact(self, keyword: str) -> str:
        """A value that must stay as it is; raises `Unusable` where it cannot be read."""
        raw = self._raw(keyword)
        if not raw:
            return ""
        try:
            return self._sets.decode(raw).strip(" \0")
        except UnicodeDecodeError:
            raise Unusable(
                f"{keyword}: not in the character set that the answer names, or that orders.mwl.assume_charset says"
            ) from None

    def free(self, keyword: str, longest: int = 64) -> str:
        """A text for people, on one line and cut to its length; empty where it cannot be read."""
        raw = self._raw(keyword)
        if not raw:
            return ""
        try:
            text = self._sets.decode(raw)
        except UnicodeDecodeError:
            return ""
        return " ".join(_NOT_TEXT.sub(" ", text).split())[:longest].strip()

    def items(self, keyword: str) -> Iterator["Values"]:
        """The first items of a sequence; none where there is none, or where it cannot be read."""
        if not getattr(self._elements.get(_tag(keyword)), "value", None):
            return
        try:
            items = list(self._dataset[_tag(keyword)].value)[:MOST_ITEMS]
        except Exception:  # noqa: BLE001  the boundary to what others send
            return
        for item in items:
            if isinstance(item, Dataset):
                yield Values(item, self._sets)

    def item(self, keyword: str) -> "Values":
        """The first item of a sequence, or an empty one."""
        return next(self.items(keyword), None) or Values(_EMPTY, self._sets)

    def _raw(self, keyword: str) -> bytes:
        value: object = getattr(self._elements.get(_tag(keyword)), "value", None)
        if value is None or isinstance(value, bytes):
            return (value or b"")[:_LONGEST]
        if isinstance(value, MultiValue | list):
            value = "\\".join(map(str, value))
        return str(value).encode()[:_LONGEST]


@lru_cache(256)
def _tag(keyword: str) -> int:
    return int(Tag(keyword))


@lru_cache(64)
def _named(terms: str) -> CharacterSets:
    try:
        return character_sets([term.strip() for term in terms.split("\\")])
    except LookupError:
        raise Unusable("SpecificCharacterSet: names a character set that is not known here") from None
