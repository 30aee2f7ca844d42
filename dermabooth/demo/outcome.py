"""What came of the demo's visit, as `--json` writes it and as people read it."""

from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from server.inference import ModelStatistics, TritonClient
from server.store import Archive, Still, Store, WorkState
from station.kiosk import BoothState
from station.protocol import Verdict

OBJECTS_PER_STILL = 3
"""Photo, segmentation and report."""
MARKS = {Verdict.PASS: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red", Verdict.UNKNOWN: "dim"}


async def collect(
    study: str, taken: int, booth: BoothState, store: Store, archive: Archive, triton: TritonClient
) -> dict[str, Any]:
    """The outcome of a visit of `taken` stills; `ok` only if each was stored, analysed and written as DICOM."""
    stills = await store.stills(study)
    instances = await store.instances(study)
    work = await store.work(study)
    done = bool(work) and all(status.state == WorkState.DONE for status in work)
    paths = [archive.resolve(instance.path) for instance in instances]
    complete = len(stills) == taken and len(instances) == OBJECTS_PER_STILL * taken
    return {
        "ok": taken > 0 and done and complete and all(path.is_file() for path in paths),
        "study_instance_uid": study,
        "stills": {"taken": taken, "stored": len(stills), "lost": taken - len(stills)},
        "instances": [
            {
                "path": str(path),
                "sop_class_uid": instance.sop_class_uid,
                "modality": instance.modality,
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


def show(outcome: dict[str, Any], seconds: float, console: Console) -> None:
    """Print the outcome as tables."""
    quality = Table("still", "verdict", "advice", title="Capture quality", title_justify="left")
    for record in outcome["quality"]:
        advice = "; ".join(
            dict.fromkeys(m["advice"] for m in record["measures"] if m["verdict"] in ("warn", "fail"))
        )
        colour = MARKS[Verdict(record["verdict"])]
        quality.add_row(record["light"], f"[{colour}]{record['verdict']}[/]", advice)
    console.print(quality)
    measures = Table("light", "region", "measure", "value", title="Skin, whole face", title_justify="left")
    for measure in outcome["measures"]:
        if measure["region"] == "face":
            value = (
                f"not measurable: {measure['reason']}"
                if measure["value"] is None
                else f"{measure['value']:.3g} {measure['unit']}"
            )
            measures.add_row(measure["light"], measure["region"], measure["name"].replace("_", " "), value)
    console.print(measures)
    stills, live = outcome["stills"], outcome["live"]
    latency = live["latency_ms"]
    console.print(
        f"{stills['stored']} of {stills['taken']} stills stored, {len(outcome['instances'])} DICOM objects, "
        f"{seconds:.0f} s from start to last object",
        highlight=False,
    )
    console.print(
        f"preview: {live['frames_sent']} frames sent, {live['overlays_received']} overlays back, latency "
        f"{latency['p50'] or 0:.0f} ms (median), {latency['p95'] or 0:.0f} ms (95th percentile)",
        highlight=False,
    )
    for failure in outcome["failures"]:
        console.print(f"[red]{failure['step']} {failure['state']}[/]: {failure['error']}")


def _quality(still: Still) -> dict[str, Any]:
    report = still.quality
    return {
        "image": still.sop_instance_uid,
        "light": still.header.light.value,
        "verdict": Verdict.UNKNOWN.value if report is None else report.verdict.value,
        "measures": [] if report is None else [msgspec.to_builtins(m) for m in report.measures],
    }


async def _measures(stills: list[Still], store: Store) -> list[dict[str, Any]]:
    return [
        {"light": still.header.light.value, **msgspec.to_builtins(measure)}
        for still in stills
        for measure in await store.measures(still.sop_instance_uid)
    ]


def _counts(statistics: ModelStatistics) -> dict[str, int]:
    return {
        "inference_count": statistics.inference_count,
        "execution_count": statistics.execution_count,
    }
