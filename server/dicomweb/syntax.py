"""The transfer syntax of a file, from its first bytes."""

from functools import lru_cache
from pathlib import Path

from server.dicom import archived_syntax
from server.errors import BadImage


@lru_cache(maxsize=4096)
def stored_syntax(path: Path) -> str:
    """Transfer Syntax UID of an object, which never changes; raises `BadImage`."""
    try:
        return archived_syntax(path)
    except OSError as error:
        raise BadImage(f"a file of the archive cannot be read: {error.strerror}") from error
