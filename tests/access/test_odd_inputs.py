"""Every address of both APIs meets what no client should send: refused in words, never a crash."""

from __future__ import annotations

import json
from datetime import date
from importlib import import_module
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from rest_framework import serializers

from inventory.models import PurchaseOrder
from marketing.definitions.journey_library import READY_MADE
from outbox.services.endpoints import send_test
from shop.services.stock import stock
from shop.services.stock.ring_fences import ring_fence
from tests.access.odd_values import BODIES, TEXTS, quoted, spoiled
from tests.factories import make_customer, make_order, make_stock, make_variant, make_warehouse
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_decisions import make_decision
from tests.factories_flash_sales import make_flash_sale, noon
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


LINE = {"sku": "TEA-1", "units": 1}
STOCK = {"sku": "TEA-1", "warehouse": "MAIN"}
EVENT = {
    "event_id": "e-1",
    "kind": "view",
    "sku": "TEA-1",
    "customer": "C-1",
    "visitor": "v-1",
    "session": "s-1",
    "order": "O-1",
    "units": 1,
    "query": "tea",
    "properties": {"place": "home"},
    "consent": True,
    "occurred_at": "2026-03-02T09:00:00Z",
    "user_agent": "Firefox",
}
FLASH_SALE = {
    **{"name": "Late hours", "name_zh": "夜场"},
    **{"starts_at": noon(2).isoformat(), "ends_at": noon(3).isoformat()},
    "lines": [LINE | {"price_minor": 500, "warehouse": "MAIN"}],
}
GOOD = {
    ("storefront", "events/", "post"): {"events": [EVENT], "sent_at": "2026-03-02T09:00:00Z"},
    ("storefront", "waitlist/", "post"): LINE | {"customer": "C-1", "consent": True},
    ("storefront", "coupons/quote/", "post"): {"code": "X", "customer": "C-1", "lines": [LINE]},
    ("merchant", "coupon-offers/", "post"): {
        **{"code": "SPRING", "name": "Spring", "percent": 20, "most_minor": 500, "valid_days": 7},
        **{"most_uses": 5, "budget_minor": 5000, "skus": ["TEA-1"], "last_on": "2099-01-01"},
    },
    ("merchant", "coupon-offers/<int:pk>/decision/", "post"): {"to": "stopped"},
    ("merchant", "coupon-offers/<int:pk>/revisions/", "post"): {},
    ("merchant", "coupons/<str:code>/revocation/", "post"): {"note": "shared"},
    ("storefront", "collect/", "post"): {"events": [EVENT]},
    ("storefront", "identities/", "post"): {"customer": "C-1", "visitor": "v"},
    ("storefront", "carts/<str:cart>/reservations/", "post"): LINE | {"minutes": 5},
    ("storefront", "carts/<str:cart>/reservations/", "patch"): {"minutes": 5},
    ("storefront", "payments/<slug:provider>/", "post"): {"id": "e-1", "kind": "captured"},
    ("storefront", "orders/", "post"): {
        "lines": [LINE],
        "customer": {
            **{"code": "C-2", "email": "c2@example.com", "name": "Ann", "phone": "1"},
            **{"country": "GB", "language": "en"},
        },
        **{"channel": "", "cart": "c-1", "country": "GB", "visitor": "v", "session": "s"},
        "expected_total_minor": 1000,
    },
    ("storefront", "consents/", "post"): {
        **{"customer": "C-1", "purpose": "analytics", "granted": True, "source": "test"}
    },
    ("storefront", "conversations/", "post"): {
        **{"body": "Where is it?", "subject": "Order", "customer": "C-1", "email": "c@example.com"}
    },
    ("storefront", "conversations/<uuid:id>/messages/", "post"): {"body": "Hello?"},
    ("merchant", "variants/<str:sku>/hold/", "post"): {"reason": "recall"},
    ("merchant", "stock/receipts/", "post"): STOCK | {"units": 1, "reference": "r"},
    ("merchant", "stock/adjustments/", "post"): STOCK | {"delta_units": 1, "reason": "found"},
    ("merchant", "stock/counts/", "post"): STOCK | {"counted_units": 5, "reason": "shelf"},
    ("merchant", "stock/transfers/", "post"): {
        **{"sku": "TEA-1", "source": "MAIN", "target": "SECOND", "units": 1, "reason": "nearer"}
    },
    ("merchant", "stock/write-offs/", "post"): STOCK | {"batch": "LOT-1", "reason": "old"},
    ("merchant", "stock/ring-fences/", "post"): {
        **STOCK,
        **{"units": 1, "purpose": "sale", "ends_at": "2099-02-01T00:00:00Z"},
    },
    ("merchant", "stock/ring-fences/<int:pk>/release/", "post"): {"units": 1},
    ("merchant", "prices/", "post"): {
        **{"sku": "TEA-1", "amount_minor": 900, "kind": "campaign", "channel": ""},
        **{"valid_from": "2099-01-01T00:00:00Z", "valid_until": "2099-02-01T00:00:00Z"},
    },
    ("merchant", "orders/<str:number>/steps/", "post"): {"to": "paid", "note": "by card"},
    ("merchant", "orders/<str:number>/returns/", "post"): {
        "number": "R-1",
        "lines": [{"position": 0, "units": 1}],
        **{"reason": "broken", "restock": False},
    },
    ("merchant", "orders/<str:number>/shipments/", "post"): {
        "number": "P-1",
        "lines": [{"position": 0, "units": 1, "sku": "TEA-1"}],
        **{"warehouse": "MAIN", "carrier": "Post", "tracking_code": "T1", "note": "heavy"},
    },
    ("merchant", "orders/<str:number>/refunds/", "post"): {
        **{"number": "F-1", "amount_minor": 1, "reason": "goodwill"}
    },
    ("merchant", "orders/<str:number>/paid-back/", "post"): {"number": "B-1"},
    ("merchant", "orders/<str:number>/exchanges/", "post"): {
        "number": "X-1",
        "lines": [{"position": 0, "units": 1}],
        "wanted": [LINE],
        **{"reason": "size", "restock": True},
    },
    ("merchant", "experiments/", "post"): {
        **{"label": "e", "placement": "home", "metric": "clicked", "layer": "l", "note": "n"},
        "arms": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}],
        **{"traffic_rate": 0.5, "planned_units": 1000, "guardrail_margin": 0.01},
    },
    ("merchant", "experiments/<int:pk>/start/", "post"): {},
    ("merchant", "evidence/", "post"): {
        **{"code": "LAB-1", "title": "t", "excerpt": "e", "valid_from": "2026-01-01"},
        **{"valid_until": "2026-12-31", "url": "https://lab.example/1"},
        "file": {"name": "r.pdf", "content": "YQ=="},
    },
    ("merchant", "evidence/<int:pk>/revisions/", "post"): {
        **{"title": "t", "excerpt": "e", "valid_from": "2026-01-01", "valid_until": "2026-12-31"},
        **{"url": "https://lab.example/1", "keeps_uses": True},
    },
    ("merchant", "evidence/<int:pk>/decision/", "post"): {"to": "approved"},
    ("merchant", "evidence/<int:pk>/uses/", "post"): {
        **{"sentence": "s", "kind": "health", "language": "en", "product": "TEA-1"},
    },
    ("merchant", "journeys/<slug:code>/versions/", "post"): {
        "definition": READY_MADE[0].definition
    },
    ("merchant", "journeys/<slug:code>/steps/", "post"): {"to": "live", "version": 1},
    ("merchant", "briefs/", "post"): {
        **{"goal": "announce", "channel": "email", "skus": ["TEA-1"], "tone": "warm", "count": 2},
        **{"language": "en", "market": "GB", "instructions": "i", "must_say": "Hello"},
        **{"must_not_say": "x", "max_characters": 400},
    },
    ("merchant", "candidates/<int:pk>/choice/", "post"): {},
    ("merchant", "experiments/<int:pk>/stop/", "post"): {},
    ("merchant", "recommendations/rules/", "post"): {
        **{"name": "cheap", "action": "never", "price_to_minor": 100, "skus": ["TEA-1"]},
        **{"placement": "home", "starts_at": "2026-03-02T09:00:00Z", "note": "n", "is_on": True},
    },
    ("merchant", "recommendations/rules/<int:pk>/", "patch"): {"factor": 0.5, "is_on": False},
    ("merchant", "webhooks/", "post"): {
        **{"url": "https://shop.example/hook", "description": "till", "kinds": ["order.placed"]}
    },
    ("merchant", "webhooks/<int:pk>/tests/", "post"): {},
    ("merchant", "webhooks/<int:pk>/replays/", "post"): {},
    ("merchant", "deliveries/<int:pk>/replays/", "post"): {},
    ("merchant", "flash-sales/", "post"): FLASH_SALE,
    ("merchant", "flash-sales/<int:pk>/", "put"): FLASH_SALE,
    ("merchant", "flash-sales/<int:pk>/approval/", "post"): {},
    ("merchant", "flash-sales/<int:pk>/cancellation/", "post"): {},
    ("merchant", "purchase-orders/<str:number>/", "patch"): {"lines": [LINE]},
    ("merchant", "purchase-orders/<str:number>/approval/", "post"): {},
    ("merchant", "purchase-orders/<str:number>/sending/", "post"): {},
    ("merchant", "purchase-orders/<str:number>/receipts/", "post"): {"lines": [LINE]},
    ("merchant", "tickets/<str:number>/replies/", "post"): {"body": "Tomorrow.", "draft": 1},
    ("merchant", "campaigns/<int:pk>/approve/", "post"): {},
    ("merchant", "campaigns/<int:pk>/variants/", "post"): {
        **{"variants": [{"name": "A", "share": 1.0, "copies": [1]}], "allocation": "fixed"},
        **{"wave_count": 4, "wave_hours": 24, "wave_metric": "profit"},
    },
    ("merchant", "campaigns/<int:pk>/variants/steps/", "post"): {"variant": "B", "to": "stopped"},
    ("merchant", "audiences/", "post"): {
        **{"name": "Tea", "segments": ["everybody"], "as_of": None, "holdout_rate": 0.1}
    },
    ("merchant", "audiences/<int:pk>/steps/", "post"): {"to": "archived"},
    ("merchant", "audiences/<int:pk>/campaigns/", "post"): {
        **{"name": "Spring", "name_zh": "春", "goal": "announce", "channel": "email"},
        **{"tone": "warm", "language": "en", "brief": "b"},
    },
    ("merchant", "customers/<str:code>/attributes/", "post"): {
        **{"name": "shoe-size", "kind": "number", "value": "42"},
        **{"purpose": "personalisation", "source": "quiz"},
    },
    ("merchant", "segments/", "post"): {
        **{"code": "odd", "name": "Odd", "name_zh": "", "description": "", "is_tracked": False},
        "rule": {"field": "bought_sku", "op": "is", "value": "A", "days": 9},
    },
    ("merchant", "segments/<slug:code>/", "patch"): {"text": "frequency > 2", "name": "Odd"},
    ("merchant", "segment-counts/", "post"): {
        "rule": {"did": "view", "op": "is", "times": 3, "days": 9, "sku": "A", "brand": "b"}
    },
    ("merchant", "segment-figures/", "post"): {"segments": ["everybody"]},
    ("merchant", "segment-comparisons/", "post"): {"segments": ["everybody"], "weeks": 24},
    ("merchant", "cohorts/", "post"): {
        **{"unit": "month", "category": "tea", "channel": "web", "country": "GB", "segment": "new"}
    },
    ("merchant", "recommendations/report/", "post"): {"first": "2026-01-01", "last": "2026-01-07"},
    ("merchant", "jobs/<int:pk>/cancel/", "post"): {},
    ("merchant", "model-runs/<int:pk>/live/", "post"): {"reason": "better"},
    ("merchant", "decisions/<uuid:pk>/approve/", "post"): {"note": "yes"},
    ("merchant", "decisions/<uuid:pk>/refuse/", "post"): {"note": "no"},
    ("merchant", "decisions/<uuid:pk>/replay/", "post"): {},
}


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
    module = import_module(view.__module__.rsplit(".", 1)[0] + ".serializers")
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
