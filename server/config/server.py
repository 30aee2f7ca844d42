"""The server's settings: one TOML file, strict about names and ranges."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from server.config.audit import AuditConfig
from server.config.destinations import KEEPERS, AnyDestination, DimseSection
from server.config.dicom import DicomConfig
from server.config.network import CaptureConfig, HttpConfig, LiveConfig
from server.config.orders import OrdersConfig
from server.config.paths import rooted
from server.config.processing import (
    AnalysisConfig,
    DatabaseConfig,
    LogConfig,
    ObjectsConfig,
    RetentionConfig,
    TritonConfig,
)
from server.config.reading import explain, read_toml
from server.errors import ConfigError


class ServerConfig(BaseSettings):
    """Everything a server may be told; the environment (DERMABOOTH_SERVER_HTTP__PORT=…) wins over the file.

    Paths in the file are relative to the file's folder, all others to the working directory.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="DERMABOOTH_SERVER_", env_nested_delimiter="__"
    )

    data: Path = Path("data/server")
    """Folder of keys, database, archive and run files; not named, `data/server` in the working directory."""
    http: HttpConfig = HttpConfig()
    capture: CaptureConfig = CaptureConfig()
    database: DatabaseConfig = DatabaseConfig()
    retention: RetentionConfig = RetentionConfig()
    triton: TritonConfig = TritonConfig()
    analysis: AnalysisConfig = AnalysisConfig()
    objects: ObjectsConfig = ObjectsConfig()
    live: LiveConfig = LiveConfig()
    destinations: Annotated[tuple[AnyDestination, ...], Field(max_length=8)] = ()
    """Where DICOM objects go."""
    dicom: DicomConfig = DicomConfig()
    orders: OrdersConfig = OrdersConfig()
    audit: AuditConfig = AuditConfig()
    log: LogConfig = LogConfig()

    @field_validator("destinations")
    @classmethod
    def _names_differ(cls, destinations: tuple[AnyDestination, ...]) -> tuple[AnyDestination, ...]:
        names = [one.name for one in destinations]
        if len(set(names)) < len(names):
            raise ValueError("two destinations have the same name")
        return destinations

    @model_validator(mode="after")
    def _nothing_is_deleted_unkept(self) -> Self:
        """A FHIR server or a webhook takes note of an object without keeping it."""
        kept = {kind for one in self.destinations if isinstance(one, KEEPERS) for kind in one.objects}
        noted = {kind for one in self.destinations for kind in one.objects}
        if self.retention.days is not None and noted - kept:
            kinds = ", ".join(sorted(noted - kept))
            raise ValueError(
                f"retention.days would delete {kinds}: no folder, dimse or stow destination keeps them"
            )
        return self

    @model_validator(mode="after")
    def _commitment_is_heard(self) -> Self:
        waiting = [
            one.name
            for one in self.destinations
            if isinstance(one, DimseSection) and one.commitment == "listener"
        ]
        if waiting and not self.dicom.listener.enabled:
            raise ValueError(
                f"destination {waiting[0]}: commitment = listener needs dicom.listener.enabled = true"
            )
        return self

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
        values = {} if path is None else rooted(read_toml(path), cls, path.parent)

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
            raise ConfigError(explain(error, path, cls)) from error
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
    def audit_trail(self) -> Path:
        """Folder of the audit trail, mode 0700."""
        return self.data / "audit"

    @property
    def run(self) -> Path:
        """Folder of sockets and process files."""
        return self.data / "run"

    @property
    def database_url(self) -> str:
        """The database, with the default filled in."""
        return self.database.url or f"sqlite:///{self.data.resolve()}/dermabooth.db"
