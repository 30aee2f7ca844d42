"""Errors of the server, told apart by what the caller can do.

ServerError
├── ConfigError              mend the configuration; the text names the key
├── AccessDenied             show a token that allows it
├── BadImage                 the picture cannot be used; the text says why
├── NotFound                 no such thing
├── InferenceUnavailable     Triton is away: wait, the work is kept
├── InferenceError           Triton refused the request
│   ├── ModelUnavailable     Triton is there and does not serve this model
│   └── InferenceFailed      the model failed at the request: worth another try or two
├── StoreUnavailable         the database is away: wait
├── DestinationUnavailable   the destination is away: wait, the parcels are kept
├── OrdersUnavailable        the hospital's worklist cannot be asked: the last list stays
├── PeerUnavailable          a DICOM system is away or refuses us: wait, and do what the text says
├── StorageFull              free disk space
│   └── AuditUnavailable     the audit trail cannot be written: free space, or mend its folder
├── Busy                     too much is asked at once: ask again shortly
└── Conflict                 the UID is taken by other bytes

Rooms have branches of their own below `ServerError`: `live.errors` and `dicomweb.errors`, which requests are refused with;
`dimse.reasons`, which reach others as `PeerUnavailable`; `export.masking.Refused`, for which an object stays here;
`app.supervisor.ChildFailed`.
"""


class ServerError(Exception):
    """Anything the server raises on purpose."""


class ConfigError(ServerError):
    """Mend the configuration; the text names the key."""


class AccessDenied(ServerError):
    """Show a token that allows it."""


class BadImage(ServerError):
    """The picture cannot be used; the text says why."""


class NotFound(ServerError):
    """No such thing."""


class InferenceUnavailable(ServerError):
    """Triton is away: wait, the work is kept."""


class InferenceError(ServerError):
    """Triton refused the request."""


class ModelUnavailable(InferenceError):
    """Triton is there and does not serve this model."""


class InferenceFailed(InferenceError):
    """The model failed at the request: worth another try or two."""


class StoreUnavailable(ServerError):
    """The database is away: wait."""


class DestinationUnavailable(ServerError):
    """The destination is away: wait, the parcels are kept."""

    def __init__(self, text: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        """How long the destination asked to be left alone."""


class OrdersUnavailable(ServerError):
    """The hospital's worklist cannot be asked: the last list stays."""


class PeerUnavailable(ServerError):
    """A DICOM system is away or refuses us: wait, and do what the text says."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(f"{reason}; {next_step}")
        self.reason = reason
        self.next_step = next_step


class StorageFull(ServerError):
    """No space left on the disk."""


class AuditUnavailable(StorageFull):
    """The audit trail cannot be written: free space, or mend its folder."""


class Busy(ServerError):
    """Too much is asked at once: ask again shortly."""


class Conflict(ServerError):
    """The UID is taken by other bytes."""
