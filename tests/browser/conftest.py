"""Chromium and the built pages."""

from tests.fixtures.chromium import chromium, chromium_address
from tests.fixtures.web import web_root

__all__ = ["chromium", "chromium_address", "web_root"]
