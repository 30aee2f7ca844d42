"""How one server process tells the others that it is up, and where."""

import json
import os
from pathlib import Path

PRIVATE = 0o077
"""File mode mask of every process: pictures, results and sockets are for the server's own user."""
ROLES = ("live", "work")
"""The server's processes, in the order they start."""


def announce(run: Path, role: str, **addresses: str) -> None:
    """Say that this process serves `role` at these addresses."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = run / f".{role}.json"
    partial.write_text(json.dumps({"pid": os.getpid(), **addresses}))
    partial.replace(run / f"{role}.json")


def addresses(run: Path, role: str, *, pid: int | None = None) -> dict[str, str] | None:
    """Where `role` is, or None while it is not up; with `pid` only if that very process announced itself."""
    try:
        told = json.loads((run / f"{role}.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    announced = told.pop("pid")
    if pid is not None and announced != pid:
        return None
    return {str(key): str(value) for key, value in told.items()}


def is_running(run: Path, role: str) -> bool:
    """Whether the process that last announced itself as `role` is alive."""
    try:
        os.kill(int(json.loads((run / f"{role}.json").read_text())["pid"]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return True


def withdraw(run: Path, role: str) -> None:
    """Say that `role` is no longer up."""
    (run / f"{role}.json").unlink(missing_ok=True)
