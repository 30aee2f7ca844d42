"""What `dermabooth devices` lists can be copied into a configuration."""

import json
import tomllib
from pathlib import Path

import pytest

from station.devices import search
from station.devices.genicam import FoundCamera, find_cameras
from station.devices.registry import camera_options, interlock_options
from station.devices.search import Found
from tests.fixtures import command_process

pytestmark = pytest.mark.integration


def run(*arguments: str, card: Path) -> str:
    done = command_process.run("devices", *arguments, environment={"VCAMERADIR": str(card)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_line_is_a_section_and_fakes_are_marked(tmp_path: Path) -> None:
    lines = run(card=tmp_path).splitlines()
    fakes = [line for line in lines if "(fake)" in line]
    for name in ("Fake_1", "sim", "Nikon DSC D750"):
        assert any(f'"{name}"' in line for line in fakes)
    for line in lines:
        text = line[line.index("  ") :].strip()
        (kind,) = tomllib.loads(text)
        if kind == "camera":
            camera_options(tomllib.loads(text)["camera"])
        if kind == "interlock":
            interlock_options(tomllib.loads(text)["interlock"])


def test_programs_get_json(tmp_path: Path) -> None:
    listed = json.loads(run("--json", card=tmp_path))
    assert {(each["kind"], each["type"]) for each in listed["devices"] if each["fake"]} >= {
        ("camera", "genicam"),
        ("camera", "gphoto2"),
        ("camera", "sim"),
        ("interlock", "sim"),
        ("lights", "sim"),
    }
    assert listed["not_searched"] == []


def test_cameras_and_ports_go_by_names_that_last(tmp_path: Path) -> None:
    for number, (name, index) in enumerate([("Webcam", "0"), ("Webcam", "1")]):
        node = tmp_path / "sys" / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(name + "\n")
        (node / "index").write_text(index + "\n")
    (found,) = search._uvc_cameras(tmp_path / "sys")
    assert found == Found("camera", "Webcam", {"type": "v4l2", "device": "/dev/video0"})
    (tmp_path / "ttyACM0").touch()
    (tmp_path / "serial" / "by-id").mkdir(parents=True)
    link = tmp_path / "serial" / "by-id" / "usb-Lights"
    link.symlink_to(tmp_path / "ttyACM0")
    ports = list(search._serial_ports(tmp_path))
    assert [port.kind for port in ports] == ["lights", "interlock"]
    assert all(port.section == {"type": "serial", "port": str(link)} for port in ports)


def test_what_cannot_be_searched_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_python(**_: bool) -> list[FoundCamera]:
        return find_cameras(Path("/no/python"))

    monkeypatch.setattr("station.devices.search.genicam.find_cameras", without_python)
    monkeypatch.setattr("station.devices.search.gphoto2.find_cameras", list)
    found, (missed,) = search.find_devices()
    assert missed.type == "genicam"
    assert "/no/python" in missed.reason
    assert found[-1].fake
