"""The simulated booth with a dermoscope: the operator shoots when it is in place, and every still says so."""

from pathlib import Path

import aiohttp
import pytest

from dermabooth import resources
from station.config import StationConfig
from station.kiosk import Step
from station.protocol import Light, Verdict, View
from station.quality import CLOSE_UP
from station.transport import Spool
from tests.fixtures.booth_run import is_ready, running, until
from tests.fixtures.close_ups import CHEEK, SCOPE

pytestmark = pytest.mark.integration

SHIPPED = Path(__file__).parents[3] / "configs" / "station" / "dermoscope.toml"
SMALL = {"width": 320, "height": 240, "preview_width": 320, "preview_height": 240}


async def test_the_operator_shoots_a_close_up_and_no_face_is_missed(tmp_path: Path) -> None:
    overrides = {
        "data": tmp_path / "data",
        "camera": SMALL,
        "kiosk": {"port": 0},
        "preview": {"hints_hz": 10},
    }
    config = StationConfig.load(SHIPPED, overrides)
    async with running(config, tmp_path, resources.face_model()) as agent, aiohttp.ClientSession() as http:
        state = await until(agent, is_ready)
        assert next(one.detail for one in state.instruments if one.name == "camera").endswith(", dermoscope")
        assert state.dermoscope == SCOPE
        url = agent.kiosk_url.rstrip("/")

        async def tell(path: str, body: object = None) -> int:
            async with http.post(url + path, json=body, headers={"Origin": url}) as response:
                return response.status

        assert await tell("/visit", {"patient": {"patient_id": "P-1"}, "site": 40}) == 409
        assert await tell("/visit", {"patient": {"patient_id": "P-1"}, "site": 2}) == 202
        state = await until(agent, lambda s: s.visit is not None and s.visit.step is Step.READY)
        assert state.visit is not None
        assert (state.visit.wanting, state.visit.shoots_in_s) == ((), None)
        assert await tell("/visit/shoot", {}) == 204
        state = await until(agent, lambda s: s.visit is not None and s.visit.step is Step.REVIEW)
        assert state.visit is not None
        reports = [one.quality for one in state.visit.stills]
        assert [(one.recipe, one.verdict) for one in reports if one is not None] == [
            (CLOSE_UP, Verdict.PASS)
        ] * 2
        assert await tell("/visit/finish") == 204
        await until(agent, lambda s: s.visit is not None and s.visit.closed)
    spool = Spool.open(config.data / "spool")
    (visit,) = spool.visits()
    assert visit.opened.protocol.site == CHEEK
    assert visit.opened.protocol.sites == ()
    headers = [offer.header for offer in spool.pending()]
    await spool.close()
    assert [(one.light, one.view) for one in headers] == [
        (Light.WHITE, View.UNSPECIFIED),
        (Light.CROSS_POLARISED, View.UNSPECIFIED),
    ]
    for header in headers:
        assert (header.dermoscope, header.px_per_mm, header.calibration) == (SCOPE, None, None)
        assert "dermoscope" in header.scale_refused
        assert "dermoscope" in header.color_refused
