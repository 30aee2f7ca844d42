"""The booth's configuration: shipped files load, mistakes are named, the environment wins over the file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from station.config import StationConfig
from station.config.station import PATHS
from station.devices.registry import CAMERAS, INTERLOCKS, LIGHT_RIGS, Driver
from station.errors import ConfigError
from station.protocol import Encoding

pytestmark = pytest.mark.unit

Write = Callable[[str], Path]
CONFIGS = Path(__file__).parents[3] / "configs"
GOOD = f"""
booth_id = "b-1"
protocol = "{CONFIGS / "protocols/front.toml"}"
quality = "{CONFIGS / "quality/normal.toml"}"
[camera]
type = "sim"
[lights]
type = "sim"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "station.toml"
        path.write_text(text)
        return path

    return to_file


def names(folder: str) -> list[str]:
    return sorted(path.name for path in (CONFIGS / folder).glob("*.toml"))


@pytest.mark.parametrize("name", names("station"))
def test_every_station_file_loads(name: str) -> None:
    config = StationConfig.load(CONFIGS / "station" / name)
    assert config.visit_protocol.stills >= 1
    assert config.quality_profile.version


def test_real_lamps_need_a_real_interlock(write: Write) -> None:
    dmx = GOOD.replace(
        '[lights]\ntype = "sim"', '[lights]\ntype = "dmx"\n[lights.channels.white]\nslots = [1]'
    )
    with pytest.raises(ConfigError, match=r"interlock.type cannot be sim with lights of type dmx.*none"):
        StationConfig.load(write(dmx + '[interlock]\ntype = "sim"\n'))
    assert StationConfig.load(write(dmx)).interlock == {"type": "none"}


@pytest.mark.parametrize("camera", ["sim", "files"])
def test_real_lamps_with_an_interlock_need_a_camera_that_sees_the_eyes(write: Write, camera: str) -> None:
    text = GOOD.replace(
        '[lights]\ntype = "sim"', '[lights]\ntype = "dmx"\n[lights.channels.white]\nslots = [1]'
    )
    text = (
        text.replace('[camera]\ntype = "sim"', '[camera]\ntype = "files"\nfolder = "."')
        if camera == "files"
        else text
    )
    door = '[interlock]\ntype = "serial"\nport = "/dev/null"\n'
    with pytest.raises(ConfigError, match=rf"none with lights of type dmx and a camera of type {camera}"):
        StationConfig.load(write(text + door))


@pytest.mark.parametrize(
    ("addition", "named"),
    [
        ("kamera = 1\n", "unknown key kamera"),
        ("[visit]\nseating = 1\n", "unknown key visit.seating"),
        ("[visit]\npace = 'slow'\n", "visit.pace: Input should be 'guided' or 'timed'"),
        ("[visit]\npace = 'guided'\n[kiosk]\nenabled = false\n", "nobody could guide"),
        (
            "[preview]\nhints_hz = 1\n",
            r"^station\.toml: preview\.hints_hz must be at least 2 where visits are guided[^{]*$",
        ),
        (
            "[preview]\nmost_kbit_s = 1000\n",
            "preview: must have least_kbit_s <= bitrate_kbit_s <= most_kbit_s$",
        ),
        ("[visit]\nidle_limit_s = 0\n", "visit.idle_limit_s: Input should be greater than 0"),
        ("[visit]\nseating_s = -1\n", "visit.seating_s: Input should be greater than or equal to 0"),
        ("[preview]\npower = 1.5\n", "preview.power: Input should be less than or equal to 1"),
        ("[preview]\nlight = 'red'\n", "preview.light: .*'white'"),
        ("[preview]\nlight = 'uv'\n", "preview.light: .*cannot be ultraviolet"),
        ("[uv]\nmax_j_m2 = 10001\n", "uv.max_j_m2: Input should be less than or equal to 10000"),
        ("[uv]\nmax_effective_j_m2 = 31\n", "uv.max_effective_j_m2: .*less than or equal to 30"),
        ("[interlock]\ntype = 'door'\n", "interlock.type is 'door', known are: modbus, none, serial, sim"),
        ("[kiosk]\nport = 70000\n", "kiosk.port"),
        ("[kiosk]\nhost = '0.0.0.0'\n", "kiosk.host: .*'127.0.0.1'"),
        ("[uplink]\nserver = 'http://x'\n", "uplink.server"),
        ("[uplink]\nencoding = 'zip'\n", "uplink.encoding: .*'raw'"),
        (f"[uplink]\nencoding = '{'z' * 5000}'\n", "^.{0,300}$"),
        ("[worklist]\nencoding = 'hex'\n", "worklist.encoding: .*no text encoding is called 'hex'"),
    ],
)
def test_a_mistake_is_named(write: Write, addition: str, named: str) -> None:
    text = addition + GOOD if not addition.startswith("[") else GOOD + addition
    with pytest.raises(ConfigError, match=named):
        StationConfig.load(write(text))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            'type = "sim"\n[lights]',
            'type = "webcam"\n[lights]',
            "camera.type is 'webcam', known are: files, genicam, gphoto2, sim, v4l2",
        ),
        ('type = "sim"\n[lights]', 'type = "sim"\niso = 100\n[lights]', "unknown key camera.iso"),
        (
            'type = "sim"\n[lights]',
            'type = "sim"\nwidth = 10\n[lights]',
            "camera.width: .*greater than or equal to 240",
        ),
        ('booth_id = "b-1"', 'booth_id = "B 1"', "booth_id: .*lower-case"),
        ("[camera]", "[camera", "not TOML"),
        ("protocol =", "protocoll =", "unknown key protocoll"),
        ("front.toml", "back.toml", "back.toml cannot be read"),
    ],
)
def test_a_wrong_line_is_named(write: Write, old: str, new: str, named: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=named):
        StationConfig.load(write(GOOD.replace(old, new)))


def test_the_environment_wins_over_the_file_and_overrides_over_both(
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DERMABOOTH_STATION_BOOTH_ID", "from-env")
    monkeypatch.setenv("DERMABOOTH_STATION_CAMERA__SEED", "7")
    monkeypatch.setenv("DERMABOOTH_STATION_VISIT__SEATING_S", "0.5")
    path = write(GOOD + "[visit]\nseating_s = 9\n[uplink]\nencoding = 'delta+zstd'\n")
    config = StationConfig.load(path, {"visit": {"seating_s": 1.5}})
    assert config.booth_id == "from-env"
    assert config.camera == {"type": "sim", "seed": "7"}
    assert config.visit.seating_s == 1.5
    assert config.uplink.encoding is Encoding.DELTA_ZSTD


def test_an_unknown_name_in_the_environment_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOOTH_STATION_BOOTHID", "x")
    with pytest.raises(ConfigError, match="DERMABOOTH_STATION_BOOTHID"):
        StationConfig.load(write(GOOD))


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    config = StationConfig.load(CONFIGS / "station/files.toml")
    assert config.camera["folder"] == CONFIGS / "station/pictures"
    assert config.protocol.resolve() == CONFIGS / "protocols/photograph.toml"


def test_the_data_folder_is_relative_to_the_file_too(write: Write) -> None:
    path = write('data = "booth"\n' + GOOD)
    assert StationConfig.load(path).data == path.parent / "booth"
    assert StationConfig.load(path, {"data": Path("here")}).data == Path("here")
    assert StationConfig.load(write(GOOD)).data == Path("data/station")


@pytest.mark.parametrize(
    ("section", "drivers"), [("camera", CAMERAS), ("lights", LIGHT_RIGS), ("interlock", INTERLOCKS)]
)
def test_every_path_of_a_driver_is_known_as_one(
    section: str, drivers: Mapping[str, Driver[Any, BaseModel]]
) -> None:
    options = [driver.options.model_fields for driver in drivers.values()]
    paths = {key for fields in options for key, field in fields.items() if "Path" in str(field.annotation)}
    assert paths == {key for table, key in PATHS if table == section}


@pytest.mark.parametrize("kind", ["[]", "{}", "'none'"])
def test_a_type_that_is_none_is_named_with_its_file(write: Write, kind: str) -> None:
    path = write(GOOD.replace('[camera]\ntype = "sim"', f"[camera]\ntype = {kind}"))
    with pytest.raises(
        ConfigError, match=r"^station.toml: camera.type is .*, known are: files, genicam, gphoto2, sim, v4l2"
    ):
        StationConfig.load(path)


def test_a_path_that_is_none_is_refused(write: Write) -> None:
    path = write(GOOD.replace("front.toml", "\\u0000"))
    with pytest.raises(ConfigError, match="is no path"):
        StationConfig.load(path)


@pytest.mark.parametrize(
    ("text", "guided"),
    [
        ("", True),
        ("[kiosk]\nenabled = false\n", False),
        ("[visit]\npace = 'timed'\n[preview]\nhints_hz = 1\n", False),
        ("[visit]\npace = 'guided'\n", True),
    ],
)
def test_visits_are_guided_where_there_is_a_page(write: Write, text: str, guided: bool) -> None:
    assert StationConfig.load(write(GOOD + text)).guided is guided
