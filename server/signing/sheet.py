"""What the report for people says: plain values, ready to be laid out."""

import msgspec

from station.protocol import Conditions, Light, Order, Patient, Preparation, Verdict, View


class Photograph(msgspec.Struct, frozen=True, kw_only=True):
    """One photograph; paths are below the archive."""

    sop_instance_uid: str
    view: View
    light: Light
    captured_at: float
    width: int
    height: int
    """Of the photograph, px: what is drawn below it is left out."""
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right and bottom of what is shown, as shares of width and height."""
    verdict: Verdict
    advice: str = ""
    """What is wrong with it, in the operator's words."""
    override: str = ""
    report: str = ""
    """Its structured report; empty: there is none."""
    overlay: str = ""
    """The DICOM picture with what was found drawn on it."""
    rendition: str = ""
    """A JPEG of the photograph, where there is no overlay."""

    @property
    def aspect(self) -> float:
        """Height of what is shown by its width."""
        left, top, right, bottom = self.part
        return self.height * (bottom - top) / max(self.width * (right - left), 1.0)


class Past(msgspec.Struct, frozen=True):
    """A value of an earlier visit."""

    at: float
    """When the photograph was taken, seconds since 1970 UTC."""
    value: float
    comparable: bool
    """Whether it was measured with the same method."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of one photograph, with its values by region."""

    name: str
    unit: str
    method: str
    view: View
    light: Light
    values: dict[str, float]
    past: tuple[Past, ...] = ()
    """Of the first region, oldest first; this visit comes last."""


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of the face as a whole."""

    name: str
    value: float
    method: str
    past: tuple[Past, ...] = ()


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, and when; at most 64 characters each but for the name."""

    id: str
    name: str
    organization: str
    account: str
    at: float
    replaces_at: float | None = None
    """When the report was signed that this one takes the place of."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is on the pages; times in seconds since 1970 UTC."""

    study_instance_uid: str
    """As the objects have it."""
    institution: str
    software: str
    patient: Patient
    order: Order | None
    booth_id: str
    opened_at: float
    complete: bool | None
    expected: int
    protocol: str
    preparation: Preparation
    conditions: Conditions
    photographs: tuple[Photograph, ...]
    results: tuple[Result, ...]
    assessments: tuple[Assessment, ...]
    unmeasured: tuple[tuple[str, tuple[str, ...]], ...]
    """Why something could not be measured, and the names of what."""
    methods: tuple[str, ...]
    """Algorithms with their versions."""
    made_at: float
    signed: Signed | None = None
    """None: nobody has signed it."""
