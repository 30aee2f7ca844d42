"""Results as outlines and heat maps in image coordinates, and pictures that show them."""

from server.overlay.annotated import Mark, annotated
from server.overlay.build import build_overlay
from server.overlay.render import COLOURS, layers_of, render

__all__ = ["COLOURS", "Mark", "annotated", "build_overlay", "layers_of", "render"]
