"""The report for people: A4 pages as PDF."""

from server.signing.paper.pages import TITLE, render_pdf

__all__ = ["TITLE", "render_pdf"]
