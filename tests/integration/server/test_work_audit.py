"""The work process leaves in the audit trail what it sends and whom it shuts out."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
import zmq

from server.audit import verify
from server.audit.chain import trail_files
from server.store import Archive, Store
from tests.fixtures.audit_schema import assert_valid_message
from tests.fixtures.outbox_stores import Put, put_visit
from tests.integration.server.conftest import ServerProgram, server_program, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

NOBODY = "127.0.0.1:9"


def visit_in(data: Path) -> Put:
    """A visit that was taken before the server had a destination."""

    async def put() -> Put:
        store = Store.open(f"sqlite:///{data / 'dermabooth.db'}", steps=("make",))
        try:
            return await put_visit(store, Archive(data / "archive"))
        finally:
            await store.close()

    data.mkdir(mode=0o700)
    return asyncio.run(put())


def knock(program: ServerProgram) -> None:
    """Come with a key that is not enrolled."""
    told = program.addresses("work")
    assert told is not None
    server_key = (program.data / "keys" / "server.key").read_bytes().strip()
    with zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
        stranger.linger = 0
        stranger.curve_serverkey = server_key
        stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
        stranger.connect(told["capture"])
        until(lambda: "110113" in events(program.data))


def events(data: Path) -> Counter[str]:
    """How often each event stands in the trail."""
    lines = [line for path in trail_files(data / "audit") for line in path.read_bytes().splitlines(True)]
    whole = [line.rstrip(b"\n") for line in lines if line.endswith(b"\n")]
    found = [
        assert_valid_message(line.split(b" ", 2)[2]).find("EventIdentification/EventID") for line in whole
    ]
    return Counter(one.attrib["csd-code"] for one in found if one is not None)


def test_what_leaves_and_who_is_shut_out_stands_in_the_trail(tmp_path: Path) -> None:
    put = visit_in(tmp_path / "data")
    out = tmp_path / "out"
    out.mkdir()
    config = tmp_path / "server.toml"
    config.write_text(f'[[destinations]]\ntype = "folder"\nname = "disk"\npath = "{out}"\n')
    options = ("--config", str(config), "--only", "work", "--triton", NOBODY)
    with server_program(tmp_path / "data", *options) as program:
        program.up("work")
        until(lambda: "110104" in events(program.data))
        knock(program)
        assert program.stop() == 0
    assert events(tmp_path / "data") == {"110100": 2, "110102": 1, "110104": 1, "110113": 1}
    assert verify(tmp_path / "data" / "audit").fault == ""
    assert {path.stem for path in (out / put.study).iterdir()} == set(put.uids)
    text = b"".join(path.read_bytes() for path in trail_files(tmp_path / "data" / "audit"))
    assert b"Moreau" not in text
