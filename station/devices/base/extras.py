"""Packages that only one driver needs."""

from collections.abc import Iterator
from contextlib import contextmanager

from station.errors import DeviceUnavailable


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import the packages of an optional extra in this block; a missing one is `DeviceUnavailable` with the remedy."""
    try:
        yield
    except ImportError as error:
        raise DeviceUnavailable(
            f"a device of type {name} needs a package that is not installed ({error.name}): "
            f"pip install 'dermabooth[{name}]'"
        ) from error
