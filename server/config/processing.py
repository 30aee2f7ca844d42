"""What is done with stills, and with what."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from server.config.section import Section


class DatabaseConfig(Section):
    """Where results are kept."""

    url: str = ""
    """`sqlite:////PATH` or `postgresql://…`; empty: SQLite in the data folder. Passwords belong in the environment."""

    @field_validator("url")
    @classmethod
    def _placed(cls, value: str) -> str:
        if value.startswith("sqlite:") and not value.startswith("sqlite:////"):
            raise ValueError(
                "names a file by its whole path, with four slashes: sqlite:////srv/dermabooth.db"
            )
        return value


class RetentionConfig(Section):
    """How long DICOM objects stay here."""

    days: Annotated[float, Field(ge=0, le=36500)] | None = None
    """Days after the last destination proved to keep an object until its copy here is deleted; none: it stays."""


class TritonConfig(Section):
    """The inference server."""

    mode: Literal["managed", "external"] = "managed"
    """`managed` starts the Triton of `environment` on loopback; `external` uses `url`."""
    url: str = "127.0.0.1:8482"
    """gRPC address; a managed one on port 0 takes a free port."""
    environment: Path = Path(".venv-triton")
    """Python environment that holds the managed Triton."""
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """ONNX Runtime threads of one model instance."""


class AnalysisConfig(Section):
    """How stills are judged."""

    quality_profile: Literal["off", "normal", "strict"] = "normal"
    severity: Literal["averaged", "fast"] = "averaged"
    """Acne severity from several augmented copies of the face, or from the face alone in a fraction of the time."""
    repeatability: Path | None = None
    """The `repeatability.json` of `dermabooth repeatability`: pages then show which changes are more than chance."""


class ObjectsConfig(Section):
    """What is made of a still beside photo, masks and report."""

    heat_maps: bool = True
    """Where models see what they tell, as a fractional segmentation."""
    overlay: bool = True
    """A picture with the findings drawn on it, for viewers that do not draw segmentations."""
    label_map: bool = False
    """The parts of the face as a label map, which young viewers read and stock PACS may refuse."""


class LogConfig(Section):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
