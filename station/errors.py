"""Errors of the booth, told apart by what the person at it can do; in brackets the room that adds one.

StationError
├── ConfigError              mend the configuration file; the text names the key
│   └── BadRecord            (calibration) make the calibration record anew
├── DeviceError              an instrument failed
│   ├── DeviceUnavailable    plug it in, or call service
│   ├── ExposureRefused      ask for an exposure within the range in the text
│   └── LightUnavailable     use a recipe with the lights named in the text
├── UvRefused                no ultraviolet light now; the text says why and what to do
├── BadPicture               the picture cannot be used; the text says why
│   ├── ChartUnreadable      (calibration) place or light the chart as the text says
│   └── NotFitted            (calibration) photograph the chart again; the text says what was wrong
├── InvalidTransition        wait, or abort the visit: not now; the text names state and event
├── WorklistUnavailable      mend what keeps the worklist; the text names file, line and column
├── SpoolFull                free disk space, then retake
└── SpoolDamaged             a spooled still is not what was written; retake it
"""


class StationError(Exception):
    """Anything the booth raises on purpose."""


class ConfigError(StationError):
    """Mend the configuration file; the text names the key."""


class DeviceError(StationError):
    """An instrument failed."""


class DeviceUnavailable(DeviceError):
    """The instrument does not answer: plug it in, or call service."""


class ExposureRefused(DeviceError):
    """The camera cannot expose like this; the text gives its range."""


class LightUnavailable(DeviceError):
    """The rig does not have this light; the text names those it has."""


class UvRefused(StationError):
    """Ultraviolet light may not shine, or was switched off; the text says why and what to do."""


class BadPicture(StationError):
    """The picture cannot be used; the text says why."""


class InvalidTransition(StationError):
    """Not now; the text names the state and the event."""


class WorklistUnavailable(StationError):
    """The worklist cannot be told; the text names file, line and column."""


class SpoolFull(StationError):
    """The booth's disk is full: free space, then retake."""


class SpoolDamaged(StationError):
    """A spooled still is not what was written: retake it."""
