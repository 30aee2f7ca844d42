"""Messages of the capture plane and of the preview's overlay channel.

A station message travels as one ZeroMQ multipart: the encoded message, and after a `StillChunk` one raw part with
its bytes. A visit on the wire, station on the left:

    Hello            ->            <- Welcome | Refused
    VisitOpened      ->            <- VisitNoted
    StillOffer       ->            <- StillWanted(offset, credit) | StillStored(duplicate) | Refused
    StillChunk …     ->            <- Credit …
                                   <- StillStored          (the still is on disk and in the database)
    VisitClosed      ->            <- VisitNoted
                                   <- StillProgress, StillExamined   (whenever they happen)
    OrdersWanted     ->            <- OrdersTold …         (only where the Welcome says that there is a worklist)
    Heartbeat        <->           Heartbeat
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from station.protocol.errors import ErrorCode
from station.protocol.frame import FrameHeader
from station.protocol.ids import BoothId, Sha256, Uid
from station.protocol.lighting import VisitProtocol
from station.protocol.orders import TEXT, Order, OrderEntry, Patient
from station.protocol.results import Overlay, PreviewVerdict, QualityReport
from station.protocol.version import MINIMUM_VERSION, PROTOCOL_VERSION

CHUNK_BYTES = 256 * 1024
"""Size of every chunk but the last."""
CREDIT = 8
"""Chunks that may be under way without an answer."""
MAX_STILL_BYTES = 1 << 30
"""Largest still on the wire."""
MAX_VISIT_STILLS = 768
"""Stills of one visit, those that were taken again among them; so many UIDs fit into a message."""
MAX_ORDERS = 500
"""Entries of a worklist."""
MAX_ORDER_PAGES = 250
"""Messages that so many entries fill at most."""
LAST_STEP = "done"
"""`StillProgress.step` once every step of a still has ended."""
HEARTBEAT_S = 2.0
"""Silence after which each side says that it is there."""
SILENCE_LIMIT_S = 8.0
"""Silence after which the peer is taken for gone."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    pass


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How the skin and the room were before the pictures, as the operator entered it; None and empty: not told."""

    acclimatised_min: Annotated[float, Meta(ge=0, le=1440)] | None = None
    """Minutes that the subject has rested in the room."""
    room_c: Annotated[float, Meta(ge=-10, le=60)] | None = None
    """Temperature of the room, degrees Celsius."""
    humidity_pct: Annotated[float, Meta(ge=0, le=100)] | None = None
    """Relative humidity of the room."""
    products: Annotated[str, Meta(max_length=256, pattern=TEXT)] = ""
    """What was used on the skin before."""


class Encoding(StrEnum):
    """Form of a still's bytes on the wire and in the spool."""

    RAW = "raw"
    """Samples as `Frame.from_bytes` reads them."""
    DELTA_ZSTD = "delta+zstd"
    """Horizontal differences, compressed with Zstandard level 1; lossless."""


class Hello(_Message, frozen=True, kw_only=True):
    """First message of a connection."""

    booth_id: BoothId
    software: Annotated[str, Meta(max_length=64)]
    version: int = PROTOCOL_VERSION
    minimum: int = MINIMUM_VERSION


class Welcome(_Message, frozen=True, kw_only=True):
    """The server knows the booth and speaks its protocol; said again when the preview's address or token changes."""

    server: Annotated[str, Meta(max_length=64)]
    version: int = PROTOCOL_VERSION
    minimum: int = MINIMUM_VERSION
    whip_url: Annotated[str, Meta(max_length=512)] = ""
    """Where the preview is posted (RFC 9725); empty: no preview wanted."""
    whip_token: Annotated[str, Meta(max_length=2048)] = ""
    """Bearer token for `whip_url`."""
    orders: bool = False
    """The server keeps a worklist: `OrdersWanted` may be said. An older server would hang up at it."""


class Refused(_Message, frozen=True, kw_only=True):
    """The peer will not do what was asked; after VERSION, UNKNOWN_BOOTH, MALFORMED or OVERSIZED it also hangs up."""

    code: ErrorCode
    message: Annotated[str, Meta(max_length=512)]
    about: Uid | None = None
    """The still or visit it is about."""


class VisitOpened(_Message, frozen=True, kw_only=True):
    """A visit begins; resent after a reconnect, known by its UID."""

    study_instance_uid: Uid
    opened_at: float
    protocol: VisitProtocol
    patient: Patient = Patient()
    conditions: Conditions = Conditions()
    order: Order | None = None
    """What the visit was ordered as; None: somebody who walked in."""


class VisitClosed(_Message, frozen=True, kw_only=True):
    """No further still of this visit will be taken."""

    study_instance_uid: Uid
    closed_at: float
    stills: Annotated[tuple[Uid, ...], Meta(max_length=MAX_VISIT_STILLS)]
    """SOP Instance UIDs of all stills of the visit, those that were taken again among them."""
    complete: bool
    """False: the visit was given up before every still was taken."""


class VisitNoted(_Message, frozen=True, kw_only=True):
    """`VisitOpened` or `VisitClosed` is in the database."""

    study_instance_uid: Uid
    closed: bool


class StillOffer(_Message, frozen=True, kw_only=True):
    """A still waits in the spool."""

    sop_instance_uid: Uid
    series_instance_uid: Uid
    study_instance_uid: Uid
    series_number: Annotated[int, Meta(ge=1, le=9999)]
    instance_number: Annotated[int, Meta(ge=1, le=9999)]
    header: FrameHeader
    encoding: Encoding
    size: Annotated[int, Meta(ge=1, le=MAX_STILL_BYTES)]
    """Bytes in this encoding."""
    sha256: Sha256
    """Hash of those bytes."""
    booth_quality: QualityReport | None = None
    """What the booth measured on the raw frame; guidance, not the verdict."""
    replaces: Uid | None = None
    """The still of the same visit that this one was taken again for; that one stays."""
    override: Annotated[str, Meta(max_length=256, pattern=TEXT)] = ""
    """Why the operator shot although the booth's gate asked for a correction; empty: it did not."""


class StillWanted(_Message, frozen=True, kw_only=True):
    """Send the still from `offset` on, at most `credit` chunks ahead."""

    sop_instance_uid: Uid
    offset: Annotated[int, Meta(ge=0, le=MAX_STILL_BYTES)]
    credit: Annotated[int, Meta(ge=1, le=64)] = CREDIT


class StillChunk(_Message, frozen=True, kw_only=True):
    """The next bytes of a still follow as a raw part of the same multipart."""

    sop_instance_uid: Uid
    offset: Annotated[int, Meta(ge=0, le=MAX_STILL_BYTES)]


class Credit(_Message, frozen=True, kw_only=True):
    """So many more chunks may be sent."""

    sop_instance_uid: Uid
    chunks: Annotated[int, Meta(ge=1, le=64)]


class StillStored(_Message, frozen=True, kw_only=True):
    """The still is fsynced and its row and work are committed: the booth may let go of it."""

    sop_instance_uid: Uid
    duplicate: bool = False


class StillProgress(_Message, frozen=True, kw_only=True):
    """A step of the analysis has ended."""

    study_instance_uid: Uid
    sop_instance_uid: Uid
    step: Annotated[str, Meta(max_length=32)]
    done: bool
    ended: Annotated[int, Meta(ge=0, le=255)] = 0
    """Steps of this still that have ended by now."""
    total: Annotated[int, Meta(ge=0, le=255)] = 0
    """Steps of this still; 0: not told."""
    message: Annotated[str, Meta(max_length=256)] = ""


class StillExamined(_Message, frozen=True, kw_only=True):
    """The server's verdict on a still's quality, from its lossless pixels."""

    study_instance_uid: Uid
    sop_instance_uid: Uid
    quality: QualityReport


class Heartbeat(_Message, frozen=True, kw_only=True):
    """I am here; a booth says it after a silence, and when its preview is judged otherwise than before."""

    preview: PreviewVerdict | None = None
    """None: nothing is judged now."""


class OrdersWanted(_Message, frozen=True, kw_only=True):
    """Tell the worklist, or who is found in it by something that was scanned or typed."""

    request: Annotated[int, Meta(ge=0, lt=1 << 32)]
    """Comes back with the answer; a booth has at most one list and one search under way."""
    known: Annotated[str, Meta(max_length=64)] = ""
    """`OrdersTold.digest` of the list that the booth has."""
    sought: Annotated[str, Meta(max_length=64, pattern=TEXT)] = ""
    """Patient ID, accession number, admission ID or beginning of a name; empty: the whole list."""


class OrdersTold(_Message, frozen=True, kw_only=True):
    """One page of a worklist; the answer is whole with the last of them."""

    request: Annotated[int, Meta(ge=0, lt=1 << 32)]
    digest: Annotated[str, Meta(max_length=64)]
    """The same for the same entries; where it is the one that the booth knows, there are no entries."""
    told_at: float | None
    """When the source said so, seconds since 1970 UTC; None: it never has."""
    problem: Annotated[str, Meta(max_length=256)] = ""
    """The operator's sentence while the source cannot be asked; the entries are those of `told_at`."""
    page: Annotated[int, Meta(ge=1, le=MAX_ORDER_PAGES)] = 1
    pages: Annotated[int, Meta(ge=1, le=MAX_ORDER_PAGES)] = 1
    entries: Annotated[tuple[OrderEntry, ...], Meta(max_length=MAX_ORDERS)] = ()
    more: bool = False
    """There are more than these: seek with more words."""


class PreviewOverlay(msgspec.Struct, frozen=True, kw_only=True):
    """An overlay on a WebRTC data channel, as JSON; label `overlay`, unordered, never retransmitted."""

    rtp_timestamp: Annotated[int, Meta(ge=0, lt=1 << 32)]
    """The frame, as the receiver of this message sees it on its own RTP stream."""
    overlay: Overlay


StationMessage = Hello | VisitOpened | VisitClosed | StillOffer | StillChunk | OrdersWanted | Heartbeat
ServerMessage = (
    Welcome
    | Refused
    | VisitNoted
    | StillWanted
    | Credit
    | StillStored
    | StillProgress
    | StillExamined
    | OrdersTold
    | Heartbeat
)
