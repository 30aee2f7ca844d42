"""Whom the booth expects, and what it remembers of those it has seen."""

import codecs
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from station.config.section import Section


class WorklistConfig(Section):
    """`[worklist]`: who is expected today."""

    source: Literal["none", "file", "server"] | None = None
    """`file`: that of `file`; `server`: the hospital's, by way of the server; `none`: only walk-ins. Left out: `file` where
    one is named.
    """
    file: Path | None = None
    """CSV file that is read again whenever it changes."""
    encoding: str = "utf-8"
    """Of a file without a byte order mark."""

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            "".encode(value)  # a codec between bytes, as hex, is refused here
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"no text encoding is called {value!r}") from None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.source == "file" and self.file is None:
            raise ValueError('source = "file" needs file, the path of a CSV file')
        if self.source in ("none", "server") and self.file is not None:
            raise ValueError(f'source = "{self.source}" reads no file: leave file out')
        return self


class MemoryConfig(Section):
    """`[memory]`: what the booth keeps of earlier visits, so that a pose can be taken again."""

    patients: Annotated[int, Field(ge=0, le=10_000)] = 500
    """Patients of whom line drawings and the place of the face are kept; 0: nobody's, and what there is is deleted."""
    days: Annotated[float, Field(ge=0, le=3660)] = 90.0
    """Days after the last visit for which they are kept; 0: as for `patients`."""
