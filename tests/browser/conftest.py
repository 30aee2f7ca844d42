"""Chromium and the built pages."""

from tests.fixtures.chromium import chromium
from tests.fixtures.web import web_root

__all__ = ["chromium", "web_root"]
