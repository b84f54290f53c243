"""Every operation of the OpenAPI document, asked by every kind of caller with made-up requests.

All of schemathesis' checks: no server error, no undocumented status, header, type or shape. The
suite asks little; `SCHEMATHESIS_EXAMPLES=200 pytest -s tests/access/test_schemathesis.py` asks
200 times per operation and prints what it counted. That is more than an hour: with
`SCHEMATHESIS_PART=3/20` only the third twentieth of the operations is asked.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from access.roles import ROLES
from tests.access.api_world import build_world, callers

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
PART, PARTS = map(int, os.environ.get("SCHEMATHESIS_PART", "1/1").split("/"))
METHODS = {"get", "post", "put", "patch", "delete"}
# Who is asked in full; the others must above all be refused as documented.
IN_FULL = {
    "/api/storefront/": "storefront key",
    "/api/merchant/": "owner",
    "/api/storefront/v1/collect/": "publishable key",
}


def refusal_names_a_field(ctx, response, case) -> None:
    """JSON Schema cannot say everything; what it allows and we refuse, we explain field by field.

    In place of schemathesis' `positive_data_acceptance`, which wants such a request accepted.
    """
    if response.status_code != 400:
        return
    problem = response.json()
    assert problem["type"] == "/problems/malformed" or problem["errors"], problem


def left_out(case: Any) -> list:
    """A query string may hold a name twice or one that nobody knows, and who sends a key in a header
    needs none in the query: only what is wrong in the body has to be refused.
    """
    wrong = {where.name for where, part in case.meta.components.items() if part.mode.is_negative}
    lenient = [] if wrong == {"BODY"} else [negative_data_rejection]
    return [positive_data_acceptance, *lenient]


def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def with_known(value: Any, known: dict[str, list], draw: Any) -> Any:
    """Half of the time a name that exists, so that requests come past "there is no such thing"."""
    if isinstance(value, list):
        return [with_known(item, known, draw) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: draw(st.sampled_from(known[name]))
        if name in known and draw(st.booleans())
        else with_known(inner, known, draw)
        for name, inner in value.items()
    }


def ask(operation: Any, mode: GenerationMode, size: int, headers: dict, known: dict) -> Iterator:
    """The status of each answer, and each failed check as text."""
    seen: list[tuple[int, str]] = []

    @settings(
        max_examples=size,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), case=operation.as_strategy(generation_mode=mode))
    def once(data, case):
        if mode == GenerationMode.POSITIVE:
            case.path_parameters = with_known(case.path_parameters, known, data.draw)
            case.query = with_known(case.query, known, data.draw)
            case.body = with_known(case.body, known, data.draw)
        cache.clear()
        response = case.call(headers=headers)
        try:
            case.validate_response(
                response,
                headers=headers,
                additional_checks=[refusal_names_a_field],
                excluded_checks=left_out(case),
            )
            seen.append((response.status_code, ""))
        except FailureGroup as group:
            told = "\n".join(f"{type(one).__name__}: {one}" for one in group.exceptions)
            asked = f"{case.method} {operation.path}\n{case.as_curl_command()}\n"
            seen.append((response.status_code, f"{asked}{response.text[:300]}\n{told}"))

    once()
    return iter(seen)


@pytest.fixture
def kept_connection():
    """Django's own test client does the same: a request ends no connection, nor the test's rows."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("kept_connection")
@pytest.mark.parametrize(
    "caller", [*ROLES, "no role", "storefront key", "publishable key", "nobody"]
)
def test_every_operation_answers_as_documented(caller, settings):
    settings.API_USER_RATE_PER_MINUTE = 10**6
    known, headers = build_world(), callers()[caller]
    schema = schemathesis.openapi.from_dict(document())
    schema.app = get_wsgi_application()
    statuses: Counter[int] = Counter()
    failures = []
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations[PART - 1 :: PARTS]:
        in_full = any(
            caller == named and operation.path.startswith(path) for path, named in IN_FULL.items()
        )
        modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE][: 2 if in_full else 1]
        for mode in modes:
            size = EXAMPLES if in_full else max(1, EXAMPLES // 10)
            for status, failure in ask(operation, mode, size, headers, known):
                statuses[status] += 1
                failures += [failure] if failure else []
    counted = f"{sum(statuses.values())} requests, {len(failures)} failures"
    sys.stdout.write(f"\n{caller}: {counted}, {dict(sorted(statuses.items()))}\n")
    assert not failures, "\n\n".join(failures)


def api_routes() -> Iterator[tuple[str, set[str]]]:
    """Path with its parameters' names left out, and the methods that its view has."""

    def walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, URLPattern]]:
        for part in resolver.url_patterns:
            route = before + str(part.pattern)
            if isinstance(part, URLResolver):
                yield from walk(part, route)
            else:
                yield route, part

    for route, part in walk(get_resolver(), "/"):
        view = getattr(part.callback, "view_class", None)
        if route.startswith(("/api/storefront/", "/api/merchant/")):
            methods = {name for name in METHODS if hasattr(view, name)}
            yield re.sub("<[^>]+>", "{}", route), methods


def test_the_document_holds_every_address_and_method_and_no_other():
    written = {
        re.sub("{[^}]+}", "{}", path): set(operations) & METHODS
        for path, operations in document()["paths"].items()
    }
    assert written == dict(api_routes())


def test_the_document_is_made_without_a_warning(capsys):
    reset_generator_stats()
    document()
    assert capsys.readouterr().err == ""
