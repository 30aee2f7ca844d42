"""A light controller that speaks Modbus TCP (Modbus Application Protocol 1.1b3)."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.devices.base import Ramp, WatchedLightRig, extra
from station.devices.bench import Bench
from station.errors import DeviceUnavailable
from station.protocol import Light

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient
    from pymodbus.pdu import ModbusPDU

_ANSWER_LIMIT_S = 0.5
_CONNECTS = 4
"""Attempts to reach the controller, each as long as an answer may take: on a busy machine or network the first is late."""

Register = Annotated[int, Field(ge=0, le=65535)]


class ModbusChannel(Ramp):
    """The holding registers of one light, all written the same value."""

    registers: Annotated[tuple[Register, ...], Field(min_length=1)]
    """Addresses as they go over the wire, counted from 0."""
    highest: Annotated[int, Field(ge=1, le=65535)]


class ModbusLightsOptions(BaseModel):
    """Settings of the `modbus` lights."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["modbus"] = "modbus"
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit: Annotated[int, Field(ge=0, le=247)] = 1
    heartbeat_register: Register
    """Holding register written anew at every heartbeat; the controller goes dark when it no longer changes."""
    heartbeat_s: Annotated[float, Field(gt=0, le=5)] = 0.25
    channels: Annotated[dict[Light, ModbusChannel], Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        taken = Counter(register for channel in self.channels.values() for register in channel.registers)
        taken[self.heartbeat_register] += 1
        if twice := sorted(register for register, times in taken.items() if times > 1):
            raise ValueError(f"register {twice[0]} is used twice")
        return self


class ModbusLightRig(WatchedLightRig):
    """Writes single holding registers (function 6) and reads every one of them back (function 3)."""

    def __init__(self, options: ModbusLightsOptions, bench: Bench) -> None:
        super().__init__(options.heartbeat_s)
        self._options = options
        self._client: AsyncModbusTcpClient | None = None
        self._told: dict[int, int] = {}
        self._beats = 0

    @property
    def lights(self) -> frozenset[Light]:
        """Lights with a channel."""
        return frozenset(self._options.channels)

    async def _do_connect(self) -> None:
        with extra("modbus"):
            from pymodbus.client import AsyncModbusTcpClient
        options = self._options
        self._client = AsyncModbusTcpClient(
            options.host, port=options.port, timeout=_ANSWER_LIMIT_S, retries=0, reconnect_delay=0
        )
        if not await self._connects(self._client):
            raise DeviceUnavailable(f"no light controller answers at {self._name}: check its power and cable")
        self._beats = (await self._read_register(options.heartbeat_register)).registers[0]

    @staticmethod
    async def _connects(client: "AsyncModbusTcpClient") -> bool:
        for _ in range(_CONNECTS):
            if await client.connect():
                return True
        return False

    async def _do_disconnect(self) -> None:
        if self._client is not None:
            self._client.close()

    async def _do_write(self, light: Light | None, power: float) -> None:
        values = dict.fromkeys(
            (register for channel in self._options.channels.values() for register in channel.registers), 0
        )
        if light is not None:
            channel = self._options.channels[light]
            values |= dict.fromkeys(channel.registers, channel.number(power))
        await self._feed_watchdog()  # one that has run out would undo what follows
        for register, value in sorted(values.items(), key=lambda item: item[1]):  # dark before light
            await self._write_register(register, value)
        self._told = values
        await self._verify()

    async def _do_beat(self) -> None:
        await self._feed_watchdog()
        await self._verify()

    async def _feed_watchdog(self) -> None:
        self._beats = (self._beats + 1) % 65536
        await self._write_register(self._options.heartbeat_register, self._beats)

    async def _verify(self) -> None:
        for register, value in self._told.items():
            held = (await self._read_register(register)).registers[0]
            if held != value:
                raise DeviceUnavailable(
                    f"the light controller at {self._name} holds {held} in register {register} "
                    f"({self._owner(register)}) and was told {value}: its watchdog or somebody else changed it"
                )

    def _owner(self, register: int) -> str:
        channels = self._options.channels.items()
        return next(str(light) for light, channel in channels if register in channel.registers)

    async def _write_register(self, register: int, value: int) -> None:
        await self._ask(register, value)

    async def _read_register(self, register: int) -> "ModbusPDU":
        return await self._ask(register)

    async def _ask(self, register: int, value: int | None = None) -> "ModbusPDU":
        from pymodbus.exceptions import ModbusException

        assert self._client is not None
        unit = self._options.unit
        try:
            if value is None:
                answer = await self._client.read_holding_registers(register, count=1, device_id=unit)
            else:
                answer = await self._client.write_register(register, value, device_id=unit)
        except ModbusException as error:
            raise DeviceUnavailable(
                f"the light controller at {self._name} does not answer: {error}"
            ) from error
        if answer.isError():
            raise DeviceUnavailable(
                f"the light controller at {self._name} refuses register {register}: {answer}"
            )
        return answer

    @property
    def _name(self) -> str:
        return f"{self._options.host}:{self._options.port}"
