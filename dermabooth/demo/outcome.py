"""What came of the demo's visit, as `--json` writes it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from server.inference import ModelStatistics, TritonClient
from server.store import Archive, Instance, Still, Store, WorkState, WorkStatus, standing
from station.kiosk import BoothState, UplinkStatus
from station.protocol import Verdict

KINDS = ("photo", "segmentation", "report")
"""The objects that every still has; some have more."""


async def collect(
    study: str, booth: BoothState, store: Store, archive: Archive, triton: TritonClient
) -> dict[str, Any]:
    """The outcome of the booth's visit; `ok` only if each still was taken, stored, analysed and written as DICOM."""
    stills = await store.stills(study)
    instances = await store.instances(study)
    work = await store.work(study)
    paths = [archive.resolve(instance.path) for instance in instances]
    taken = sum(1 for still in (booth.visit.stills if booth.visit else ()) if still.sop_instance_uid)
    complete = len(standing(stills)) == taken == booth.protocol.stills
    written = _have_all(stills, instances) and all(path.is_file() for path in paths)
    return {
        "ok": _is_done(work) and complete and written,
        "study_instance_uid": study,
        "stills": {"taken": taken, "stored": len(stills), "lost": taken - len(standing(stills))},
        "not_taken": not_taken(booth),
        "instances": [_instance(each, path) for each, path in zip(instances, paths, strict=True)],
        "live": _live(booth.uplink),
        "quality": [_quality(still) for still in stills],
        "measures": await _measures(stills, store),
        "triton": {
            "server_version": await triton.server_version(),
            "models": {name: _counts(found) for name, found in (await triton.statistics()).items()},
        },
        "failures": [_failure(status) for status in work if status.state != WorkState.DONE],
    }


def _is_done(work: Sequence[WorkStatus]) -> bool:
    return bool(work) and all(status.state == WorkState.DONE for status in work)


def _have_all(stills: Sequence[Still], instances: Sequence[Instance]) -> bool:
    """Whether every still has every one of `KINDS`."""
    have = {(instance.still_uid, instance.kind) for instance in instances}
    return {(still.sop_instance_uid, kind) for still in stills for kind in KINDS} <= have


def _instance(instance: Instance, path: Path) -> dict[str, str]:
    return {
        "path": str(path),
        "sop_class_uid": instance.sop_class_uid,
        "modality": instance.modality,
        "kind": instance.kind,
        "sop_instance_uid": instance.sop_instance_uid,
    }


def _live(uplink: UplinkStatus) -> dict[str, Any]:
    return {
        "frames_sent": uplink.frames_sent,
        "overlays_received": uplink.overlays_received,
        "dropped": uplink.dropped,
        "latency_ms": {"p50": uplink.latency_ms, "p95": uplink.latency_p95_ms},
    }


def _failure(status: WorkStatus) -> dict[str, str]:
    return {
        "sop_instance_uid": status.sop_instance_uid,
        "step": status.step,
        "state": status.state,
        "error": status.error,
    }


def not_taken(booth: BoothState) -> list[dict[str, str]]:
    """`view`, `light` and the reason `why` of every still of the visit that the booth left out."""
    return [
        {"view": still.view.value, "light": still.light.value, "why": still.message}
        for still in (booth.visit.stills if booth.visit else ())
        if not still.sop_instance_uid
    ]


def _quality(still: Still) -> dict[str, Any]:
    report = still.quality
    return {
        **_picture(still),
        "verdict": Verdict.UNKNOWN.value if report is None else report.verdict.value,
        "measures": [] if report is None else [msgspec.to_builtins(m) for m in report.measures],
    }


async def _measures(stills: list[Still], store: Store) -> list[dict[str, Any]]:
    return [
        {**_picture(still), **msgspec.to_builtins(measure)}
        for still in stills
        for measure in await store.measures(still.sop_instance_uid)
    ]


def _picture(still: Still) -> dict[str, str]:
    return {
        "image": still.sop_instance_uid,
        "view": still.header.view.value,
        "light": still.header.light.value,
    }


def _counts(statistics: ModelStatistics) -> dict[str, int]:
    return {
        "inference_count": statistics.inference_count,
        "execution_count": statistics.execution_count,
    }
