"""DIMSE messages (PS3.7 sections 6.3 and 9.3) in P-DATA: a command, and data in pieces that fit the other side."""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID
from pynetdicom.dsutils import encode as encode_dataset

from server.dimse.negotiation import Context
from server.dimse.reasons import Garbage
from server.dimse.wire import Pdu, Wire

NO_DATA = 0x0101
"""Command Data Set Type (0000,0800) of a message without data."""
MOST_COMMAND_BYTES = 16_384
LARGEST_PIECE = 262_144
_LEAST_PDU = 256
_FRAGMENT = struct.Struct(">LBB")  # length of what follows, context, control header (PS3.8 section 9.3.5.1)
_COMMAND, _LAST = 1, 2
_ELEMENT = struct.Struct("<HHL")  # group, element, length of the value (PS3.7 section 6.3.1)
_NUMBER = struct.Struct("<H")

Elements = Mapping[int, bytes]
"""Values of a command by tag."""


class Command(IntEnum):
    """Command Field (0000,0100), PS3.7 annex E.1."""

    C_STORE_RQ = 0x0001
    C_FIND_RQ = 0x0020
    C_ECHO_RQ = 0x0030
    N_EVENT_REPORT_RQ = 0x0100
    N_ACTION_RQ = 0x0130
    RESPONSE = 0x8000
    """Added to a request's field by its response."""


@dataclass(frozen=True)
class FileData:
    """The data of a message as a file holds them, from an offset to its end."""

    path: Path
    offset: int


@dataclass(frozen=True)
class Message:
    """A message that came."""

    context: int
    command: Elements = field(repr=False)
    data: bytes = field(repr=False)

    @property
    def field(self) -> int:
        """Command Field."""
        return self.number("CommandField")

    @property
    def status(self) -> int:
        """Status (0000,0900) of a response; raises `Garbage`."""
        return self.number("Status")

    def number(self, keyword: str) -> int:
        """A number of the command; raises `Garbage` where there is none."""
        return _number(self.command, keyword)


def send(
    wire: Wire,
    context: Context,
    largest_pdu: int,
    command: dict[str, Any],
    data: bytes | FileData | None = None,
) -> None:
    """Send a message; of a file one piece at a time is in memory. Raises what `Wire.send` does, and `OSError` of the file."""
    piece = _piece_bytes(largest_pdu)
    command["CommandDataSetType"] = NO_DATA if data is None else 1
    _send_pieces(wire, context.number, _COMMAND, io.BytesIO(_encoded(command)), piece)
    if isinstance(data, FileData):
        with data.path.open("rb") as file:
            file.seek(data.offset)
            _send_pieces(wire, context.number, 0, file, piece)
    elif data is not None:
        _send_pieces(wire, context.number, 0, io.BytesIO(data), piece)


def encoded(dataset: Dataset, transfer_syntax: str) -> bytes:
    """A data set in one of the plain transfer syntaxes; raises `ValueError`."""
    syntax = UID(transfer_syntax)
    data = encode_dataset(dataset, syntax.is_implicit_VR, syntax.is_little_endian)
    if data is None:
        raise ValueError("the data set cannot be encoded")
    return data


def decoded(data: bytes, transfer_syntax: str) -> Dataset:
    """A data set of others; its elements are read when they are asked for. Raises `Garbage`."""
    syntax = UID(transfer_syntax)
    try:
        return read_dataset(io.BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)
    except Exception as error:  # the boundary to what others send; RecursionError and MemoryError among them
        raise Garbage("it sent a data set that cannot be read") from error


class Assembler:
    """Puts messages together from the fragments of P-DATA."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes`: of the data of one message."""
        self._most_bytes = most_bytes
        self._command = bytearray()
        self._data = bytearray()
        self._read: Elements | None = None

    def take(self, content: bytes) -> Iterator[Message]:
        """The messages that the content of a P-DATA completes; raises `Garbage`."""
        for context, control, piece in _fragments(content):
            if control & _COMMAND:
                self._take_command(control, piece)
            else:
                self._take_data(piece)
            complete = self._read is not None and (
                control & _LAST if not control & _COMMAND else self._has_no_data()
            )
            if complete:
                yield self._message(context)

    def _take_command(self, control: int, piece: bytes) -> None:
        if self._read is not None or len(self._command) + len(piece) > MOST_COMMAND_BYTES:
            raise Garbage("it sent a command that is too long or has no data")
        self._command += piece
        if control & _LAST:
            self._read = dict(_elements(self._command))

    def _take_data(self, piece: bytes) -> None:
        if self._read is None:
            raise Garbage("it sent data without a command")
        if len(self._data) + len(piece) > self._most_bytes:
            raise Garbage(f"it sent more than {self._most_bytes} bytes in one message")
        self._data += piece

    def _has_no_data(self) -> bool:
        assert self._read is not None
        return _number(self._read, "CommandDataSetType") == NO_DATA

    def _message(self, context: int) -> Message:
        assert self._read is not None
        message = Message(context, self._read, bytes(self._data))
        self._command, self._data, self._read = bytearray(), bytearray(), None
        return message


def _fragments(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position < len(content):
        try:
            length, context, control = _FRAGMENT.unpack_from(content, position)
        except struct.error as error:
            raise Garbage("its P-DATA is damaged") from error
        end = position + 4 + length
        if length < 2 or end > len(content):
            raise Garbage("its P-DATA is damaged")
        yield context, control, content[position + _FRAGMENT.size : end]
        position = end


def _elements(command: bytes | bytearray) -> Iterator[tuple[int, bytes]]:
    """Tags and values; a command is always implicit VR little endian, without sequences."""
    position = 0
    while position + _ELEMENT.size <= len(command):
        group, element, length = _ELEMENT.unpack_from(command, position)
        begin, position = position + _ELEMENT.size, position + _ELEMENT.size + length
        yield group << 16 | element, bytes(command[begin:position])
    if position != len(command):
        raise Garbage("its command is damaged")


def _number(command: Elements, keyword: str) -> int:
    """A number of two bytes, as all of a command are that are asked for; raises `Garbage`."""
    try:
        (number,) = _NUMBER.unpack(command[_tag(keyword)])
    except (KeyError, struct.error):
        raise Garbage(f"its message has no {keyword}") from None
    return int(number)


@lru_cache(64)
def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def _send_pieces(wire: Wire, context: int, kind: int, source: io.BufferedIOBase, size: int) -> None:
    piece = source.read(size)
    while True:
        following = source.read(size)
        control = kind if following else kind | _LAST
        wire.send(Pdu.P_DATA, _FRAGMENT.pack(len(piece) + 2, context, control), piece)
        if not following:
            return
        piece = following


def _piece_bytes(largest_pdu: int) -> int:
    if 0 < largest_pdu < _LEAST_PDU:
        raise Garbage(f"it takes PDUs of {largest_pdu} bytes only")
    return (
        min((largest_pdu or LARGEST_PIECE) - _FRAGMENT.size, LARGEST_PIECE) & ~1
    )  # data sets go by pairs of bytes


def _encoded(command: dict[str, Any]) -> bytes:
    dataset = Dataset()
    for keyword, value in command.items():
        setattr(dataset, keyword, value)
    body = encoded(dataset, "1.2.840.10008.1.2")
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body
