"""Lets previews go before stills on a busy processor."""

import contextlib
import os
from pathlib import Path

NICENESS = 10
_AUTOGROUP = Path("/proc/self/autogroup")


def yield_to_previews() -> None:
    """Lower this process's share of the processor against the other processes of the server.

    Linux shares the processor between sessions before it looks at niceness (sched(7), "The autogroup feature"), so
    the process gets a session of its own, whose niceness is set as well where the kernel has that.
    """
    os.nice(NICENESS)
    with contextlib.suppress(PermissionError):
        os.setsid()
    with contextlib.suppress(OSError):
        _AUTOGROUP.write_text(str(NICENESS))
