"""Every operation of the OpenAPI document, asked by every kind of caller with made-up requests.

All of schemathesis' checks: no server error, no undocumented status, header, type or shape. The
suite asks little; `SCHEMATHESIS_EXAMPLES=200 pytest -s tests/access/test_schemathesis.py` asks
200 times per operation and prints what it counted. That is long: with `SCHEMATHESIS_PART=3/20` only
the third twentieth of the operations is asked.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, NamedTuple

import pytest
import schemathesis
from django.core.cache import cache as answers
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core import NotSet
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


def left_out(case: Any, response: Any) -> list:
    """A query string may hold a name twice or one that nobody knows, and who sends a key in a header
    needs none in the query: only what is wrong in the body has to be refused. Too large (413) is
    refused too, and a body that nobody sent, where none is needed, has nothing wrong in it.
    """
    wrong = {where.name for where, part in case.meta.components.items() if part.mode.is_negative}
    has_wrong_body = wrong == {"BODY"} and not isinstance(case.body, NotSet)
    is_strict = has_wrong_body and response.status_code != 413
    lenient = [] if is_strict else [negative_data_rejection]
    return [positive_data_acceptance, *lenient]


def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


@cache
def operations() -> list[Any]:
    """Once for all callers: the document, and the strategies that grow on its operations."""
    schema = schemathesis.openapi.from_dict(document())
    schema.app = get_wsgi_application()
    return [result.ok() for result in schema.get_all_operations()]


class Drawn(NamedTuple):
    case: Any
    path_parameters: Any
    query: Any
    body: Any


@cache
def drawn(number: int, mode: GenerationMode) -> list[Drawn]:
    """Requests of one operation. Drawing one costs about as much as answering it, so they are drawn
    once and every caller asks them, or a tenth of them."""
    found: list[Drawn] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operations()[number].as_strategy(generation_mode=mode))
    def draw(case):
        found.append(Drawn(case, case.path_parameters, case.query, case.body))

    draw()
    return found


def with_known(value: Any, known: dict[str, list], dice: Random) -> Any:
    """Half of the time a name that exists, so that requests come past "there is no such thing"."""
    if isinstance(value, list):
        return [with_known(item, known, dice) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: dice.choice(known[name])
        if name in known and dice.random() < 0.5
        else with_known(inner, known, dice)
        for name, inner in value.items()
    }


def ask(one: Drawn, mode: GenerationMode, headers: dict, known: dict) -> tuple[int, str]:
    """The status of the answer, and the checks that failed as text."""
    case = one.case
    if mode == GenerationMode.POSITIVE:
        dice = Random(repr(one[1:]))  # the same for every caller
        case.path_parameters = with_known(one.path_parameters, known, dice)
        case.query = with_known(one.query, known, dice)
        case.body = with_known(one.body, known, dice)
    answers.clear()
    response = case.call(headers=headers)
    try:
        case.validate_response(
            response,
            headers=headers,
            additional_checks=[refusal_names_a_field],
            excluded_checks=left_out(case, response),
        )
    except FailureGroup as group:
        told = "\n".join(f"{type(one).__name__}: {one}" for one in group.exceptions)
        asked = f"{case.method} {case.operation.path}\n{case.as_curl_command()}\n"
        return response.status_code, f"{asked}{response.text[:300]}\n{told}"
    return response.status_code, ""


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
    statuses: Counter[int] = Counter()
    failures = []
    for number, operation in list(enumerate(operations()))[PART - 1 :: PARTS]:
        in_full = any(
            caller == named and operation.path.startswith(path) for path, named in IN_FULL.items()
        )
        modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE][: 2 if in_full else 1]
        for mode in modes:
            for one in drawn(number, mode)[:: 1 if in_full else 10]:
                status, failure = ask(one, mode, headers, known)
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
