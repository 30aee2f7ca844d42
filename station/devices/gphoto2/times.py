"""Exposure times as cameras write them."""

import re
from collections.abc import Iterable, Mapping

_FORM = re.compile(r"(?:(\d+(?:\.\d+)?)/)?(\d+(?:\.\d+)?)\s*(?:s|sec|\")?", re.IGNORECASE)


def exposure_times(choices: Iterable[str]) -> Mapping[float, str]:
    """Seconds of each choice that is a time: `1/125`, `0.0080s`, `30`, `1.3"`; others, as `bulb`, are left out."""
    times: dict[float, str] = {}
    for choice in choices:
        found = _FORM.fullmatch(choice.strip())
        if found and float(found[2]) > 0:
            seconds = float(found[1]) / float(found[2]) if found[1] else float(found[2])
            times.setdefault(seconds, choice)
    return times
