"""The transfer syntax of a file, from its first bytes."""

from functools import lru_cache
from pathlib import Path

from pydicom.filereader import read_file_meta_info

from server.errors import BadImage


@lru_cache(maxsize=4096)
def stored_syntax(path: Path) -> str:
    """Transfer Syntax UID in the file's meta information; raises `BadImage`, `NotFound`."""
    try:
        return str(read_file_meta_info(path).TransferSyntaxUID)
    except OSError as error:
        raise BadImage(f"a file of the archive cannot be read: {error.strerror}") from error
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(f"a file of the archive is damaged: {type(error).__name__}") from error
