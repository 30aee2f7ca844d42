"""What came of the demo's visit, as `--json` writes it."""

from typing import Any

import msgspec

from server.inference import ModelStatistics, TritonClient
from server.store import Archive, Still, Store, WorkState, standing
from station.kiosk import BoothState
from station.protocol import Verdict

KINDS = ("photo", "segmentation", "report")
"""The objects that every still has; some have more."""


async def collect(
    study: str, booth: BoothState, store: Store, archive: Archive, triton: TritonClient
) -> dict[str, Any]:
    """The outcome of the booth's visit; `ok` only if each still was taken, stored, analysed and written as DICOM."""
    taken = sum(1 for still in (booth.visit.stills if booth.visit else ()) if still.sop_instance_uid)
    stills = await store.stills(study)
    instances = await store.instances(study)
    work = await store.work(study)
    done = bool(work) and all(status.state == WorkState.DONE for status in work)
    paths = [archive.resolve(instance.path) for instance in instances]
    complete = len(standing(stills)) == taken == booth.protocol.stills
    have = {(instance.still_uid, instance.kind) for instance in instances}
    needed = {(still.sop_instance_uid, kind) for still in stills for kind in KINDS}
    written = needed <= have and all(path.is_file() for path in paths)
    return {
        "ok": done and complete and written,
        "study_instance_uid": study,
        "stills": {"taken": taken, "stored": len(stills), "lost": taken - len(standing(stills))},
        "not_taken": not_taken(booth),
        "instances": [
            {
                "path": str(path),
                "sop_class_uid": instance.sop_class_uid,
                "modality": instance.modality,
                "kind": instance.kind,
                "sop_instance_uid": instance.sop_instance_uid,
            }
            for instance, path in zip(instances, paths, strict=True)
        ],
        "live": {
            "frames_sent": booth.uplink.frames_sent,
            "overlays_received": booth.uplink.overlays_received,
            "dropped": booth.uplink.dropped,
            "latency_ms": {"p50": booth.uplink.latency_ms, "p95": booth.uplink.latency_p95_ms},
        },
        "quality": [_quality(still) for still in stills],
        "measures": await _measures(stills, store),
        "triton": {
            "server_version": await triton.server_version(),
            "models": {name: _counts(found) for name, found in (await triton.statistics()).items()},
        },
        "failures": [
            {"sop_instance_uid": s.sop_instance_uid, "step": s.step, "state": s.state, "error": s.error}
            for s in work
            if s.state != WorkState.DONE
        ],
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
