"""The server's settings: one TOML file, strict about names and ranges."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from server.errors import ConfigError
from station.quality import QualityProfile, load_profile

_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  compared, not bound


IceUrl = Annotated[str, Field(pattern=r"^(stun|turn|turns):[^\s<>\"]+$", max_length=255)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpConfig(_Section):
    """Pages, API and the preview's signalling."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8480
    """0 takes a free port."""
    public_url: str = ""
    """How booths and browsers reach it, `http://NAME:PORT` or `https://NAME`; empty: from host and port."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        """Booths are sent there and pages are answered under that name only: neither works for 0.0.0.0."""
        url = urlsplit(self.public_url)
        if self.public_url and (url.scheme not in ("http", "https") or not url.hostname or url.path):
            raise ValueError("public_url must be http://NAME:PORT or https://NAME, without a path")
        if self.host in _EVERYWHERE and not self.public_url:
            raise ValueError(
                f"with host {self.host} say in public_url how booths and browsers reach this server, "
                "e.g. http://10.0.0.5:8480 (environment: DERMABOOTH_SERVER_HTTP__PUBLIC_URL)"
            )
        return self


class CaptureConfig(_Section):
    """Where booths send stills."""

    endpoint: str = "tcp://127.0.0.1:8481"
    """ZeroMQ endpoint to bind; port `*` takes a free one."""


class DatabaseConfig(_Section):
    """Where results are kept."""

    url: str = ""
    """`sqlite:///PATH` or `postgresql://…`; empty: SQLite in the data folder. Passwords belong in the environment."""


class TritonConfig(_Section):
    """The inference server."""

    mode: Literal["managed", "external"] = "managed"
    """`managed` starts the Triton of `environment` on loopback; `external` uses `url`."""
    url: str = "127.0.0.1:8482"
    """gRPC address; a managed one on port 0 takes a free port."""
    environment: Path = Path(".venv-triton")
    """Python environment that holds the managed Triton."""
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """ONNX Runtime threads of one model instance."""


class AnalysisConfig(_Section):
    """How stills are judged."""

    quality_profile: Literal["off", "normal", "strict"] = "normal"
    severity: Literal["averaged", "fast"] = "averaged"
    """Acne severity from several augmented copies of the face, or from the face alone in a fraction of the time."""
    repeatability: Path | None = None
    """The `repeatability.json` of `dermabooth repeatability`: pages then show which changes are more than chance."""


class IceServerConfig(_Section):
    """A STUN or TURN server."""

    urls: Annotated[tuple[IceUrl, ...], Field(min_length=1, max_length=8)]
    """`stun:HOST:PORT`, `turn:HOST:PORT?transport=udp` or `turns:HOST:PORT?transport=tcp`."""
    username: str = ""
    credential_file: Path | None = None
    """File with the password of `username`, in one line; it is sent to those who may publish or watch."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.username) is not bool(self.credential_file):
            raise ValueError("username and credential_file go together")
        return self

    def credential(self) -> str:
        """The password, or nothing; raises `ConfigError`."""
        if self.credential_file is None:
            return ""
        try:
            text = self.credential_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"live.ice_servers: {self.credential_file} cannot be read") from error
        if not text.isprintable() or not text:
            raise ConfigError(f"live.ice_servers: {self.credential_file} must hold one line, the password")
        return text


class LiveConfig(_Section):
    """Previews."""

    ice_servers: Annotated[tuple[IceServerConfig, ...], Field(max_length=8)] = ()
    """For booths and viewers that do not reach this server directly."""
    jpeg: Annotated[str, Field(pattern=r"^(tcp://\S+:(\d{1,5}|\*))?$")] = ""
    """ZeroMQ endpoint to bind for previews as JPEG, e.g. `tcp://0.0.0.0:8483`; empty: WHIP alone."""
    offers_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 120
    """Offers of one caller, a token at an address, at WHIP and WHEP; behind a proxy all addresses are the proxy's."""
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600
    """Candidates sent and sessions ended by one caller, and requests of an address that no token allows."""


class LogConfig(_Section):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class ServerConfig(BaseSettings):
    """Everything a server may be told; the environment (DERMABOOTH_SERVER_HTTP__PORT=…) wins over the file."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="DERMABOOTH_SERVER_", env_nested_delimiter="__"
    )

    data: Path = Path("data/server")
    """Folder of keys, database, archive and run files."""
    http: HttpConfig = HttpConfig()
    capture: CaptureConfig = CaptureConfig()
    database: DatabaseConfig = DatabaseConfig()
    triton: TritonConfig = TritonConfig()
    analysis: AnalysisConfig = AnalysisConfig()
    live: LiveConfig = LiveConfig()
    log: LogConfig = LogConfig()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the caller says, over the environment."""
        return init_settings, env_settings

    @classmethod
    def load(cls, path: Path | None = None, **overrides: Any) -> Self:
        """The settings: `overrides`, over the environment, over a file, over the defaults.

        Raises `ConfigError` that names the key and what would be accepted.
        """
        values = {} if path is None else _read(path)

        class WithFile(cls):  # type: ignore[valid-type,misc]
            @classmethod
            def settings_customise_sources(
                cls, settings_cls: type[BaseSettings], *args: Any, **sources: Any
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                given = super().settings_customise_sources(settings_cls, *args, **sources)
                return *given, InitSettingsSource(settings_cls, values)

        try:
            settings: Self = WithFile(**overrides)
        except ValidationError as error:
            raise ConfigError(_explain(error, path)) from error
        return settings

    @property
    def keys(self) -> Path:
        """Folder of secrets, mode 0700."""
        return self.data / "keys"

    @property
    def booths(self) -> Path:
        """Folder of the allowed booths' public keys."""
        return self.data / "booths"

    @property
    def archive(self) -> Path:
        """Folder of the stills and DICOM objects."""
        return self.data / "archive"

    @property
    def run(self) -> Path:
        """Folder of sockets and process files."""
        return self.data / "run"

    @property
    def database_url(self) -> str:
        """The database, with the default filled in."""
        return self.database.url or f"sqlite:///{self.data.resolve()}/dermabooth.db"


def read_profile(path: Path) -> QualityProfile:
    """The quality profile in a TOML file; raises `ConfigError`."""
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.toml")))
        raise ConfigError(f"there is no quality profile {path.stem!r}; there are: {known}")
    try:
        return load_profile(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; configs/server/ holds examples") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _explain(error: ValidationError, path: Path | None) -> str:
    source = "the settings" if path is None else str(path)
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key; known here: {', '.join(_known(item['loc'][:-1]))}")
        else:
            lines.append(f"{key}: {item['msg']}")
    return f"{source}: " + "; ".join(lines)


def _known(location: tuple[str | int, ...]) -> list[str]:
    model: Any = ServerConfig
    for part in location:
        model = get_args(model)[0] if isinstance(part, int) else model.model_fields[part].annotation
    return sorted(model.model_fields)
