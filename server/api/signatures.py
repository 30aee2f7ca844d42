"""Signatures: who has signed the measures of a visit, signing them, and the report for people."""

import msgspec
from aiohttp import hdrs, web

from server.access import Grant, Person, Scope
from server.api.about import About
from server.api.auditing import record_signing
from server.api.resources import STORE, json_response, uid_in_path
from server.api.routes import GRANT, Route, route
from server.api.schemas import PersonInfo, SignatureInfo, SignaturePage, SignVisit
from server.errors import Busy
from server.signing import SigningDesk
from server.store import Instance, Signature, SigningState, is_signed_by, need_signable

SIGNING = web.AppKey("signing", SigningDesk)
_PDF = "application/pdf"
_SIGN = About(takes=SignVisit, success=(201,), problems=(409, 422, 503))
_PREVIEW = About(sends=(_PDF,), problems=(422, 503))
_SIGNED = About(sends=(_PDF,), problems=(422,))


def routes() -> list[Route]:
    """The routes of the signatures."""
    of_visit = "/api/visits/{study}"
    return [
        route("GET", f"{of_visit}/signatures", signatures, Scope.READ, answer=SignaturePage),
        route("POST", f"{of_visit}/signatures", sign, Scope.SIGN, answer=SignatureInfo, about=_SIGN),
        route("GET", f"{of_visit}/signatures/{{signature}}/report", report, Scope.READ, about=_SIGNED),
        route("GET", f"{of_visit}/report", preview, Scope.READ, about=_PREVIEW),
    ]


async def signatures(request: web.Request) -> web.Response:
    """Who has signed the measures of a visit, and whether they can be signed now."""
    study, store = uid_in_path(request, "study"), request.app[STORE]
    state = await store.signatures.state(study)
    visit = await store.visit(study)
    instances = await store.instances(visit.study_instance_uid)
    person = _signer(request[GRANT])
    return json_response(
        SignaturePage(
            content=state.content.digest,
            hindrance=state.content.hindrance.value,
            signer=None if person is None else PersonInfo(**vars(person)),
            signatures=tuple(_describe(one, state, instances) for one in state.signatures),
        )
    )


async def sign(request: web.Request) -> web.Response:
    """Sign the measures of a visit as the person that the token names; 409 if it changed since it was `seen`.

    The structured reports get verified copies, the visit a report as PDF; all go where the visit's objects go. The same
    person signing the same again gets the same signature.
    """
    study, grant = uid_in_path(request, "study"), request[GRANT]
    body = msgspec.json.decode(await request.read(), type=SignVisit)
    person, store = _signer(grant), request.app[STORE]
    if person is None:
        raise web.HTTPForbidden(
            text="this token names no person who may sign: make one with `dermabooth token create --scope read "
            "--scope sign --name FAMILY^GIVEN`"
        )
    visit, account = await store.visit(study), grant.subject.partition("#")[0][:64]
    state = await store.signatures.state(study)
    if not is_signed_by(state, body.seen, account):
        need_signable(state, body.seen)
        await record_signing(request, grant, visit, body.seen)
    try:
        made = await request.app[SIGNING].sign(visit.study_instance_uid, body.seen, person, account)
    except Busy as error:
        raise _busy(error) from error
    state = await store.signatures.state(study)
    return json_response(_describe(made, state, await store.instances(visit.study_instance_uid)), status=201)


async def report(request: web.Request) -> web.Response:
    """The report of a signature, as it was signed."""
    study, signature = uid_in_path(request, "study"), uid_in_path(request, "signature")
    return _pdf(await request.app[SIGNING].document(study, signature), "report.pdf")


async def preview(request: web.Request) -> web.Response:
    """The report of a visit as it would be signed now; every page says that it is not signed."""
    try:
        pdf = await request.app[SIGNING].preview(uid_in_path(request, "study"))
    except Busy as error:
        raise _busy(error) from error
    return _pdf(pdf, "report-not-signed.pdf")


def _signer(grant: Grant) -> Person | None:
    return grant.person if grant.allows(Scope.SIGN) else None


def _describe(one: Signature, state: SigningState, instances: list[Instance]) -> SignatureInfo:
    here = {each.sop_instance_uid for each in instances if each.released_at is None}
    return SignatureInfo(
        id=one.id,
        account=one.account,
        signer=PersonInfo(name=one.name, organization=one.organization),
        signed_at=one.signed_at,
        current=state.current is not None and state.current.id == one.id,
        report=one.document_uid in here,
    )


def _busy(error: Busy) -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(text=str(error), headers={hdrs.RETRY_AFTER: "10"})


def _pdf(pdf: bytes, name: str) -> web.Response:
    # A browser shows a PDF within a page of its own, which `object-src` would keep empty.
    shown = {
        hdrs.CONTENT_DISPOSITION: f'inline; filename="{name}"',
        "Content-Security-Policy": "frame-ancestors 'none'",
    }
    return web.Response(body=pdf, content_type=_PDF, headers=shown)
