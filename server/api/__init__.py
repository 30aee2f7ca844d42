"""The server's HTTP interface: one file per noun."""

from server.api.application import ApiParts, make_api
from server.api.board import HubBoard, LivePreview, NoPreviews, PreviewBoard
from server.api.events import EventHub
from server.api.login import LoginCodes
from server.api.repeatability import read_smallest_changes
from server.api.routes import GRANT, SESSION_COOKIE, Route, UndeclaredRoute, route, undeclared
from server.api.settings import LOOPBACK_NAMES, SETTINGS, ApiSettings

__all__ = [
    "GRANT",
    "LOOPBACK_NAMES",
    "SESSION_COOKIE",
    "SETTINGS",
    "ApiParts",
    "ApiSettings",
    "EventHub",
    "HubBoard",
    "LivePreview",
    "LoginCodes",
    "NoPreviews",
    "PreviewBoard",
    "Route",
    "UndeclaredRoute",
    "make_api",
    "read_smallest_changes",
    "route",
    "undeclared",
]
