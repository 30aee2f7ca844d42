"""What a sampled process did: the samples of py-spy, summed up by what this project's code was doing."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)$")
_OURS = re.compile(r"(?:^|/)(?:station|server|dermabooth|phantom|training)/")
_LIBRARY = re.compile(r".*/site-packages/")
_FRAMEWORK = re.compile(r"/site-packages/|/dermabooth/(?:running|cli|__main__)\.py|/commands/\w+\.py")
"""Libraries, and what every stack of a main thread begins with."""
_STARTERS = re.compile(
    r"/site-packages/(?:typer|click)/|/profile/watch/|/asyncio/(?:events|runners|base_events)\.py"
)
"""What runs every task: where nothing else is named, the event loop itself."""
_LOOP = ("the event loop itself", "")
_STANDARD = re.compile(r".*/lib/python[\d.]+/")
_WAITING = (
    "_worker (concurrent/futures/thread.py)",
    "wait (threading.py)",
    "run (threading.py)",
    "select (selectors.py)",
    "run (zmq/utils/garbage.py)",
    "get (queue.py)",
)
"""Innermost frames of threads that have nothing to do; not every kernel tells py-spy which those are."""


@dataclass(frozen=True)
class Cost:
    """Time that one function of ours took, with everything it called outside the project."""

    function: str
    file: str
    inside: str
    """The innermost call where most of that time went."""
    share: float
    """Of the process's busy time, 0 to 1."""


def read(path: Path) -> Counter[tuple[str, ...]]:
    """Samples of busy threads by stack, outermost frame first, of a file in py-spy's raw format."""
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in path.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = tuple(stack.split(";"))
        if not _short(frames[-1]).endswith(_WAITING):
            stacks[frames] += int(count)
    return stacks


def largest(stacks: Counter[tuple[str, ...]], number: int) -> list[Cost]:
    """The costs of a process, the largest first."""
    total = sum(stacks.values())
    by_owner: Counter[tuple[str, str]] = Counter()
    inside: dict[tuple[str, str], Counter[str]] = {}
    for stack, count in stacks.items():
        owner = _owner(stack)
        by_owner[owner] += count
        inside.setdefault(owner, Counter())["asyncio" if owner == _LOOP else _short(stack[-1])] += count
    return [
        Cost(function, file, inside[function, file].most_common(1)[0][0], count / total)
        for (function, file), count in by_owner.most_common(number)
    ]


def _owner(stack: tuple[str, ...]) -> tuple[str, str]:
    """The innermost frame of this project; else the library that the thread belongs to."""
    for frame in reversed(stack):
        found = _FRAME.match(frame)
        if found and _OURS.search(found["file"]) and not _FRAMEWORK.search(found["file"]):
            return found["function"], _path(found["file"])
    for frame in reversed(stack):
        found = _FRAME.match(frame)
        if found and _LIBRARY.match(found["file"]) and not _STARTERS.search(found["file"]):
            return found["function"], _path(found["file"])
    return _LOOP


def _short(frame: str) -> str:
    found = _FRAME.match(frame)
    return f"{found['function']} ({_path(found['file'])})" if found else frame


def _path(file: str) -> str:
    for prefix in (_LIBRARY, _STANDARD):
        file = prefix.sub("", file)
    found = _OURS.search(file)
    return file[found.start() :].lstrip("/") if found else file
