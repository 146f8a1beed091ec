"""What the API offers, from its own OpenAPI document: as that document, as a page without scripts, and as the reference page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .access import KEYS
from .assembly import api

PREFIX = "/api/v1/"
_HEAD = """# API

Written from the OpenAPI document by `shuangkong api reference --output docs/reference/api.md`; do not edit by hand.

Every address stands below `/api/v1/`; the OpenAPI document is `/api/v1/openapi.json`, and a page for people `/api/v1/docs/`.

- Sign in with a key: `Authorization: Bearer sk_…`. Keys are made at `/keys/` by their owner, shown once, kept as a salted SM3, expire, and
  can be revoked. A key reads what its owner reads, narrowed to its scopes `read`, `calculate`, `import`, `file`. A browser's session works
  as well; writes then need the header `X-CSRFToken`.
- What the caller may not see is 404. Lists give at most 500 rows; `limit` and `offset` page.
- Numbers are texts in full precision; what is not known is `null`, never zero. `invented` marks demonstration rows, and in the
  demonstration every answer carries `"demonstration": true`.
- A problem is `{"what", "where", "why", "do"}` with status 400 (input), 401 (no key), 403 (scope, CSRF), 404, 409 (no rule in force, with
  `nearest`), 422 (parameters) or 429 (more than 600 calls a minute).
"""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of an answer."""

    name: str
    kind: str
    needed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API does."""

    method: str
    path: str
    group: str
    scope: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]


@cache
def _schema() -> Mapping[str, Any]:
    """Made once: it takes a second, and only the code changes it."""
    return dict(api.get_openapi_schema(path_prefix=PREFIX))


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return {**_schema(), "x-demonstration": settings.DEMONSTRATION}


def operations(schema: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of the document in its order."""
    shapes = schema.get("components", {}).get("schemas", {})
    for path, methods in schema["paths"].items():
        for method, facts in methods.items():
            yield Operation(
                method=method.upper(),
                path=path,
                group=facts["tags"][0],
                scope=_scope(facts["security"]),
                summary=facts["summary"],
                description=facts.get("description", ""),
                parameters=tuple(_parameter(parameter) for parameter in facts.get("parameters", [])),
                body=tuple(_fields(_content(facts.get("requestBody", {})), shapes)),
                answer=tuple(_fields(_content(facts["responses"][200]), shapes)),
            )


def _scope(security: Iterable[Mapping[str, Any]]) -> str:
    """The scope that a key needs."""
    return next(str(KEYS[name].scope) for choice in security for name in choice if name in KEYS)


def _parameter(facts: Mapping[str, Any]) -> Field:
    return Field(facts["name"], _kind(facts["schema"]), facts.get("required", False), facts["schema"].get("description", ""))


def _content(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((media["schema"] for media in part.get("content", {}).values()), {})


def _fields(schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[Field]:
    shape = shapes.get(schema.get("$ref", "").rpartition("/")[2], schema)
    for name, facts in shape.get("properties", {}).items():
        yield Field(name, _kind(facts), name in shape.get("required", []), facts.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    """The type in words."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    kind = str(schema.get("format") or schema.get("type") or "any")
    return f"list of {_kind(schema['items'])}" if kind == "array" and "items" in schema else kind


def reference() -> str:
    """The reference page as Markdown."""
    return "\n".join([_HEAD, *(_section(operation) for operation in operations(document()))])


def _section(operation: Operation) -> str:
    lines = [f"## `{operation.method} {operation.path}`\n", f"{operation.summary}. {operation.description} Scope: `{operation.scope}`.\n"]
    for title, fields in (("parameter", operation.parameters), ("body", operation.body), ("answer", operation.answer)):
        if fields:
            lines += [f"| {title} | type | needed | meaning |", "|---|---|---|---|"]
            lines += [f"| `{f.name}` | {f.kind} | {'yes' if f.needed else 'no'} | {' '.join(f.words.split())} |" for f in fields]
            lines.append("")
    return "\n".join(lines)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; it holds no data and is open."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The operations for people: a page of the frame, with nothing from outside."""
    return render(request, "ui/api_docs.html", {"operations": list(operations(document()))})
