"""The OpenAPI 3.1 document, made from the declared routes."""

import inspect
import re
from typing import Any

import msgspec
from aiohttp import web

from server.access import Scope
from server.api.problems import Problem
from server.api.resources import json_response
from server.api.routes import DECLARED, Route, route
from server.api.schemas import SignIn
from server.api.settings import SETTINGS

_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)(?::[^{}]*)?\}")


def routes() -> list[Route]:
    """The route of the document."""
    return [route("GET", "/api/openapi.json", show, Scope.PUBLIC)]


async def show(request: web.Request) -> web.Response:
    """The OpenAPI document."""
    return json_response(document(request.app[DECLARED], request.app[SETTINGS].version))


def document(declared: list[Route], version: str) -> dict[str, Any]:
    """The document of these routes."""
    answers = [one.answer for one in declared if one.answer is not None]
    schemas, components = msgspec.json.schema_components([Problem, SignIn, *answers], ref_template=_REFERENCE)
    of_answer = {id(answer): schema for answer, schema in zip(answers, schemas[2:], strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for one in declared:
        path = _PARAMETER.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, of_answer.get(id(one.answer)))
    return {
        "openapi": "3.1.0",
        "info": {"title": "dermabooth", "version": version or "0"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Route, schema: dict[str, Any] | None) -> dict[str, Any]:
    text = inspect.getdoc(one.handler) or ""
    success: dict[str, Any] = {"description": "success"}
    if schema is not None:
        success["content"] = {"application/json": {"schema": schema}}
    problem = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    operation: dict[str, Any] = {
        "summary": text.partition("\n")[0],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(one.path)
        ],
        "responses": {"2XX": success, "default": {"description": "a problem", "content": problem}},
        "x-scope": one.scope.value,
    }
    if one.scope is not Scope.PUBLIC:
        operation["security"] = [{"token": []}]
    return operation
