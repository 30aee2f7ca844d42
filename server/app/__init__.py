"""Introduces the rooms of the server to each other: the processes and their supervisor.

Each process loads its own rooms only: a name is imported when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING

from server.app.ready import addresses, is_running
from server.parent import die_with_parent

if TYPE_CHECKING:
    from server.app.commitment import run_commitment
    from server.app.live import run_live
    from server.app.supervisor import ChildFailed, supervise
    from server.app.work import run_work

__all__ = [
    "ChildFailed",
    "addresses",
    "die_with_parent",
    "is_running",
    "run_commitment",
    "run_live",
    "run_work",
    "supervise",
]

_HOMES = {
    "ChildFailed": "supervisor",
    "run_commitment": "commitment",
    "run_live": "live",
    "run_work": "work",
    "supervise": "supervisor",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
