"""When the pose in the preview is good enough to shoot."""

from station.protocol import FrameHeader, QualityReport, Verdict, View
from station.quality import CLOSE_UP

GATING = frozenset(
    {
        "head_pose",
        "framing",
        "distance",
        "pose_change",
        "distance_change",
        "motion",
        "occlusion",
        "sharpness",
        "zone_sharpness",
        "specular_reflection",
        "illumination_uniformity",
        "zone_uniformity",
    }
)
"""Measures that hold a shot back while they warn or fail: what the subject, or whoever seats them, can set right.

Exposure, noise and colour are those of the preview, whose lamp and exposure are not those of the stills: they are shown and
never hold back.
"""
NOBODY = "No face in the picture: seat the subject."
UNTOLD = "Where the face is cannot be told now: wait, or look yourself and shoot with a reason."
_FOUND = "framing"
"""The measure that needs a face and nothing else of it."""


def wanting(report: QualityReport) -> tuple[str, ...]:
    """The operator's sentences on everything that holds the shot back, failures first, without repeats.

    A measure that cannot be told does not hold back, but for the face itself where there should be one: what nobody sees
    is not right.
    """
    faced = report.recipe != CLOSE_UP
    if faced and any(m.name == _FOUND and m.verdict is Verdict.UNKNOWN for m in report.measures):
        return (UNTOLD,)
    order = (Verdict.FAIL, Verdict.WARN)
    lines = [
        m.advice or f"{m.name} is not right"
        for verdict in order
        for m in report.measures
        if m.verdict is verdict and m.name in GATING
    ]
    return tuple(dict.fromkeys(lines))


class PoseWatch:
    """Tells reports on the pose that is asked for from those on frames of before.

    Reports come one after the other, each on the newest frame when its measuring began, and do not say which. So once a
    frame of the pose is there as a report comes, every later report is on that frame or a newer one.
    """

    def __init__(self, view: View, newest: FrameHeader | None) -> None:
        """`newest` is the newest preview frame when the pose was asked for."""
        self._view = view
        self._before = -1 if newest is None else newest.frame_id
        self._seen = False

    def reported(self, newest: FrameHeader | None) -> bool:
        """Whether the report that comes now, with `newest` in the preview, is on the pose."""
        told = self._seen
        self._seen = told or (
            newest is not None and newest.frame_id > self._before and newest.view is self._view
        )
        return told
