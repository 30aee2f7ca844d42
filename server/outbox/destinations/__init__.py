"""The kinds of destination."""

from server.config import ServerConfig
from server.config.destinations import AnyDestination
from server.errors import ConfigError
from server.outbox.contract import Destination
from server.outbox.destinations.dimse import DimseDestination
from server.outbox.destinations.folder import FolderDestination
from server.outbox.destinations.stow import StowDestination
from server.store import Store

__all__ = ["open_destination"]


def open_destination(section: AnyDestination, config: ServerConfig, store: Store) -> Destination:
    """The destination that a table of the settings describes; raises `ConfigError`. Nothing is connected yet."""
    del store
    match section.type:
        case "folder":
            return FolderDestination(section)
        case "dimse":
            return DimseDestination(section, config.dicom, config.run)
        case "stow":
            return StowDestination(section, config.run)
        case _:
            raise ConfigError(f"destinations of type {section.type} are not known here")
