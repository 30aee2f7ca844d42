"""The query of a search taken apart (PS3.18 section 8.3.4), and its answer as DICOM JSON (PS3.18 annex F)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from server.dicomweb.attributes import MATCHED, MORE, TOLD, json_tag, keyword_of
from server.dicomweb.errors import BadRequest
from server.store import Between, FoundHeader, HeaderSearch, Level, Like, Match, Named, OneOf
from server.store.patients import folded
from station.protocol import is_uid

MOST = 500
"""Results in one answer."""
_USUAL = 200
_LONGEST = 324
_MOST_VALUES = 200
_MOST_OFFSET = 10_000_000
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")
_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber"})
_NAMES = frozenset({"PatientName", "ReferringPhysicianName"})
_ABOVE = {
    Level.STUDY: (Level.STUDY,),
    Level.SERIES: (Level.STUDY, Level.SERIES),
    Level.INSTANCE: (Level.STUDY, Level.SERIES, Level.INSTANCE),
}


@dataclass(frozen=True)
class Query:
    """A search, and what its answer tells."""

    search: HeaderSearch
    tags: frozenset[str]
    """Tags of the attributes told, as DICOM JSON names them."""
    fuzzy: bool
    """Fuzzy matching was asked for; there is none."""

    def one_more(self) -> HeaderSearch:
        """The search with one result more than asked for: whether there are further ones."""
        return replace(self.search, limit=self.search.limit + 1)


def read_query(parameters: Iterable[tuple[str, str]], level: Level, under: Mapping[str, str]) -> Query:
    """The search that a query asks for among what is `under` these UIDs (keyword: UID).

    Raises `BadRequest` that names the parameter.
    """
    matches: dict[str, Match] = {MATCHED[keyword]: _uids(keyword, uid) for keyword, uid in under.items()}
    limit, offset, fuzzy, fields = _USUAL, 0, False, list[str]()
    for name, value in parameters:
        if name == "limit":
            limit = min(_number(name, value), MOST)
        elif name == "offset":
            offset = _number(name, value)
        elif name == "fuzzymatching":
            fuzzy = _flag(name, value)
        elif name == "includefield":
            fields.extend(value.split(","))
        elif name != "accept":
            keyword, match = _match(name, value)
            if match is not None and keyword not in under:
                matches[MATCHED[keyword]] = match
    return Query(HeaderSearch(level, matches, limit, offset), _fields(fields, level, bool(under)), fuzzy)


def answer(found: FoundHeader, level: Level, tags: frozenset[str], root: str) -> dict[str, Any]:
    """One result as DICOM JSON; `root` is the address of the service."""
    told: dict[str, Any] = msgspec.json.decode(found.attributes)
    result = {tag: value for tag, value in told.items() if tag in tags}
    result["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
    result["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    address = f"{root}/studies/{found.study_instance_uid}"
    if level is Level.STUDY:
        result["00080061"] = {"vr": "CS", "Value": list(found.modalities)}
        result["00201206"] = {"vr": "IS", "Value": [found.series]}
        result["00201208"] = {"vr": "IS", "Value": [found.instances]}
    else:
        address += f"/series/{found.series_instance_uid}"
    if level is Level.SERIES:
        result["00201209"] = {"vr": "IS", "Value": [found.instances]}
    if level is Level.INSTANCE:
        address += f"/instances/{found.sop_instance_uid}"
    result["00081190"] = {"vr": "UR", "Value": [address]}
    return dict(sorted(result.items()))


def _fields(names: Sequence[str], level: Level, under: bool) -> frozenset[str]:
    """Tags to tell. Of the levels above one that the address names nothing is repeated unless it is asked for."""
    asked = {keyword_of(name) for name in names if name != "all"}
    if None in asked:
        raise BadRequest("`includefield` takes `all`, keywords of attributes or tags of eight digits")
    told = {keyword for one in ((level,) if under else _ABOVE[level]) for keyword in TOLD[one]}
    known = {keyword for one in _ABOVE[level] for keyword in (*TOLD[one], *MORE[one])}
    keywords = told | (known if "all" in names else known & asked)
    above = {"StudyInstanceUID", "SeriesInstanceUID"} & known
    return frozenset(json_tag(keyword) for keyword in keywords | above)


def _match(name: str, value: str) -> tuple[str, Match | None]:
    keyword = keyword_of(name)
    if keyword is None:
        raise BadRequest(f"`{name[:64]}` is neither a parameter nor an attribute of DICOM")
    if keyword not in MATCHED:
        raise BadRequest(f"`{keyword}` cannot be searched for; there are {', '.join(MATCHED)}")
    if len(value) > 65 * _MOST_VALUES or not (value.isprintable() or not value):
        raise BadRequest(f"`{keyword}` is too long, or holds control characters")
    return keyword, None if value in ("", "*") else _matching(keyword, value)


def _matching(keyword: str, value: str) -> Match:
    if keyword.endswith("UID"):
        return _uids(keyword, value)
    if keyword in _NUMBERS:
        return OneOf((_number(keyword, value),))
    if keyword.endswith("Date"):
        return _range(keyword, value, _DATE, "YYYYMMDD")
    if keyword.endswith("Time"):
        return _range(keyword, value, _TIME, "HHMMSS")
    if len(value) > _LONGEST:
        raise BadRequest(f"`{keyword}` has more than {_LONGEST} characters")
    if keyword in _NAMES:
        return Named(folded(value))
    if "*" in value or "?" in value:
        return Like(value)
    return OneOf(tuple(value.split("\\")))


def _uids(keyword: str, value: str) -> OneOf:
    values = tuple(re.split(r"[,\\]", value))
    if len(values) > _MOST_VALUES or not all(is_uid(one) for one in values):
        raise BadRequest(f"`{keyword}` takes at most {_MOST_VALUES} UIDs, parted by commas")
    return OneOf(values)


def _range(keyword: str, value: str, form: re.Pattern[str], words: str) -> Match:
    first, dash, last = value.partition("-")
    if not (first or last) or any(one and not form.fullmatch(one) for one in (first, last)):
        raise BadRequest(f"`{keyword}` is {words} or a range {words}-{words}, either end may be left out")
    return Between(first, last if dash else first)


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value[:20]) <= _MOST_OFFSET):
        raise BadRequest(f"`{name}` is a number from 0 to {_MOST_OFFSET}")
    return int(value)


def _flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise BadRequest(f"`{name}` is true or false")
    return value == "true"
