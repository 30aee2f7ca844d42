"""Light fixtures driven by streaming ACN (ANSI E1.31-2018)."""

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.devices.base import Ramp, WatchedLightRig, extra
from station.devices.bench import Bench
from station.devices.dmx.endpoint import Endpoint
from station.protocol import Light

SLOTS = 512
PORT = 5568
"""E1.31 section 9.2: ACN_SDT_MULTICAST_PORT."""
_REPEATS = 3
"""E1.31 section 6.6.1: a change is sent three times before the rate drops."""
_OUT_OF_WINDOW = 24
"""E1.31 section 6.7.2: a receiver drops a packet whose number is up to 20 behind the last one of the same source."""

Slot = Annotated[int, Field(ge=1, le=SLOTS)]


class DmxChannel(Ramp):
    """The DMX slots of one light, all sent the same level."""

    slots: Annotated[tuple[Slot, ...], Field(min_length=1)]
    """Slots, counted from 1; of 16-bit fixtures the coarse ones, each followed by its fine one."""
    fine: bool = False
    """16-bit fixture."""
    highest: Annotated[int, Field(ge=1, le=255)] = 255

    @property
    def taken(self) -> Iterator[int]:
        """Every slot that this light uses."""
        return (slot + offset for slot in self.slots for offset in range(1 + self.fine))

    def levels(self, power: float) -> dict[int, int]:
        """Level, 0 to 255, of each slot at a power in (0, 1]."""
        if not self.fine:
            return dict.fromkeys(self.slots, self.number(power))
        coarse, fine = divmod(round(257 * (self.lowest + power * (self.highest - self.lowest))), 256)
        return {slot + offset: level for slot in self.slots for offset, level in enumerate((coarse, fine))}


class DmxLightsOptions(BaseModel):
    """Settings of the `dmx` lights."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["dmx"] = "dmx"
    universe: Annotated[int, Field(ge=1, le=63999)] = 1
    host: IPv4Address | None = None
    """The node's address, for unicast; none: multicast, to the universe's own group."""
    port: Annotated[int, Field(ge=1, le=65535)] = PORT
    interface: IPv4Address | None = None
    """The booth's own address on the lights' network; none: the system chooses."""
    priority: Annotated[int, Field(ge=0, le=200)] = 100
    """A source of higher priority on the same universe takes the lights over."""
    heartbeat_s: Annotated[float, Field(gt=0, le=1)] = 0.25
    channels: Annotated[dict[Light, DmxChannel], Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        taken = Counter(slot for channel in self.channels.values() for slot in channel.taken)
        if twice := sorted(slot for slot, times in taken.items() if times > 1):
            raise ValueError(f"slot {twice[0]} is given to two lights")
        if max(taken) > SLOTS:
            raise ValueError(f"the fine slot {max(taken)} lies beyond {SLOTS}")
        return self


class DmxLightRig(WatchedLightRig):
    """Sends a universe, and sends it again at every heartbeat.

    E1.31 has no answers: that a lamp really shines is seen in the picture only. Receivers notice a silent source after
    2.5 s (network data loss, E1.31 section 6.7.1) and at once when the stream is terminated, which closing does; what
    they do then is a setting of theirs and must be blackout.
    """

    def __init__(self, options: DmxLightsOptions, bench: Bench) -> None:
        super().__init__(options.heartbeat_s)
        self._options = options
        self._endpoint: Endpoint | None = None
        self._levels: dict[int, int] = {}
        self._sequence = random.randrange(256)  # noqa: S311  no secret

    @property
    def lights(self) -> frozenset[Light]:
        """Lights with a channel."""
        return frozenset(self._options.channels)

    async def _do_connect(self) -> None:
        options = self._options
        with extra("dmx"):
            import sacn  # noqa: F401
        host = str(options.host or _group(options.universe))
        self._endpoint = await Endpoint.open(host, options.port, options.interface)
        self._send(_OUT_OF_WINDOW)
        await self._endpoint.heard()

    async def _do_disconnect(self) -> None:
        if self._endpoint is not None:
            self._send(_REPEATS, terminated=True)
            await self._endpoint.close()

    async def _do_write(self, light: Light | None, power: float) -> None:
        self._levels = {} if light is None else self._options.channels[light].levels(power)
        self._send(_REPEATS)
        self._checked.check()

    async def _do_beat(self) -> None:
        self._send(1)
        self._checked.check()

    @property
    def _checked(self) -> Endpoint:
        assert self._endpoint is not None
        return self._endpoint

    def _send(self, times: int, *, terminated: bool = False) -> None:
        from sacn import DataPacket

        packet = DataPacket(
            cid=tuple(_component_id(self._options.universe)),
            sourceName="dermabooth",
            universe=self._options.universe,
            dmxData=tuple(self._levels.get(slot, 0) for slot in range(1, SLOTS + 1)),
            priority=self._options.priority,
            streamTerminated=terminated,
        )
        for _ in range(times):
            packet.sequence = self._sequence
            self._sequence = (self._sequence + 1) % 256
            self._checked.send(bytes(packet.getBytes()))


def _component_id(universe: int) -> bytes:
    """The same for every run on this machine, so that a restarted booth takes its own stream over."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"dermabooth {uuid.getnode()} {universe}").bytes


def _group(universe: int) -> IPv4Address:
    """Multicast group of a universe, E1.31 section 9.3.1."""
    return IPv4Address(f"239.255.{universe >> 8}.{universe & 255}")
