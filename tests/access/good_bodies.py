"""For each write of the API a body that it takes, to be spoiled field by field."""

from __future__ import annotations

from marketing.definitions.journey_library import READY_MADE
from tests.access.api_writes import TERMS
from tests.factories_flash_sales import noon

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
    ("merchant", "erasures/", "post"): {"customer": "C-1", "ground": "wish"},
    ("merchant", "erasures/<int:pk>/decision/", "post"): {"approve": False},
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
    ("merchant", "rulings/", "post"): {"sentence": "s", "language": "en", "reason": "r"},
    ("merchant", "rulings/<int:pk>/decision/", "post"): {"to": "approved"},
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
    ("merchant", "tiers/", "post"): TERMS | {"code": "odd"},
    ("merchant", "tiers/preview/", "post"): TERMS | {"code": "odd"},
    ("merchant", "tiers/<slug:code>/", "put"): TERMS,
    ("merchant", "tiers/<slug:code>/decision/", "post"): {"to": "live"},
    ("merchant", "reviews/<int:pk>/", "post"): {"step": "reject", "reason": "abuse", "note": "n"},
    ("storefront", "conversations/<uuid:id>/rating/", "post"): {"csat": 4},
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
