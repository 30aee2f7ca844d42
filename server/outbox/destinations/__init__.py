"""The kinds of destination."""

from server.config import ServerConfig
from server.config.destinations import AnyDestination
from server.outbox.contract import Destination
from server.outbox.destinations.folder import FolderDestination
from server.store import Store

__all__ = ["open_destination"]


def open_destination(section: AnyDestination, config: ServerConfig, store: Store) -> Destination:
    """The destination that a table of the settings describes; raises `ConfigError`. Nothing is connected yet."""
    del config, store  # a folder needs neither
    match section.type:
        case "folder":
            return FolderDestination(section)
