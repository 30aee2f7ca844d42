"""One suite for signatures on SQLite and on PostgreSQL: what can be signed, when it holds, and what is kept of it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session

from server.errors import Conflict, NotFound
from server.store import (
    Archive,
    Cause,
    Content,
    Covered,
    DeliverySearch,
    Hindrance,
    Instance,
    Route,
    Signature,
    Store,
    Unwanted,
)
from server.store.tables import InstanceRow
from station.protocol import Encoding, Light, StillOffer, VisitOpened, new_uid
from tests.fixtures.corrected_visits import STEPS, Shot, corrected, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT, header
from tests.fixtures.kiosk_agent import three_lights

pytestmark = pytest.mark.contract

ROUTES = [Route("all", frozenset({"photo", "report", "document"})), Route("photos", frozenset({"photo"}))]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    create: Callable[[str], str] = request.getfixturevalue("postgresql")
    return create(f"t{uuid.uuid4().hex}")


@pytest_asyncio.fixture
async def there(url: str, tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    archive = Archive(tmp_path / "archive")
    store = Store.open(url, steps=STEPS, routes=ROUTES, archive=archive)
    yield store, archive
    await store.close()


def made_of(study: str, content: Content, account: str = "kim") -> tuple[Signature, list[Instance]]:
    """A signature of what is there, and its copies and document, of which no file is written."""
    covers = tuple(Covered(one.still_uid, one.report_uid, one.sha256, new_uid()) for one in content.covers)
    document = new_uid()
    signature = Signature(
        id=new_uid(),
        study_instance_uid=study,
        account=account,
        name="Kim^Minji=金^旻志",
        organization="Clinic",
        signed_at=time.time(),
        content=content.digest,
        covers=covers,
        document_uid=document,
    )
    series = new_uid()
    whose = [(one.still_uid, one.signed_uid, "SR") for one in covers]
    instances = [
        Instance(
            sop_instance_uid=uid,
            still_uid=still,
            study_instance_uid=study,
            series_instance_uid=series,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
            modality=modality,
            path=f"{study}/{still}/signed/{uid}.dcm",
            sha256="0" * 64,
            created_at=time.time(),
        )
        for still, uid, modality in [*whose, (covers[0].still_uid, document, "DOC")]
    ]
    return signature, instances


async def sign(store: Store, visit: Shot, account: str = "kim") -> Signature:
    state = await store.signatures.state(visit.study)
    signature, instances = made_of(visit.study, state.content, account)
    await store.signatures.add(signature, instances)
    return signature


async def hindrance(store: Store, study: str) -> Hindrance:
    return (await store.signatures.state(study)).content.hindrance


async def test_a_signature_is_kept_holds_and_is_sent(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    before = await store.signatures.state(visit.study)
    assert before.content.hindrance is Hindrance.NONE
    assert (before.signatures, before.current) == ((), None)
    assert [one.still_uid for one in before.content.covers] == list(visit.stills)
    made = await sign(store, visit)
    after = await store.signatures.state(visit.study)
    assert after.signatures == (made,)
    assert after.current == made
    assert after.content == before.content, "the verified copies are no new results"
    assert await store.signatures.holds(visit.study)
    sent = await store.deliveries.find(DeliverySearch(destination="all"), limit=99)
    uids = {one.signed_uid for one in made.covers} | {made.document_uid}
    assert uids <= {one.instance.sop_instance_uid for one in sent}
    photos = await store.deliveries.find(DeliverySearch(destination="photos"), limit=99)
    assert not uids & {one.instance.sop_instance_uid for one in photos}


async def test_what_holds_is_signed_once(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    state = await store.signatures.state(visit.study)
    two = [made_of(visit.study, state.content, account) for account in ("kim", "lee")]
    results = await asyncio.gather(*(store.signatures.add(*one) for one in two), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "NoneType"]
    [kept] = (await store.signatures.state(visit.study)).signatures
    with pytest.raises(Conflict, match=f"signed already, by {kept.account}"):
        await sign(store, visit)


async def test_an_unknown_visit_has_none(there: tuple[Store, Archive]) -> None:
    store, _ = there
    with pytest.raises(NotFound):
        await store.signatures.state(new_uid())


async def test_a_late_picture_asks_for_a_new_signature(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    seen = await store.signatures.state(visit.study)
    await sign(store, visit)
    late = StillOffer(
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=visit.study,
        series_number=3,
        instance_number=1,
        header=header(Light.UV),
        encoding=Encoding.RAW,
        size=1,
        sha256="3" * 64,
    )
    await store.add_still("one", late, "blob", time.time())
    state = await store.signatures.state(visit.study)
    assert state.current is None
    assert len(state.signatures) == 1
    assert state.content.hindrance is Hindrance.ANALYSING
    with pytest.raises(Conflict, match="still being analysed"):
        await store.signatures.add(*made_of(visit.study, seen.content))
    item = await store.claim("test", lease_s=60)
    assert item is not None
    await store.give_up(item, "the model failed")
    assert await hindrance(store, visit.study) is Hindrance.FAILED
    [asked] = [
        await store.corrections.reject(
            Unwanted(
                sop_instance_uid=late.sop_instance_uid,
                study_instance_uid=visit.study,
                cause=Cause.OTHER,
                reason="not analysed",
                by="kim",
                at=time.time(),
            )
        )
    ]
    assert await hindrance(store, visit.study) is Hindrance.CORRECTING
    await corrected(store, archive, [asked])
    assert await store.signatures.holds(visit.study), "it is again what was signed"


async def test_results_made_anew_ask_for_a_new_signature(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    seen = await store.signatures.state(visit.study)
    await sign(store, visit)
    await _rewritten(store, visit)
    state = await store.signatures.state(visit.study)
    assert state.current is None
    assert state.content.digest != seen.content.digest
    with pytest.raises(Conflict, match="has changed since you looked"):
        await store.signatures.add(*made_of(visit.study, seen.content))
    again = await sign(store, visit, "lee")
    assert [one.account for one in (await store.signatures.state(visit.study)).signatures] == ["lee", "kim"]
    assert (await store.signatures.state(visit.study)).current == again


async def test_an_open_visit_and_one_without_reports_cannot_be_signed(there: tuple[Store, Archive]) -> None:
    store, archive = there
    await store.note_booth("one", "dermabooth", 1.0)
    study = new_uid()
    message = VisitOpened(
        study_instance_uid=study, opened_at=1_700_000_000.0, protocol=three_lights(), patient=PATIENT
    )
    await store.open_visit("one", message)
    assert await hindrance(store, study) is Hindrance.OPEN
    visit = await shoot(store, archive)
    await store.deliveries.mark_released(
        [one.sop_instance_uid for one in visit.instances if one.modality == "SR"]
    )
    assert await hindrance(store, visit.study) is Hindrance.DELETED


async def test_a_corrected_visit_is_to_be_signed_again(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    await sign(store, visit)
    # No file was written for the signature: what is withdrawn is not read again, but its document is.
    assert await hindrance(store, visit.study) is Hindrance.NONE
    asked = await store.corrections.ask(wanted(visit))
    assert await hindrance(store, visit.study) is Hindrance.CORRECTING
    with pytest.raises(Conflict, match="correction of this visit is under way"):
        await store.signatures.add(*made_of(visit.study, (await store.signatures.state(visit.study)).content))
    assert asked


async def _rewritten(store: Store, visit: Shot) -> None:
    """The first report with other bytes, as after an analysis that was done again."""
    report = next(one for one in visit.instances if one.modality == "SR")

    def work(session: Session) -> None:
        session.get_one(InstanceRow, report.sop_instance_uid).sha256 = "f" * 64

    await store._threads.write(work)
