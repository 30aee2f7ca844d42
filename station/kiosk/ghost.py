"""The kiosk's route for the drawing of a patient's last visit."""

from aiohttp import web

from station.kiosk.answers import AGENT
from station.kiosk.guard import Audience, add_route, problem
from station.protocol import View


def add_ghost_route(app: web.Application) -> None:
    """`GET /visit/ghost/{view}`."""
    add_route(app, "GET", "/visit/ghost/{view:[a-z0-9_]{1,16}}", ghost, Audience.OPERATOR)


async def ghost(request: web.Request) -> web.Response:
    """PNG of grey lines on transparency with the field of the preview: this view at the patient's last visit.

    204 if no visit is under way, or the booth keeps no earlier one of this patient.
    """
    name = request.match_info["view"]
    if name not in set(View):
        return problem(404, "no such view", f"there are the views {', '.join(View)}")
    drawing = await request.app[AGENT].ghost(View(name))
    if drawing is None:
        return web.Response(status=204)
    return web.Response(body=drawing, content_type="image/png")
