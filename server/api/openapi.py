"""The OpenAPI 3.1 document, made from the declared routes."""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from server.access import Scope
from server.api.about import JSON, PATH_SCHEMAS, Parameter
from server.api.problems import Problem
from server.api.resources import json_response
from server.api.routes import DECLARED, SESSION_COOKIE, Route, route
from server.api.settings import SETTINGS

_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
_BODILESS = frozenset({101, 204, 304})
_PROBLEM = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
_TEXT: dict[str, Any] = {"type": "string"}
Schemas = dict[int, dict[str, Any]]
"""JSON schema of each type, by its identity."""


def routes() -> list[Route]:
    """The route of the document."""
    return [route("GET", "/api/openapi.json", show, Scope.PUBLIC, answer=dict[str, Any])]


async def show(request: web.Request) -> web.Response:
    """The OpenAPI document."""
    return json_response(document(request.app[DECLARED], request.app[SETTINGS].version))


def document(declared: list[Route], version: str) -> dict[str, Any]:
    """The document of these routes."""
    types = [kind for one in declared for kind in (one.answer, one.about.takes) if _is_json(kind)]
    found, components = msgspec.json.schema_components([Problem, *types], ref_template=_REFERENCE)
    schemas = {id(kind): schema for kind, schema in zip(types, found[1:], strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for one in declared:
        path = _PARAMETER.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dermabooth", "version": version or "0"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
            },
        },
    }


def _operation(one: Route, schemas: Schemas) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(one.handler) or "").partition("\n")
    operation: dict[str, Any] = {
        "summary": summary,
        "parameters": [*_in_path(one), *map(_parameter, one.about.parameters)],
        "responses": {str(status): answer for status, answer in _responses(one, schemas)},
        "x-scope": one.scope.value,
    }
    if description.strip():
        operation["description"] = description.strip()
    if one.about.takes is not None:
        operation["requestBody"] = _body(one.about.takes, schemas)
    if one.scope is not Scope.PUBLIC:
        operation["security"] = [{"token": []}, {"session": []}]
    return operation


def _in_path(one: Route) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(one.path):
        schema = one.about.paths.get(name) or PATH_SCHEMAS.get(name, _TEXT)
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(one: Parameter) -> dict[str, Any]:
    told = {"name": one.name, "in": one.place, "schema": one.schema}
    return {**told, "description": one.meaning} if one.meaning else told


def _body(takes: object, schemas: Schemas) -> dict[str, Any]:
    media_type, schema = (takes, _TEXT) if isinstance(takes, str) else (JSON, schemas[id(takes)])
    return {"required": True, "content": {media_type: {"schema": schema}}}


def _responses(one: Route, schemas: Schemas) -> Iterator[tuple[int, dict[str, Any]]]:
    for status in one.about.success:
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if status not in _BODILESS:
            answer["content"] = _content(one, schemas)
        yield status, answer
    for status in sorted(_problems(one) - set(one.about.success)):
        yield status, {"description": HTTPStatus(status).phrase, "content": _PROBLEM}


def _content(one: Route, schemas: Schemas) -> dict[str, Any]:
    if _is_json(one.answer):
        return {JSON: {"schema": schemas[id(one.answer)]}}
    return {media_type: {} for media_type in one.about.sends}


def _problems(one: Route) -> set[int]:
    """Statuses of problems: the route's own, and those that follow from what it asks of its caller."""
    about = one.about
    found = {*about.problems, 503}
    if one.scope is not Scope.PUBLIC:
        found |= {401, 403}
    if _PARAMETER.search(one.path):
        found.add(404)
    if about.takes is not None or any(parameter.place == "query" for parameter in about.parameters):
        found.add(400)
    if about.takes is not None:
        found.add(413)
    return found


def _is_json(kind: object) -> bool:
    return kind is not None and not isinstance(kind, str)
