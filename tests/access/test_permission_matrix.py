"""Who may open what: every address of the URLconf × every role equals a table that people review.

An address or a model that is not in permission_matrix.txt fails. After a change that is meant,
`WRITE_MATRIX=1 pytest tests/access/test_permission_matrix.py` writes the table anew; read its diff.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from access.roles import ROLES
from tests.factories_access import bearer, make_key, make_staff

TABLE = Path(__file__).with_name("permission_matrix.txt")
STAFF = [*ROLES, "no role"]
CALLERS = [*STAFF, "signed in, not staff", "nobody", "storefront key"]
VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}
# What the admin makes for each model; who may is asked of its ModelAdmin, without a page.
GENERIC = ("_changelist", "_add", "_history", "_delete", "_change")
VALUES = {"content_type_id": "1", "object_id": "1", "pk": "1", "id": "1"}


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for part in resolver.url_patterns:
        route = before + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from addresses(part, route)
        else:
            yield route, part


def own_addresses() -> list[str]:
    """Every route but those that each ModelAdmin has by itself."""
    found = []
    for route, part in addresses(get_resolver()):
        made_by_admin = part.name is None and route.endswith("<path:object_id>/")
        if not made_by_admin and not (part.name or "").endswith(GENERIC):
            found.append(route)
    return found


def filled(route: str) -> str:
    parts = []
    for part in route.split("/"):
        if "<" in part:
            kind, _colon, name = part[part.index("<") + 1 : part.index(">")].rpartition(":")
            value = str(UUID(int=1)) if kind == "uuid" else VALUES.get(name, "x")
            part = part[: part.index("<")] + value + part[part.index(">") + 1 :]
        parts.append(part)
    return "/" + "/".join(parts).replace("^", "").replace("$", "")


def callers() -> dict[str, Client]:
    made = {name: Client(raise_request_exception=False) for name in CALLERS}
    for name in STAFF:
        user = make_staff(username=f"{name}-caller")
        user.groups.set(Group.objects.filter(name=name))
        made[name].force_login(user)
    made["signed in, not staff"].force_login(User.objects.create(username="shopper"))
    made["storefront key"].defaults |= bearer(make_key(rate_per_minute=10**6).secret)
    return made


def answer(client: Client, address: str) -> str:
    """y: let in (also where there is no such row); 5: this method is nobody's; . refused."""
    response = client.get(address)
    assert response.status_code < 500, (address, response.content[:300])
    if response.status_code == 405:
        return "5"
    refused = response.status_code in (401, 403)
    refused |= response.status_code == 302 and "/login/" in response["Location"]
    return "." if refused else "y"


def lines_of_addresses() -> Iterator[str]:
    asking = callers()
    for route in own_addresses():
        if route.startswith("logout/"):
            continue
        said = "".join(answer(client, filled(route)) for client in asking.values())
        yield f"GET /{route:<62} {said}"


def lines_of_models() -> Iterator[str]:
    request = RequestFactory().get("/")
    users = [User.objects.get(username=f"{name}-caller") for name in STAFF]
    for model, page in sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label):
        said = []
        for user in [*users, AnonymousUser()]:
            request.user = user
            may = [
                v if getattr(page, f"has_{VERBS[v]}_permission")(request) else "." for v in VERBS
            ]
            said.append("".join(may))
        yield f"{model._meta.label_lower:<40} {' '.join(said)}"


@pytest.mark.django_db
def test_every_address_and_model_is_as_the_table_says(settings):
    cache.clear()
    settings.API_USER_RATE_PER_MINUTE = 10**6
    lines = [
        f"# Addresses by GET; columns: {', '.join(CALLERS)}.",
        *lines_of_addresses(),
        f"# Models in the back office (view, add, change, delete): {', '.join(STAFF)}, nobody.",
        *lines_of_models(),
    ]
    if os.environ.get("WRITE_MATRIX"):
        TABLE.write_text("\n".join(lines) + "\n")
    table = TABLE.read_text().splitlines()
    assert lines == table
