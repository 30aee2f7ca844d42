"""The name under which a server holds what it has claimed."""

import hashlib
import socket
from pathlib import Path

_LONGEST_HOST = 32


def worker_name(data: Path) -> str:
    """The name of the server that keeps this data folder: the same after every start, and no other server's.

    What it held when it was killed is free again as soon as it is back; what others on its computer hold stays theirs.
    """
    place = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:8]
    return f"work@{socket.gethostname()[:_LONGEST_HOST]}:{place}"
