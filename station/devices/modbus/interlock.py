"""An interlock wired to discrete inputs of a Modbus TCP device (Modbus Application Protocol 1.1b3, function 2)."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from station.devices.base import Interlock, extra
from station.devices.bench import Bench
from station.errors import DeviceUnavailable

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient

_ANSWER_LIMIT_S = 0.3

Input = Annotated[int, Field(ge=0, le=65535)]


class ModbusInterlockOptions(BaseModel):
    """Settings of the `modbus` interlock."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["modbus"] = "modbus"
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit: Annotated[int, Field(ge=0, le=247)] = 1
    inputs: Annotated[tuple[Input, ...], Field(min_length=1, max_length=16)]
    """Discrete inputs that must all read 1: contacts that are closed while the booth is, so that a cut wire reads 0."""


class ModbusInterlock(Interlock):
    """Safe while every input reads 1."""

    def __init__(self, options: ModbusInterlockOptions, bench: Bench) -> None:
        super().__init__()
        self._options = options
        self._client: AsyncModbusTcpClient | None = None

    async def _do_connect(self) -> None:
        with extra("modbus"):
            from pymodbus.client import AsyncModbusTcpClient
        options = self._options
        self._client = AsyncModbusTcpClient(
            options.host, port=options.port, timeout=_ANSWER_LIMIT_S, retries=0, reconnect_delay=0
        )
        if not await self._client.connect():
            raise DeviceUnavailable(f"no interlock answers at {self._name}: check its power and cable")

    async def _do_disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _do_read(self) -> str:
        for number in self._options.inputs:
            if not await self._input(number):
                return f"input {number} of the interlock at {self._name} is open: close the booth's door and covers"
        return ""

    async def _input(self, number: int) -> bool:
        from pymodbus.exceptions import ModbusException

        assert self._client is not None
        try:
            answer = await self._client.read_discrete_inputs(number, count=1, device_id=self._options.unit)
        except ModbusException as error:
            raise DeviceUnavailable(f"the interlock at {self._name} does not answer: {error}") from error
        if answer.isError():
            raise DeviceUnavailable(f"the interlock at {self._name} refuses input {number}: {answer}")
        return bool(answer.bits[0])

    @property
    def _name(self) -> str:
        return f"{self._options.host}:{self._options.port}"
