"""The kiosk's routes for visits."""

import msgspec
from aiohttp import web

from station.errors import InvalidTransition, SpoolFull
from station.kiosk.answers import AGENT, json_answer, read_body
from station.kiosk.contract.requests import Excerpt, RetakeRequest, ShootRequest, VisitRequest
from station.kiosk.guard import Audience, add_route, problem

_ABOUT_PATIENT = "A patient ID has at most 64 characters, and neither a backslash nor a line break."


def add_visit_routes(app: web.Application) -> None:
    """`POST /visit` start, `/visit/shoot`, `/visit/retake`, `/visit/finish`, `/visit/abort`, `GET /visit/still/{index}`."""
    add_route(app, "POST", "/visit", start_visit, Audience.OPERATOR)
    add_route(app, "POST", "/visit/shoot", shoot, Audience.OPERATOR)
    add_route(app, "POST", "/visit/retake", retake, Audience.OPERATOR)
    add_route(app, "POST", "/visit/finish", finish_visit, Audience.OPERATOR)
    add_route(app, "POST", "/visit/abort", abort_visit, Audience.OPERATOR)
    add_route(app, "GET", "/visit/still/{index:[0-9]{1,4}}", still, Audience.OPERATOR)


async def start_visit(request: web.Request) -> web.Response:
    """Start a visit; 202 with its Study Instance UID."""
    try:
        visit = await read_body(request, VisitRequest)
    except ValueError as error:
        return problem(
            400,
            "the visit cannot be started like this",
            _ABOUT_PATIENT if "$.patient." in str(error) else str(error),
        )
    try:
        study = await request.app[AGENT].start_visit(visit)
    except InvalidTransition as error:
        return problem(409, "a visit cannot start now", str(error))
    except SpoolFull as error:
        return problem(507, "there is no room for a visit", str(error))
    return json_answer({"study_instance_uid": study}, status=202)


async def shoot(request: web.Request) -> web.Response:
    """Shoot the pose now; with a reason also where the gate asks for a correction."""
    try:
        asked = await read_body(request, ShootRequest)
    except ValueError as error:
        return problem(400, "the reason cannot be kept like this", str(error))
    try:
        request.app[AGENT].shoot(asked.reason)
    except InvalidTransition as error:
        return problem(409, "the booth does not shoot now", str(error))
    return web.Response(status=204)


async def retake(request: web.Request) -> web.Response:
    """Take one still again."""
    try:
        asked = await read_body(request, RetakeRequest)
    except ValueError as error:
        return problem(400, "say which still is to be taken again", str(error))
    try:
        request.app[AGENT].retake(asked.still)
    except InvalidTransition as error:
        return problem(409, "no still can be taken again now", str(error))
    return web.Response(status=204)


async def finish_visit(request: web.Request) -> web.Response:
    """Close the reviewed visit."""
    try:
        request.app[AGENT].finish()
    except InvalidTransition as error:
        return problem(409, "there is no visit to finish", str(error))
    return web.Response(status=204)


async def abort_visit(request: web.Request) -> web.Response:
    """Give the visit up."""
    try:
        await request.app[AGENT].abort()
    except InvalidTransition as error:
        return problem(409, "there is no visit to give up", str(error))
    return web.Response(status=204)


async def still(request: web.Request) -> web.Response:
    """JPEG of the newest still of this index, whole or a part of it."""
    try:
        excerpt = msgspec.convert(dict(request.query), Excerpt, strict=False)
    except msgspec.ValidationError as error:
        return problem(400, "no such part of a picture", str(error))
    try:
        picture = await request.app[AGENT].still(int(request.match_info["index"]), excerpt)
    except InvalidTransition as error:
        return problem(410, "the picture is gone", str(error))
    if picture is None:
        return problem(404, "no such picture", "this still has not been taken")
    return web.Response(body=picture, content_type="image/jpeg")
