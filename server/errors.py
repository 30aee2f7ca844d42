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
├── StorageFull              free disk space
└── Conflict                 the UID is taken by other bytes
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


class StorageFull(ServerError):
    """No space left on the disk."""


class Conflict(ServerError):
    """The UID is taken by other bytes."""
