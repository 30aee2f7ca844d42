"""The demo: server and simulated booth as programs of their own, one visit, and what came of it."""

from dermabooth.demo.show import run_demo

__all__ = ["run_demo"]
