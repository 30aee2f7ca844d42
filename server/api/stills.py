"""Stills: what is known of one, its picture, its layers and its quality."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import hdrs, web

from server.access import Scope
from server.api.about import About, choice, header, whole
from server.api.outlines import drawn_regions
from server.api.renditions import RENDITIONS, WHOLE, WIDTHS, Part
from server.api.resources import ARCHIVE, STORE, json_response, number_in_query, uid_in_path
from server.api.routes import Route, route
from server.api.schemas import InstanceInfo, StepInfo, StillInfo, StillQuality
from server.store import Archive, Instance, Still, WorkStatus, replaced_by
from station.protocol import Layer, Verdict

LAYERS = tuple(layer.value for layer in Layer)
MARKS = frozenset({Layer.SPOTS, Layer.TROUBLE, Layer.WRINKLES, Layer.PORES, Layer.PORPHYRIN, Layer.UV_SPOTS})
"""Layers of small things, which scaling down must not lose."""
_AROUND_FACE = 0.15
"""What a close-up shows around the face's box, as a share of its width and height."""


def routes() -> list[Route]:
    """The routes of the stills."""
    return [
        route("GET", "/api/stills/{sop}", still, Scope.READ, answer=StillInfo),
        route("GET", "/api/stills/{sop}/image", image, Scope.READ, about=_picture("image/jpeg")),
        route("GET", "/api/stills/{sop}/layers/{name}", layer, Scope.READ, about=_picture("image/png")),
        route("GET", "/api/stills/{sop}/quality", quality, Scope.READ, answer=StillQuality),
    ]


def _picture(media_type: str) -> About:
    return About(
        parameters=(
            whole("width", 1, 100_000, WIDTHS[-1], "the next larger one that is made is sent"),
            choice("part", ("whole", "face")),
            header(hdrs.IF_NONE_MATCH),
        ),
        sends=(media_type,),
        success=(200, 304),
        problems=(400, 422),
        paths={"name": {"type": "string", "enum": list(LAYERS)}},
    )


async def still(request: web.Request) -> web.Response:
    """One still with how far its analysis has come."""
    store = request.app[STORE]
    found = await store.still(uid_in_path(request, "sop"))
    study = found.study_instance_uid
    work, instances, stills = await asyncio.gather(
        store.work(study), store.instances(study), store.stills(study)
    )
    info = await request.app[RENDITIONS].run(
        describe, found, request.app[ARCHIVE], work, instances, replaced_by(stills)
    )
    return json_response(info)


async def image(request: web.Request) -> web.StreamResponse:
    """The picture as JPEG, about `width` pixels wide (320, 640, 1024 or 1600); with `part=face` the face alone."""
    found = await request.app[STORE].still(uid_in_path(request, "sop"))
    archive = request.app[ARCHIVE]
    path = await request.app[RENDITIONS].run(
        archive.rendition, found.study_instance_uid, found.sop_instance_uid
    )
    missing = "the picture is still being made; try again shortly"
    return await _rendered(request, found, path, "image/jpeg", missing)


async def layer(request: web.Request) -> web.StreamResponse:
    """One layer as 8-bit grey PNG, of the same size and `part` as the picture; 0 shows nothing, 255 the strongest."""
    name = request.match_info["name"]
    if name not in LAYERS:
        raise web.HTTPNotFound(text=f"there are the layers {', '.join(LAYERS)}")
    found = await request.app[STORE].still(uid_in_path(request, "sop"))
    if name == Layer.REGIONS:
        return await _regions(request, found)
    archive = request.app[ARCHIVE]
    path = await request.app[RENDITIONS].run(
        archive.layer, found.study_instance_uid, found.sop_instance_uid, name
    )
    missing = "this layer was not made for this still"
    return await _rendered(request, found, path, "image/png", missing, keep_marks=name in MARKS)


async def quality(request: web.Request) -> web.Response:
    """Both quality reports."""
    found = await request.app[STORE].still(uid_in_path(request, "sop"))
    return json_response(StillQuality(booth=found.booth_quality, server=found.quality))


def describe(
    still: Still,
    archive: Archive,
    work: Iterable[WorkStatus],
    instances: Iterable[Instance],
    newer: Mapping[str, str],
) -> StillInfo:
    """What is known of a still; looks at the archive's files. `newer` is `replaced_by` of its visit."""
    uid, header = still.sop_instance_uid, still.header
    study = still.study_instance_uid
    return StillInfo(
        sop_instance_uid=uid,
        study_instance_uid=study,
        series_number=still.series_number,
        instance_number=still.instance_number,
        view=header.view,
        light=header.light,
        width=header.width,
        height=header.height,
        bit_depth=header.bit_depth,
        captured_at=header.captured_at,
        received_at=still.received_at,
        exposure=header.actual or header.requested,
        camera=header.camera,
        dermoscope=header.dermoscope,
        px_per_mm=header.px_per_mm,
        calibration=header.calibration,
        face=still.face,
        face_sought=still.face_sought,
        verdict=verdict_of(still),
        picture=is_shown(still, archive),
        layers=tuple(name for name in LAYERS if _made(name, still, archive)),
        replaces=still.replaces,
        replaced_by=newer.get(uid),
        override=still.override,
        rejected=still.rejected_by is not None,
        steps=tuple(_step(one) for one in work if one.sop_instance_uid == uid),
        instances=tuple(_object(one) for one in instances if one.still_uid == uid),
    )


def _step(one: WorkStatus) -> StepInfo:
    return StepInfo(step=one.step, state=one.state, attempts=one.attempts, error=one.error)


def _object(one: Instance) -> InstanceInfo:
    return InstanceInfo(
        sop_instance_uid=one.sop_instance_uid,
        sop_class_uid=one.sop_class_uid,
        modality=one.modality,
        created_at=one.created_at,
    )


def _made(name: str, still: Still, archive: Archive) -> bool:
    if name == Layer.REGIONS:
        return still.face is not None
    return archive.layer(still.study_instance_uid, still.sop_instance_uid, name).is_file()


def is_shown(still: Still, archive: Archive) -> bool:
    """Whether a still's picture can be shown already. Looks at a file."""
    return archive.rendition(still.study_instance_uid, still.sop_instance_uid).is_file()


def verdict_of(still: Still) -> Verdict | None:
    """The server's verdict on a still; None until it is known."""
    return None if still.quality is None else still.quality.verdict


async def _rendered(
    request: web.Request, still: Still, path: Path, kind: str, missing: str, *, keep_marks: bool = False
) -> web.StreamResponse:
    width = int(number_in_query(request, "width", WIDTHS[-1], 1, 100_000))
    part = _part(request.query.get("part", "whole"), still)
    found = await request.app[RENDITIONS].get(path, width, part, keep_marks=keep_marks)
    if found is None:
        raise web.HTTPNotFound(text=missing)
    headers = {hdrs.CACHE_CONTROL: "private, no-cache", hdrs.ETAG: f'"{found.etag}"'}
    if found.etag in (tag.value for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.data, content_type=kind, headers=headers)


async def _regions(request: web.Request, still: Still) -> web.Response:
    if still.face is None:
        raise web.HTTPNotFound(text="no face was found in this picture")
    width = int(number_in_query(request, "width", WIDTHS[-1], 1, 100_000))
    part = _part(request.query.get("part", "whole"), still)
    size = still.header.height, still.header.width
    data = await request.app[RENDITIONS].run(drawn_regions, still.face, size, part, width)
    return web.Response(
        body=data, content_type="image/png", headers={hdrs.CACHE_CONTROL: "private, no-cache"}
    )


def _part(name: str, still: Still) -> Part:
    """The part of a still that a request asks for."""
    if name == "whole":
        return WHOLE
    if name != "face":
        raise web.HTTPBadRequest(text="part is whole or face")
    if still.face is None:
        raise web.HTTPNotFound(text="no face was found in this picture")
    box, width, height = still.face.box, still.header.width, still.header.height
    more_x, more_y = _AROUND_FACE * box.width, _AROUND_FACE * box.height
    return (
        min(max((box.x - more_x) / width, 0.0), 1.0),
        min(max((box.y - more_y) / height, 0.0), 1.0),
        max(min((box.x + box.width + more_x) / width, 1.0), 0.0),
        max(min((box.y + box.height + more_y) / height, 1.0), 0.0),
    )
