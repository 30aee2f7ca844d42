"""The version of the wire and the rule by which two programs agree on it."""

from station.protocol.errors import VersionMismatch

PROTOCOL_VERSION = 1
"""Raise it when an older peer would misread a message; new optional fields do not need it."""

MINIMUM_VERSION = 1
"""The oldest peer that is still understood."""


def check_peer_version(version: int, minimum: int, *, peer: str) -> None:
    """Return if this program and `peer` understand each other.

    `version` and `minimum` are the peer's own `PROTOCOL_VERSION` and `MINIMUM_VERSION`.
    Raises `VersionMismatch` with a sentence that names the side to upgrade.
    """
    if version < MINIMUM_VERSION:
        raise VersionMismatch(
            f"{peer} speaks protocol {version}, this side needs {MINIMUM_VERSION} or later: upgrade {peer}"
        )
    if minimum > PROTOCOL_VERSION:
        raise VersionMismatch(
            f"{peer} needs protocol {minimum} or later, this side speaks {PROTOCOL_VERSION}: upgrade this side"
        )
