"""The demo: server and simulated booth as programs of their own, one visit, and what came of it."""

from dermabooth.demo.options import DemoOptions, default_station_config
from dermabooth.demo.run import run_demo

__all__ = ["DemoOptions", "default_station_config", "run_demo"]
