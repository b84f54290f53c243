"""Every address of both APIs meets what no client should send: refused in words, never a crash."""

from __future__ import annotations

import json
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from rest_framework import serializers

from inventory.models import PurchaseOrder
from outbox.services.endpoints import send_test
from shop.services.stock import stock
from shop.services.stock.ring_fences import ring_fence
from tests.access.good_bodies import GOOD
from tests.access.odd_values import BODIES, TEXTS, quoted, spoiled
from tests.factories import make_customer, make_order, make_stock, make_variant, make_warehouse
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_decisions import make_decision
from tests.factories_flash_sales import make_flash_sale
from tests.factories_inventory import make_supplier
from tests.factories_marketing import make_campaign
from tests.factories_outbox import make_endpoint
from tests.factories_support import make_ticket

SIDES = ("storefront", "merchant")
METHODS = ("get", "post", "put", "patch", "delete")


def api_addresses() -> list[tuple[str, str, object]]:
    """(side, route, view class) of every address, as the URLconf has them."""
    found = []
    for part in get_resolver().url_patterns:
        if getattr(part, "namespace", None) in SIDES:
            found += [
                (part.namespace, str(part.pattern) + str(one.pattern), one.callback.view_class)
                for one in part.url_patterns
            ]
    return found


ADDRESSES = api_addresses()
VIEWS = {(side, route): view for side, route, view in ADDRESSES}
CALLS = [
    (side, route, method)
    for side, route, view in ADDRESSES
    for method in METHODS
    if hasattr(view, method)
]


@pytest.fixture
def shop(db):
    """One of each thing, so that an odd input reaches the service behind a real identifier."""
    cache.clear()
    variant = make_variant("TEA-1")
    make_stock(variant, 5)
    order = make_order([(variant, 1)], customer=make_customer("C-1"), number="O-1")
    ticket = make_ticket(number="O-1")
    warehouse = make_warehouse()
    purchase = PurchaseOrder.objects.create(
        number="O-1",
        key="O-1",
        supplier=make_supplier(),
        warehouse=warehouse,
        currency="GBP",
        cycle_on=date(2026, 3, 2),
    )
    purchase.lines.create(variant=variant, suggested_units=1, units=1)
    campaign = make_campaign(variant=variant)
    stock.receive(variant, 5, warehouse=warehouse, key="lot", batch="LOT-1")
    make_warehouse("SECOND")
    fence = ring_fence(variant, 1, warehouse=warehouse, purpose="sale", key="fence")
    endpoint = make_endpoint("https://shop.example/hook")
    return {
        "ring-fences": str(fence.pk),
        "flash-sales": str(make_flash_sale("TEA-1").pk),
        "webhooks": str(endpoint.pk),
        "deliveries": str(send_test(endpoint, key="test").pk),
        "provider": "generic",
        "sku": "TEA-1",
        "cart": "c-1",
        "number": order.number,
        "kind": "campaign",
        "source_id": "1",
        "id": str(ticket.public_id),
        "code": campaign.segment.code,
        "customer": "C-1",
        "pk": str(campaign.pk),
        "uuid": str(make_decision().pk),
    }


@pytest.fixture
def ask(shop):
    """Asks as the storefront or as the owner; a crash comes back as a 500."""
    owner = make_staff(is_superuser=True)
    secrets = {
        "storefront": make_key(rate_per_minute=10**6).secret,
        "merchant": make_key(user=owner, rate_per_minute=10**6).secret,
    }
    client = Client(raise_request_exception=False)

    def asked(side, method, address, body=None, content_type="application/json", **headers):
        options = {} if body is None else {"data": body, "content_type": content_type}
        headers = {"HTTP_IDEMPOTENCY_KEY": uuid4().hex} | bearer(secrets[side]) | headers
        response = getattr(client, method)(address, **options, **headers)
        said = f"{method} {address[:200]} {str(body)[:200]!r} {headers!r}: {response.content[:300]}"
        assert response.status_code < 500, said
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json", said
            problem = json.loads(response.content)
            assert problem["type"].startswith("/problems/"), said
            assert problem["what_to_do"], said
        return response

    return asked


def filled(route: str, with_: dict[str, str]) -> str:
    """The route with its parts replaced: `<str:sku>` by the SKU that the shop has."""
    parts = []
    for part in route.split("/"):
        if part.startswith("<"):
            kind, name = part.strip("<>").split(":")
            name = "uuid" if (kind, name) == ("uuid", "pk") else name
            parts.append(with_.get(parts[-1], with_[name]))
        else:
            parts.append(part)
    return "/" + "/".join(parts)


def fields_of(view: object) -> list[str]:
    """Every field that a shape of the view's queries names."""
    room = view.__module__.rsplit(".", 1)[0]
    name = "serializers" if find_spec(f"{room}.serializers") else "shapes"
    module = import_module(f"{room}.{name}")
    shapes = [
        one
        for name, one in vars(module).items()
        if name.endswith(("Filter", "Ask", "Choice")) and issubclass(one, serializers.Serializer)
    ]
    return sorted({"limit", "cursor"}.union(*(shape._declared_fields for shape in shapes)))


@pytest.mark.parametrize(
    ("side", "route"),
    [(side, route) for side, route, view in ADDRESSES if hasattr(view, "get")],
)
def test_odd_queries(ask, shop, side, route):
    address = filled(route, shop)
    names = fields_of(VIEWS[side, route])
    for index, text in enumerate(TEXTS):
        ask(side, "get", f"{address}?{'&'.join(f'{name}={quoted(text)}' for name in names)}")
        # One at a time as well, else the first refusal hides the others.
        for name in names[index % 3 :: 3]:
            ask(side, "get", f"{address}?{name}={quoted(text)}")


def test_every_write_has_a_good_body_to_spoil():
    writes = {(side, route, m) for side, route, m in CALLS if m in ("post", "put", "patch")}
    assert {(side, f"api/{side}/v1/{route}", m) for side, route, m in GOOD} == writes


@pytest.mark.parametrize(("side", "route", "method"), GOOD)
def test_odd_bodies(ask, shop, side, route, method):
    address = filled(f"api/{side}/v1/{route}", shop)
    good = GOOD[side, route, method]
    for body in BODIES:
        ask(side, method, address, body.encode(errors="surrogatepass"))
    for kind in ("", "text/plain", "application/xml", "multipart/form-data; boundary=x"):
        ask(side, method, address, b"--x\r\n", content_type=kind)
    for body in spoiled(good):
        ask(side, method, address, json.dumps(body).encode())


@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_odd_identifiers(ask, shop, text):
    odd = dict.fromkeys(shop, quoted(text))
    for side, route, method in CALLS:
        if "<" in route:
            ask(side, method, filled(route, odd), None if method in ("get", "delete") else b"{}")


@pytest.mark.parametrize("key", ["\x7f", "é", "x" * 151, " ", "a\tb", "\x00"])
def test_odd_idempotency_keys(ask, key):
    ask("storefront", "post", "/api/storefront/v1/orders/", b"{}", HTTP_IDEMPOTENCY_KEY=key)


@pytest.mark.parametrize(
    "secret", ["Bearer", "Bearer \x00", "Bearer bk_\xff", "Basic !", "é" * 9000]
)
def test_odd_keys(ask, secret):
    response = ask("storefront", "get", "/api/storefront/v1/products/", HTTP_AUTHORIZATION=secret)
    assert response.status_code in (401, 403)


def test_odd_languages(ask):
    for language in ("\x00", "zh" * 5000, "*;q=9", "zh-hans;q=nan"):
        ask(
            "storefront",
            "get",
            "/api/storefront/v1/products/",
            HTTP_ACCEPT_LANGUAGE=language,
            HTTP_ACCEPT="application/json",
        )
