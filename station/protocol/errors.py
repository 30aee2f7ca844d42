"""Errors of the wire.

ProtocolError            the peer sent something that is not this protocol
├── MalformedMessage     not decodable, or a value outside its bounds
├── OversizedMessage     larger than the bounds of `codec`
└── VersionMismatch      the peer speaks another major version
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """What crosses the wire instead of an exception; `Refused.message` says it in words."""

    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    VERSION = "version"
    UNKNOWN_BOOTH = "unknown_booth"
    UNEXPECTED = "unexpected"
    HASH_MISMATCH = "hash_mismatch"
    CONFLICT = "conflict"
    STORAGE_FULL = "storage_full"
    BUSY = "busy"
    INTERNAL = "internal"

    @property
    def retryable(self) -> bool:
        """Whether sending the same thing again later can succeed."""
        return self in _RETRYABLE


_RETRYABLE = frozenset({ErrorCode.HASH_MISMATCH, ErrorCode.STORAGE_FULL, ErrorCode.BUSY, ErrorCode.INTERNAL})


class ProtocolError(Exception):
    """The peer sent something that is not this protocol."""

    code = ErrorCode.MALFORMED


class MalformedMessage(ProtocolError):
    """Not decodable, or a value outside its bounds."""


class OversizedMessage(ProtocolError):
    """Larger than the bounds that `codec` names."""

    code = ErrorCode.OVERSIZED


class VersionMismatch(ProtocolError):
    """The peer speaks another major version; the text says who must upgrade."""

    code = ErrorCode.VERSION
