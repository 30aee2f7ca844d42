"""What a booth is told when its message is not taken.

Turned                 the message is not taken; the connection goes on
HangUp                 nothing further is taken from this connection
"""

from server.errors import Conflict, NotFound, ServerError, StorageFull
from station.protocol import ErrorCode, ProtocolError, Refused

_TEXT_LIMIT = 512


class Turned(Exception):
    """The message is not taken; the connection goes on."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class HangUp(Exception):
    """Nothing further is taken from this connection; `about` names the still that led to it."""

    def __init__(self, code: ErrorCode, message: str, *, about: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.about = about


TURNED = (Turned, ServerError, OSError)
"""Errors that end one still or visit, not the connection."""


def refusal(error: Exception, about: str | None = None) -> Refused:
    """The message that tells a booth about an error."""
    if isinstance(error, HangUp):
        about = error.about
    match error:
        case Turned() | HangUp() | ProtocolError():
            code, text = error.code, str(error)
        case Conflict():
            code, text = ErrorCode.CONFLICT, str(error)
        case NotFound():
            code, text = ErrorCode.UNEXPECTED, str(error)
        case StorageFull():
            code, text = ErrorCode.STORAGE_FULL, f"the server's disk is full: {error}"
        case ServerError():
            code, text = ErrorCode.INTERNAL, str(error)
        case _:
            code, text = ErrorCode.INTERNAL, "the server failed; its log says why"
    return Refused(code=code, message=text[:_TEXT_LIMIT], about=about)
