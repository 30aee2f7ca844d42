"""The kiosk's search in the hospital's worklist."""

from aiohttp import web

from station.errors import WorklistUnavailable
from station.kiosk.answers import AGENT, json_answer, read_body
from station.kiosk.contract.requests import WorklistSearch
from station.kiosk.guard import Audience, add_route, problem


def add_worklist_routes(app: web.Application) -> None:
    """`POST /worklist/search`: what is sought comes in the body, because addresses end in logs."""
    add_route(app, "POST", "/worklist/search", search, Audience.OPERATOR)


async def search(request: web.Request) -> web.Response:
    """Who is meant by something that was scanned or typed."""
    try:
        asked = await read_body(request, WorklistSearch)
    except ValueError:
        return problem(
            400,
            "nobody can be searched for like this",
            "Enter 1 to 64 characters, without a backslash and a line break.",
        )
    try:
        return json_answer(await request.app[AGENT].search_worklist(asked.sought))
    except WorklistUnavailable as error:
        return problem(503, "nobody can be searched for now", str(error))
