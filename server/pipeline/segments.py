"""Results of the analysis as segments, and as the findings of a report that are joined to them."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from server.analysis import WHOLE_FACE, Finding
from server.dicom import ReportedFinding, Segment
from server.pipeline.heat import HeatMap

Mask = NDArray[np.bool_]
UidOf = Callable[[str], str]
"""The tracking UID of a region, by its name, or of a finding, by its tracking ID."""

_PARTED_BY = "face_regions"


def skin_segment(mask: NDArray[np.uint8], method: str, uid_of: UidOf) -> Segment:
    """The facial skin, of a mask (H, W); `method` is the name/version of what found it."""
    algorithm, _, version = method.partition("/")
    return Segment(
        label="Facial skin",
        kind="skin",
        mask=mask,
        algorithm=algorithm,
        version=version,
        tracking_id=WHOLE_FACE,
        tracking_uid=uid_of(WHOLE_FACE),
    )


def finding_segment(finding: Finding, uid_of: UidOf) -> Segment:
    """All that was found of one kind."""
    algorithm, _, version = finding.method.partition("/")
    return Segment(
        label=finding.label,
        kind=finding.kind,
        mask=np.asarray(finding.mask),
        algorithm=algorithm,
        version=version,
        tracking_id=finding.tracking_id,
        tracking_uid=uid_of(finding.tracking_id),
        region=finding.region,
    )


def heat_segment(found: HeatMap, uid_of: UidOf) -> Segment:
    """One heat map; of one that a mask was made of, under the mask's tracking UID."""
    algorithm, _, version = found.method.partition("/")
    return Segment(
        label=found.kind.label,
        kind=found.kind.kind,
        mask=found.values,
        algorithm=algorithm,
        version=version,
        tracking_id=found.tracking_id,
        tracking_uid=uid_of(found.tracking_id),
    )


def part_segments(regions: Mapping[str, Mask], version: str, uid_of: UidOf) -> list[Segment]:
    """The parts of the face, without those that overlap an earlier one."""
    kept: list[Segment] = []
    taken: Mask | None = None
    for name, mask in regions.items():
        if name == WHOLE_FACE or (taken is not None and (taken & mask).any()):
            continue
        taken = mask if taken is None else taken | mask
        label = name.replace("_", " ").capitalize()
        kept.append(
            Segment(
                label=label,
                kind=name,
                mask=mask,
                algorithm=_PARTED_BY,
                version=version,
                tracking_id=name,
                tracking_uid=uid_of(name),
                region=name,
            )
        )
    return kept


def reported_finding(finding: Finding, uid_of: UidOf) -> ReportedFinding:
    """The same as `finding_segment` in a report."""
    return ReportedFinding(
        kind=finding.kind,
        region=finding.region,
        tracking_id=finding.tracking_id,
        tracking_uid=uid_of(finding.tracking_id),
        measures=finding.measures,
    )


def reported_heat(found: HeatMap, uid_of: UidOf) -> ReportedFinding:
    """The same as `heat_segment` in a report."""
    return ReportedFinding(
        kind=found.kind.kind,
        region=WHOLE_FACE,
        tracking_id=found.tracking_id,
        tracking_uid=uid_of(found.tracking_id),
        measures=found.measures,
    )
