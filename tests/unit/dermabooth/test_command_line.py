"""The command line: an error that its reader can mend is one line that says so."""

import logging
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dermabooth import __version__, cli
from server.errors import ConfigError
from station.errors import SpoolFull

pytestmark = pytest.mark.unit

KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
"""The server's public key in ZeroMQ's own documentation."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: object
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def dermabooth(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Runs a command line in this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["dermabooth", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Done(ended.value.code, *capsys.readouterr())

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


def complaint(done: Done) -> str:
    """The only line of a run that failed as expected."""
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("dermabooth: ")
    return line.removeprefix("dermabooth: ")


def test_it_is_a_program() -> None:
    command = [sys.executable, "-m", "dermabooth", "version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, __version__, "")


def test_the_help_names_every_command(dermabooth: Command) -> None:
    done = dermabooth("--help")
    assert done.returncode == 0
    for name in [*cli.COMMANDS, "version"]:
        assert f"  {name} " in done.stdout


def test_an_unknown_key_is_named(dermabooth: Command, tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text('[http]\nprot = 8480\n[triton]\nmode = "magic"\n')
    said = complaint(dermabooth("server", "--config", str(config)))
    assert "http.prot: unknown key; known here: host, port, public_url" in said
    assert "triton.mode: Input should be 'managed' or 'external'" in said


def test_an_unknown_key_of_the_booth_is_named(dermabooth: Command, tmp_path: Path) -> None:
    config = tmp_path / "station.toml"
    config.write_text('both_id = "x"\n')
    assert "unknown key both_id" in complaint(dermabooth("station", "--config", str(config)))


@pytest.mark.parametrize("command", ["server", "station"])
def test_a_config_that_is_not_there_is_named(dermabooth: Command, command: str, tmp_path: Path) -> None:
    absent = tmp_path / "absent.toml"
    assert str(absent) in complaint(dermabooth(command, "--config", str(absent)))


NOT_UTF_8 = "Größe = 1\n".encode("latin-1")
JSON = {"record", "reference"}
GIVEN_FILES = {
    "booth": ["station", "--config"],
    "calibrated booth": ["calibrate", "show", "--config"],
    "demo's booth": ["demo", "--once", "--data", "{folder}/data", "--station-config"],
    "record": ["calibrate", "show", "--file"],
    "reference": ["calibrate", "make", "--layout", "printed", "--yes", "--reference"],
    "server": ["server", "--config"],
    "values": ["repeatability", "--out", "{folder}/study", "--csv"],
}


@pytest.mark.parametrize("what", GIVEN_FILES)
def test_a_file_that_is_not_utf_8_is_named_with_what_to_do(
    dermabooth: Command, tmp_path: Path, what: str
) -> None:
    given = tmp_path / "latin-1.txt"
    given.write_bytes('{"größe": [1, 2, 3]}'.encode("latin-1") if what in JSON else NOT_UTF_8)
    options = [word.format(folder=tmp_path) for word in GIVEN_FILES[what]]
    said = complaint(dermabooth(*options, str(given)))
    assert given.name in said
    assert "UTF-8" in said or what == "record"


def test_a_booth_without_the_servers_key_is_told_which_setting_is_missing(
    dermabooth: Command, tmp_path: Path
) -> None:
    options = ["--data", str(tmp_path), "--server", "tcp://127.0.0.1:9", "--kiosk-port", "0"]
    said = complaint(dermabooth("station", *options, "--log-level", "error"))
    assert "uplink.server_key" in said


def test_a_folder_that_cannot_be_made_is_named(dermabooth: Command) -> None:
    assert "/proc/nowhere" in complaint(dermabooth("demo", "--once", "--data", "/proc/nowhere"))


def test_usage_errors_have_their_own_status(dermabooth: Command) -> None:
    done = dermabooth("demo", "--twice")
    assert done.returncode == 2
    assert "--twice" in done.stderr


def run_main(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> object:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "build", lambda names: fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_every_expected_error_of_a_group_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ExceptionGroup("both", [ConfigError("one"), ExceptionGroup("x", [SpoolFull("two")])])
    assert run_main(monkeypatch, error) == 1
    assert capsys.readouterr().err == "dermabooth: one\ndermabooth: two\n"


@pytest.mark.parametrize("error", [KeyError("x"), OSError("nothing named")])
def test_an_unexpected_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    for raised in (error, ExceptionGroup("one of both", [ConfigError("one"), error])):
        with pytest.raises(type(raised)):
            run_main(monkeypatch, raised)


def test_booths_are_enrolled_listed_and_removed(dermabooth: Command, tmp_path: Path) -> None:
    key = tmp_path / "booth.key"
    key.write_text(f"{KEY}\n")
    data = ["--data", str(tmp_path)]
    assert dermabooth("booth", "enroll", "left-1", str(key), *data).returncode == 0
    assert (tmp_path / "booths" / "left-1.key").read_text() == KEY
    assert dermabooth("booth", "list", *data).stdout == "left-1\n"
    assert dermabooth("booth", "remove", "left-1", *data).returncode == 0
    assert dermabooth("booth", "list", *data).stdout == ""
    assert "left-1 was not allowed" in complaint(dermabooth("booth", "remove", "left-1", *data))
    key.unlink()
    assert "carry keys/booth.key here" in complaint(dermabooth("booth", "enroll", "left-1", str(key), *data))


@pytest.mark.parametrize("name", ["Left", "../up", "a b", "x" * 33])
def test_bad_names_of_booths_are_refused(dermabooth: Command, name: str, tmp_path: Path) -> None:
    key = tmp_path / "booth.key"
    key.write_text(KEY)
    said = complaint(dermabooth("booth", "enroll", name, str(key), "--data", str(tmp_path)))
    assert "1 to 32 lower-case letters" in said
    assert not list(tmp_path.rglob("*.key~")) + [path for path in tmp_path.rglob("*.key") if path != key]


@pytest.mark.parametrize("content", [b"", KEY[:-1].encode(), b"\xff" * 40, b"~" * 40])
def test_what_is_no_key_is_refused(dermabooth: Command, content: bytes, tmp_path: Path) -> None:
    key = tmp_path / "booth.key"
    key.write_bytes(content)
    said = complaint(dermabooth("booth", "enroll", "left-1", str(key), "--data", str(tmp_path)))
    assert "no public key" in said


def test_a_key_file_that_is_not_there_is_named(dermabooth: Command, tmp_path: Path) -> None:
    absent = tmp_path / "absent.key"
    said = complaint(dermabooth("booth", "enroll", "left-1", str(absent), "--data", str(tmp_path)))
    assert str(absent) in said


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_has_an_example_that_it_understands() -> None:
    for path, command in commands(get_command(cli.build())):
        examples = re.findall(r"^ *Example: (.+)$", command.help or "", re.MULTILINE)
        assert examples, f"{' '.join(path)} has no example"
        for example in examples:
            program, *words = shlex.split(example)
            assert (program, *words[: len(path)]) == ("dermabooth", *path)
            with command.make_context(" ".join(path), words[len(path) :]):
                pass
