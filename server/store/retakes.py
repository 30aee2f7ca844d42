"""Which stills of a visit stand, which were taken again, and which were rejected."""

from collections.abc import Iterable, Mapping, Sequence

from server.store.records import Still


def replaced_by(stills: Iterable[Still]) -> Mapping[str, str]:
    """The SOP Instance UID of the newer still, by that of the still it was taken again for; of one visit's stills."""
    return {still.replaces: still.sop_instance_uid for still in stills if still.replaces is not None}


def standing(stills: Sequence[Still]) -> list[Still]:
    """The stills of a visit that were neither taken again nor rejected, in the order given."""
    replaced = replaced_by(stills)
    return [still for still in stills if still.sop_instance_uid not in replaced and still.rejected_by is None]
