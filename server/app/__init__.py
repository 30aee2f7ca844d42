"""Introduces the rooms of the server to each other: the two processes and their supervisor."""

from server.app.live import run_live
from server.app.ready import addresses
from server.app.supervisor import ChildFailed, supervise
from server.app.work import run_work
from server.parent import die_with_parent

__all__ = ["ChildFailed", "addresses", "die_with_parent", "run_live", "run_work", "supervise"]
