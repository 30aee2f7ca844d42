"""How far a benchmark is, for whoever shows it."""

from collections.abc import Callable
from contextvars import ContextVar

Listener = Callable[[str, float], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def listen(listener: Listener) -> None:
    """Have `note` tell this listener, in this task and those that it starts."""
    _listener.set(listener)


def note(what: str, share: float) -> None:
    """Say what is measured now, and which share of the whole benchmark is done."""
    listener = _listener.get()
    if listener is not None:
        listener(what, min(max(share, 0.0), 1.0))
