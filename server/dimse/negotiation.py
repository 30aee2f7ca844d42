"""Association requests and their answers (PS3.8 section 9.3.2 and 9.3.3, PS3.7 annex D), through pynetdicom's codecs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import PresentationContext, build_context, negotiate_as_acceptor

from server.dimse.reasons import Garbage, Rejected
from station.protocol import derived_uid

IMPLEMENTATION_UID = derived_uid("dermabooth", "implementation", "1")
IMPLEMENTATION_VERSION = "DERMABOOTH"
MOST_CONTEXTS = 128
"""Context identifiers are the odd numbers of one byte."""
_APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_HEADER_BYTES = 6


@dataclass(frozen=True)
class Offer:
    """A presentation context that we propose: one SOP class with some transfer syntaxes."""

    sop_class: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """A presentation context that both sides agreed on."""

    number: int
    sop_class: str
    transfer_syntax: str


@dataclass(frozen=True)
class Agreement:
    """What was agreed."""

    contexts: tuple[Context, ...]
    largest_pdu: int
    """What the other side takes; 0: any size."""


@dataclass(frozen=True)
class Call:
    """An association request that came in."""

    calling: str
    called: str
    request: A_ASSOCIATE


def request(calling: str, called: str, offers: Sequence[Offer], largest_pdu: int) -> bytes:
    """The content of an A-ASSOCIATE-RQ (PS3.8 section 9.3.2); raises `ValueError` for too many or no offers."""
    if not 0 < len(offers) <= MOST_CONTEXTS:
        raise ValueError(f"{len(offers)} presentation contexts; 1 to {MOST_CONTEXTS} can be proposed")
    primitive = A_ASSOCIATE()
    primitive.application_context_name = _APPLICATION_CONTEXT
    primitive.calling_ae_title, primitive.called_ae_title = calling, called
    contexts = [build_context(one.sop_class, list(one.transfer_syntaxes)) for one in offers]
    for index, context in enumerate(contexts):
        context.context_id = 2 * index + 1
    primitive.presentation_context_definition_list = contexts
    primitive.user_information = _about_us(largest_pdu)
    return _content(A_ASSOCIATE_RQ(primitive))


def read_acceptance(content: bytes, offers: Sequence[Offer]) -> Agreement:
    """What an A-ASSOCIATE-AC accepts of the offers; raises `Garbage`."""
    primitive = _decoded(A_ASSOCIATE_AC, 2, content)
    try:
        contexts = tuple(_accepted(primitive.presentation_context_definition_results_list, offers))
        return Agreement(contexts, _largest_pdu(primitive))
    except Garbage:
        raise
    except Exception as error:  # the boundary to what others send
        raise Garbage("its acceptance of the association is damaged") from error


def read_rejection(content: bytes) -> Rejected:
    """What an A-ASSOCIATE-RJ says; raises `Garbage`."""
    if len(content) < 4:
        raise Garbage("its rejection of the association is damaged")
    return Rejected(source=content[2], reason=content[3])


def read_request(content: bytes) -> Call:
    """An A-ASSOCIATE-RQ; raises `Garbage`."""
    primitive = _decoded(A_ASSOCIATE_RQ, 1, content)
    try:
        return Call(str(primitive.calling_ae_title), str(primitive.called_ae_title), primitive)
    except Exception as error:  # the boundary to what others send
        raise Garbage("its association request is damaged") from error


def accept(call: Call, supported: Iterable[PresentationContext], largest_pdu: int) -> tuple[bytes, Agreement]:
    """The content of the A-ASSOCIATE-AC for a call, and what is agreed by it; raises `Garbage`."""
    try:
        return _accept(call.request, list(supported), largest_pdu)
    except Exception as error:  # the boundary to what others send
        raise Garbage("its association request is damaged") from error


def reject(source: int, reason: int) -> bytes:
    """The content of an A-ASSOCIATE-RJ, permanent."""
    primitive = A_ASSOCIATE()
    primitive.result, primitive.result_source, primitive.diagnostic = 1, source, reason
    return _content(A_ASSOCIATE_RJ(primitive))


def _accept(
    asked: A_ASSOCIATE, supported: list[PresentationContext], largest_pdu: int
) -> tuple[bytes, Agreement]:
    roles = {
        one.sop_class_uid: (one.scu_role, one.scp_role)
        for one in asked.user_information
        if isinstance(one, SCP_SCU_RoleSelectionNegotiation) and one.sop_class_uid
    }
    results, told_roles = negotiate_as_acceptor(asked.presentation_context_definition_list, supported, roles)
    primitive = A_ASSOCIATE()
    primitive.application_context_name = _APPLICATION_CONTEXT
    primitive.calling_ae_title, primitive.called_ae_title = asked.calling_ae_title, asked.called_ae_title
    primitive.result, primitive.result_source = 0, 1
    primitive.presentation_context_definition_results_list = results
    primitive.user_information = [*_about_us(largest_pdu), *told_roles]
    contexts = tuple(
        Context(one.context_id or 0, str(one.abstract_syntax), str(one.transfer_syntax[0]))
        for one in results
        if one.result == 0
    )
    return _content(A_ASSOCIATE_AC(primitive)), Agreement(contexts, _largest_pdu(asked))


def _accepted(results: list[PresentationContext], offers: Sequence[Offer]) -> Iterable[Context]:
    for result in results:
        index, odd = divmod(int(result.context_id or 0), 2)
        if result.result != 0:
            continue
        if not odd or index >= len(offers) or not result.transfer_syntax:
            raise Garbage("it accepted what was not proposed")
        syntax = str(result.transfer_syntax[0])
        if syntax not in offers[index].transfer_syntaxes:
            raise Garbage("it accepted a transfer syntax that was not proposed")
        yield Context(2 * index + 1, offers[index].sop_class, syntax)


def _largest_pdu(primitive: A_ASSOCIATE) -> int:
    lengths = [
        one.maximum_length_received
        for one in primitive.user_information
        if isinstance(one, MaximumLengthNotification)
    ]
    return int(lengths[0] or 0) if lengths else 0


def _about_us(largest_pdu: int) -> list[Any]:
    length, implementation, version = (
        MaximumLengthNotification(),
        ImplementationClassUIDNotification(),
        ImplementationVersionNameNotification(),
    )
    length.maximum_length_received = largest_pdu
    implementation.implementation_class_uid = IMPLEMENTATION_UID
    version.implementation_version_name = IMPLEMENTATION_VERSION
    return [length, implementation, version]


def _decoded(codec: Any, kind: int, content: bytes) -> A_ASSOCIATE:
    try:
        pdu = codec()
        pdu.decode(bytes((kind, 0)) + len(content).to_bytes(4) + content)
        primitive: A_ASSOCIATE = pdu.to_primitive()
    except Exception as error:  # the boundary to what others send
        raise Garbage("its part of the association's negotiation is damaged") from error
    return primitive


def _content(pdu: Any) -> bytes:
    encoded: bytes = pdu.encode()
    return encoded[_HEADER_BYTES:]
