"""What the hospital has ordered: a worklist asked for again and again, kept, and told to the booths."""

from server.orders.desk import AWAY, LONGER, UNUSABLE, OrderDesk
from server.orders.found import Found, Unusable
from server.orders.kept import Keeper, KeptList
from server.orders.opening import kept_list, open_desk
from server.orders.source import OnQuery, OrderSource, Query

__all__ = [
    "AWAY",
    "LONGER",
    "UNUSABLE",
    "Found",
    "Keeper",
    "KeptList",
    "OnQuery",
    "OrderDesk",
    "OrderSource",
    "Query",
    "Unusable",
    "kept_list",
    "open_desk",
]
