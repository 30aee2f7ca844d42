"""The port of a managed Triton is its own before it listens there, and while it is away."""

import socket

import pytest

from server.errors import ConfigError
from server.inference.managed import _reserved

pytestmark = pytest.mark.unit


def test_it_is_given_to_nobody_who_does_not_ask_for_it_and_triton_may_listen_there() -> None:
    with _reserved(0) as port:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port), 5).close()


def test_one_where_somebody_listens_is_refused() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(ConfigError, match=r"triton\.url"),
        _reserved(other.getsockname()[1]),
    ):
        pass
