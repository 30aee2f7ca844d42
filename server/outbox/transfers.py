"""What is told of deliveries: one transfer per study, stage and reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from server.outbox.contract import Stage, Transfer
from server.store import Delivery, DeliveryState, Noted

_STAGES = {
    DeliveryState.STORED: Stage.STORED,
    DeliveryState.COMMITTED: Stage.STORED,
    DeliveryState.PARKED: Stage.PARKED,
}


def begun(destination: str, deliveries: Sequence[Delivery]) -> Transfer:
    """The beginning of sending deliveries of one study."""
    return _transfer(destination, deliveries, Stage.BEGINS)


def ended(destination: str, deliveries: Iterable[Delivery], noted: Mapping[int, Noted]) -> Iterator[Transfer]:
    """What was stored, and what was parked for each reason; what waits to be sent again has not ended."""

    def end(one: Delivery) -> tuple[str, str]:
        stage = _STAGES[noted[one.id].state]
        return stage, noted[one.id].reason or "refused" if stage is Stage.PARKED else ""

    over = [one for one in deliveries if one.id in noted and noted[one.id].state in _STAGES]
    for (stage, reason), group in groupby(sorted(over, key=end), end):
        yield _transfer(destination, list(group), Stage(stage), reason)


def _transfer(destination: str, deliveries: Sequence[Delivery], stage: Stage, reason: str = "") -> Transfer:
    instances: dict[str, list[str]] = {}
    for one in deliveries:
        instances.setdefault(one.instance.sop_class_uid, []).append(one.instance.sop_instance_uid)
    first = deliveries[0].instance
    return Transfer(destination, first.study_instance_uid, first.still_uid, stage, instances, reason)
