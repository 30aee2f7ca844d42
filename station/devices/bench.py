"""What the drivers of one booth share where instruments are simulated: folders, progress, and the light itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.protocol import Light

Progress = Callable[[float, str], None]
"""Told the share done, in [0, 1], and what is being done; may be called from any thread."""

Standing = Callable[[int, int], NDArray[np.float32]]
"""Draws what stands in the place of the head: (height, width, 3) light for a width and a height, of which 1 is a white
diffuser in white light. It is matte, and does not fluoresce. May be called from any thread."""


@dataclass(frozen=True)
class Shining:
    """The light that falls on the subject."""

    light: Light | None = None
    """None: dark."""
    power: float = 0.0
    """Share of full power, in [0, 1]."""


@dataclass
class Bench:
    """The surroundings of a booth's instruments.

    Simulated lights write `shining` and simulated cameras look at it, so that a wrong light shows in the picture.
    Drivers of real instruments use the folder at most.
    """

    cache_dir: Path
    """Where a driver may keep what is expensive to make again."""
    progress: Progress | None = None
    shining: Shining = field(default=Shining())
    stray: float = 0.0
    """White light that falls in from outside whatever the lights do, as a share of the white lamp's full power."""
    offered: frozenset[Light] = frozenset()
    """Lights that a camera's picture folder holds pictures for; empty: no such camera."""
    standing: Standing | None = None
    """What simulated cameras see in their stills; None: the subject."""
