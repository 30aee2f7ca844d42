"""The kiosk's routes for the calibration."""

from aiohttp import web

from station.errors import InvalidTransition
from station.kiosk.answers import AGENT, json_answer
from station.kiosk.guard import Audience, add_route, problem


def add_calibration_routes(app: web.Application) -> None:
    """`POST /calibration/check` begins a check, `GET /calibration/history` tells the earlier ones."""
    add_route(app, "POST", "/calibration/check", check, Audience.OPERATOR)
    add_route(app, "GET", "/calibration/history", history, Audience.OPERATOR)


async def check(request: web.Request) -> web.Response:
    """Begin a check; 202, and how it goes is in `BoothState.calibration`."""
    try:
        request.app[AGENT].check_calibration()
    except InvalidTransition as error:
        return problem(409, "the calibration cannot be checked now", str(error))
    return web.Response(status=202)


async def history(request: web.Request) -> web.Response:
    """The checks made so far, newest last."""
    return json_answer(request.app[AGENT].calibration_history())
