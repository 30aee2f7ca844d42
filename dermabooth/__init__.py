"""The command line of dermabooth: demo, analyze, server, station, doctor and more."""

__version__ = "0.1.0"
