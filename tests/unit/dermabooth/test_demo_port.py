"""The port at which the demo's server takes stills is its own before it listens there."""

import socket

import pytest
import zmq

from dermabooth.demo.server import _own_port

pytestmark = pytest.mark.unit


def test_it_is_given_to_nobody_who_does_not_ask_for_it_and_the_server_may_listen_there() -> None:
    with _own_port() as port:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with zmq.Context() as context, context.socket(zmq.ROUTER) as server:
            server.bind(f"tcp://127.0.0.1:{port}")
            socket.create_connection(("127.0.0.1", port), 5).close()
