"""What stands in where an instrument is not fitted."""

from station.devices.none.interlock import NoInterlock, NoInterlockOptions

__all__ = ["NoInterlock", "NoInterlockOptions"]
