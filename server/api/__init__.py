"""The server's HTTP interface: one file per noun."""

from server.api.routes import (
    GRANT,
    SESSION_COOKIE,
    TOKENS,
    Route,
    UndeclaredRoute,
    access,
    add_routes,
    bearer,
    route,
    same_origin,
    undeclared,
)

__all__ = [
    "GRANT",
    "SESSION_COOKIE",
    "TOKENS",
    "Route",
    "UndeclaredRoute",
    "access",
    "add_routes",
    "bearer",
    "route",
    "same_origin",
    "undeclared",
]
