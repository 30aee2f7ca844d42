"""The kinds of destination."""

from importlib.metadata import version

from server.config import ServerConfig
from server.config.destinations import AnyDestination
from server.outbox.contract import Destination
from server.outbox.destinations.dimse import DimseDestination
from server.outbox.destinations.fhir import FhirDestination
from server.outbox.destinations.folder import FolderDestination
from server.outbox.destinations.stow import StowDestination
from server.outbox.destinations.webhook import WebhookDestination
from server.store import Archive, Store

__all__ = ["open_destination"]


def open_destination(section: AnyDestination, config: ServerConfig, store: Store) -> Destination:
    """The destination that a table of the settings describes; raises `ConfigError`. Nothing is connected yet."""
    match section.type:
        case "folder":
            return FolderDestination(section)
        case "dimse":
            return DimseDestination(section, config.dicom, config.run)
        case "stow":
            return StowDestination(section, config.run)
        case "fhir":
            software = f"dermabooth {version('dermabooth')}"
            return FhirDestination(section, store, Archive(config.archive), software=software)
        case "webhook":
            return WebhookDestination(section, store)
