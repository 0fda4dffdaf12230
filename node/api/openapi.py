"""The OpenAPI 3.1 page, made from the operations' rows and msgspec's schemas.

Owns the page's frame and describes nothing twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from node.api.operation import JSON, Operation
from node.api.problem import MEDIA_TYPE as PROBLEM_JSON
from node.api.problem import Problem

REFS = "#/components/schemas/{name}"
DESCRIPTION = """\
Documents of a member at its node: send, search, read, follow. Times are µs since 1970 UTC, money is minor units, ids
are 64 lower-case hexadecimal digits. Integers are written as integers: `1242.0` is refused where an integer is asked
for. Every refusal is application/problem+json; `field` and `rule` name what was wrong. A POST takes an
`Idempotency-Key`: the same key with the same body is done once. What belongs to another member looks exactly like what
does not exist."""


def build(
    operations: Sequence[Operation], *, title: str, version: str, url: str = "", also: Sequence[Any] = ()
) -> dict[str, Any]:
    """The page as JSON-ready values. ``also``: structs that are named in schemas but in no operation's row."""
    types: list[Any] = [Problem, *also]
    for item in operations:
        types += [found for found in (item.query, item.body, item.answer) if found is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFS)
    _drop_empty_defaults(components)
    refs = dict(zip(map(id, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for item in operations:
        paths.setdefault(item.path, {})[item.method.lower()] = _operation(item, refs, components)
    queries = {item.query.__name__ for item in operations if item.query is not None}
    page: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": title, "version": version, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in queries},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    if url:
        page["servers"] = [{"url": url}]
    return page


def _drop_empty_defaults(value: Any) -> None:
    """An empty text stands for "not stated" and is no date: such a default is not written down."""
    if isinstance(value, dict):
        if "format" in value and value.get("default") == "":
            del value["default"]
        for inner in value.values():
            _drop_empty_defaults(inner)
    elif isinstance(value, list):
        for inner in value:
            _drop_empty_defaults(inner)


def _operation(item: Operation, refs: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": item.name,
        "summary": item.summary,
        "parameters": [*_path_parameters(item), *_query_parameters(item, components), *_headers(item)],
        "responses": {str(item.status): _answer(item, refs)},
    }
    if item.scope is not None:
        found["security"] = [{"token": []}]
        found["description"] = f"Scope `{item.scope.value}`."
    if item.body is not None:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": refs[id(item.body)]}}}
    elif item.media:
        found["requestBody"] = {"required": True, "content": {item.media: {}}}
    if item.etag:
        found["responses"]["304"] = {"description": "Not modified"}
    found["responses"]["default"] = {
        "description": "A refusal",
        "content": {PROBLEM_JSON: {"schema": refs[id(Problem)]}},
    }
    return found


def _answer(item: Operation, refs: dict[int, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if item.answer is not None:
        content = {JSON: {"schema": refs[id(item.answer)]}}
    elif item.answer_media != JSON:
        content = {item.answer_media: {}}
    return {"description": "Done", "content": content} if content else {"description": "Done"}


def _path_parameters(item: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)", item.path)
    ]


def _query_parameters(item: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if item.query is None:
        return []
    schema = components[item.query.__name__]
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": dict(field)}
        for name, field in schema["properties"].items()
    ]


def _headers(item: Operation) -> list[dict[str, Any]]:
    if not item.idempotent_key:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 128}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]
