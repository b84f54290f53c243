"""For each write of the API, a shop in which it can be carried out, and the request that does it.

The key is the operation as the OpenAPI document names it; a new write without a line here fails
tests/access/test_idempotent_writes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from decisions import kinds
from decisions.kinds import DecisionKind
from decisions.models import Experiment, ExperimentState
from decisions.services import jobs
from decisions.services.experiments import save_experiment, start_experiment
from decisions.services.model_runs import publish_run
from inventory.services import purchase_orders
from marketing.models import Candidate
from marketing.services.campaigns import campaigns
from marketing.services.tiers.programmes import TierTerms
from outbox.models import Delivery, DeliveryState
from outbox.services.endpoints import send_test
from privacy.services import erasures
from recommendations.models import Rule
from shop.models import Customer, Review, Variant
from shop.services.orders import orders
from shop.services.stock import stock
from tests.access.coupon_writes import coupon_writes
from tests.access.flash_sale_writes import FLASH_SALE_WRITES
from tests.access.marketing_writes import (
    campaign_variants,
    document,
    frozen_list,
    journey_version,
    kept_list,
    list_campaign,
    live_journey,
    revision,
    ruling,
    ruling_decision,
    segment_writes,
    use,
    variant_stop,
)
from tests.access.shop_writes import (
    arrival,
    edit,
    exchange,
    fence,
    fence_body,
    held_sku,
    of_order,
    parcel,
    part_shipped,
    place,
    place_in_line,
    placed_order,
    prices,
    purchase_order,
    reservation,
    reserve,
    returned,
    stock_body,
    stocked_sku,
    transfer,
    wait,
    write_off,
)
from tests.access.writes import NUMBERS, Write
from tests.decisions.test_experiments import make_experiment
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_content import make_brief, make_evidence
from tests.factories_decisions import make_decision, make_trained
from tests.factories_marketing import make_campaign, make_reachable, make_segment
from tests.factories_outbox import make_endpoint
from tests.factories_support import make_ticket
from tests.factories_tiers import make_programme


def _decision() -> dict[str, Any]:
    plain = DecisionKind("written", "Written", compute=lambda inputs: inputs)
    kinds._kinds.setdefault("written", plain)  # other tests have a kind "test" with other rules
    return {"id": make_decision(f"w:{next(NUMBERS)}", kind="written").pk}


def _dead_delivery() -> Delivery:
    number = next(NUMBERS)
    endpoint = make_endpoint(f"https://shop.example/hook/{number}")
    delivery = send_test(endpoint, key=f"test:{number}")
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.DEAD)
    return delivery


def _proposed_campaign() -> dict[str, Any]:
    number = next(NUMBERS)
    make_reachable(3, prefix=f"R{number}")
    variant = make_variant(f"C-{number}", name="Copper Kettle")
    stock.receive(variant, 100, warehouse=make_warehouse(), key=f"po:C-{number}")
    campaign = make_campaign(variant=variant, segment=make_segment(code=f"seg-{number}"))
    campaigns.propose_campaign(campaign)
    return {"id": campaign.pk}


TERMS: dict[str, Any] = {
    "name": "Mates", "figure": "orders", "starts_on": "2026-01-01",
    "tiers": [{"code": "first", "name": "First", "enter_at": 3, "stay_at": 2}],
}  # fmt: skip


def _terms(code: str) -> dict[str, Any]:
    """A tier's code is of one programme alone, and what a write makes stays for those after it."""
    tier = TERMS["tiers"][0] | {"code": f"first-{code}"}
    return TERMS | {"code": code, "tiers": [tier]}


def _programme() -> str:
    number = next(NUMBERS)
    tier = TierTerms(f"bronze-{number}", "Bronze", 10_000, 8_000)
    return make_programme(f"friends-{number}", live=False, tiers=(tier,)).code


def _review() -> int:
    product = make_variant(f"R-{next(NUMBERS)}").product
    return Review.objects.create(key=f"r-{product.pk}", product=product, rating=4, body="Fine").pk


def _event() -> Write:
    body = {
        "event_id": f"e-{next(NUMBERS)}",
        "kind": "view",
        "sku": stocked_sku(),
        "visitor": "v-1",
        "occurred_at": (timezone.now() - timedelta(minutes=1)).isoformat(),
    }
    return Write({}, {"events": [body]}, {"events": [body | {"event_id": "other"}]})


def _customer() -> Customer:
    return make_customer(f"W-{next(NUMBERS)}")


def _consent() -> Write:
    customer = make_customer(f"C-{next(NUMBERS)}")
    body = {"customer": customer.code, "purpose": "analytics", "granted": True}
    return Write({}, body, body | {"granted": False})


def _identity() -> Write:
    customer = make_customer(f"C-{next(NUMBERS)}")
    body = {"customer": customer.code, "visitor": "v-1"}
    return Write({}, body, body | {"visitor": "v-2"})


def _run() -> dict[str, Any]:
    published = publish_run(make_trained(f"{next(NUMBERS):064d}"))
    publish_run(make_trained(f"{next(NUMBERS):064d}", value=0.9))
    return {"id": published.pk}


def _rule() -> Rule:
    return Rule.objects.create(name="cheap", action="never", price_to_minor=next(NUMBERS))


def _experiment(begun: bool = False) -> Experiment:
    # One at a time runs at a place, and the write before this one may have begun one.
    Experiment.objects.filter(state=ExperimentState.RUNNING).update(state=ExperimentState.STOPPED)
    made = save_experiment(make_experiment(f"e-{next(NUMBERS)}"))
    return start_experiment(made) if begun else made


def _experiment_body() -> Write:
    arms = [{"name": name, "share": 0.5, "settings": {"rules": name == "a"}} for name in "ab"]
    body = {"label": "More variety?", "placement": "home", "arms": arms}
    return Write({}, body, body | {"label": "Less?"})


def _rule_body() -> Write:
    body = {"name": "cheap", "action": "never", "price_to_minor": 100}
    return Write({}, body, body | {"name": "cheaper"})


def _brief_body() -> Write:
    body = {"goal": "announce", "channel": "email", "skus": [stocked_sku()], "count": 2}
    return Write({}, body, body | {"count": 3})


def _candidate() -> Candidate:
    brief = make_brief(variant=Variant.objects.get(sku=stocked_sku()))
    jobs.run_job(brief.job.pk)
    return brief.candidates.get(position=1)


def _text(**body: str) -> tuple[dict[str, str], dict[str, str]]:
    return body, body | {"body": "Something else."}


# These take no Idempotency-Key: a provider's signed message and a browser's event have ids of their
# own, see tests/shop/test_orders_payments.py and tests/shop/test_collect.py.
BY_EVENT_ID = {
    "POST /api/storefront/v1/payments/{provider}/",
    "POST /api/storefront/v1/collect/",
}
M, S = "/api/merchant/v1/", "/api/storefront/v1/"
WRITES: dict[str, Callable[[], Write]] = {
    f"POST {M}campaigns/{{id}}/approve/": lambda: Write(_proposed_campaign()),
    f"POST {M}campaigns/{{id}}/variants/": campaign_variants,
    f"POST {M}campaigns/{{id}}/variants/steps/": variant_stop,
    f"POST {M}decisions/{{id}}/approve/": lambda: Write(_decision(), {"note": "go"}),
    f"POST {M}decisions/{{id}}/refuse/": lambda: Write(_decision(), {"note": "no"}),
    f"POST {M}decisions/{{id}}/replay/": lambda: Write(_decision()),
    f"POST {M}deliveries/{{id}}/replays/": lambda: Write({"id": _dead_delivery().pk}),
    f"POST {M}jobs/{{id}}/cancel/": lambda: Write(
        {"id": jobs.enqueue("import_data", {"path": "x", "kind": "products"}).pk}
    ),
    f"POST {M}model-runs/{{id}}/live/": lambda: Write(_run(), {"reason": "It was better."}),
    f"POST {M}orders/{{number}}/exchanges/": exchange,
    f"POST {M}orders/{{number}}/paid-back/": lambda: of_order(
        {}, {"number": "another"}, orders.pay, orders.cancel
    ),
    f"POST {M}orders/{{number}}/refunds/": lambda: of_order(
        {"amount_minor": 5}, {"amount_minor": 6}, orders.pay
    ),
    f"DELETE {M}orders/{{number}}/rest/": lambda: Write(
        {"number": placed_order(orders.pay, part_shipped).number}
    ),
    f"POST {M}orders/{{number}}/shipments/": parcel,
    f"POST {M}orders/{{number}}/returns/": returned,
    f"POST {M}orders/{{number}}/steps/": lambda: Write(
        {"number": placed_order().number}, {"to": "paid"}, {"to": "cancelled"}
    ),
    f"POST {M}prices/": prices,
    f"PATCH {M}purchase-orders/{{number}}/": edit,
    f"POST {M}purchase-orders/{{number}}/approval/": lambda: Write(
        {"number": purchase_order().number}
    ),
    f"POST {M}purchase-orders/{{number}}/receipts/": arrival,
    f"POST {M}purchase-orders/{{number}}/sending/": lambda: Write(
        {"number": purchase_order(purchase_orders.approve_purchase_order).number}
    ),
    f"POST {M}experiments/": _experiment_body,
    f"POST {M}experiments/{{id}}/start/": lambda: Write({"id": _experiment().pk}),
    f"POST {M}experiments/{{id}}/stop/": lambda: Write({"id": _experiment(begun=True).pk}),
    f"POST {M}recommendations/rules/": lambda: _rule_body(),
    f"PATCH {M}recommendations/rules/{{id}}/": lambda: Write(
        {"id": _rule().pk}, {"note": "a"}, {"note": "b"}
    ),
    f"DELETE {M}recommendations/rules/{{id}}/": lambda: Write({"id": _rule().pk}),
    f"POST {M}stock/adjustments/": lambda: stock_body("delta_units", 3, reason="Found."),
    f"POST {M}stock/counts/": lambda: stock_body("counted_units", 7),
    f"POST {M}stock/receipts/": lambda: stock_body("units", 5),
    f"POST {M}stock/ring-fences/": fence_body,
    f"POST {M}stock/ring-fences/{{id}}/release/": fence,
    f"POST {M}stock/transfers/": transfer,
    f"POST {M}stock/write-offs/": write_off,
    f"POST {M}tickets/{{number}}/replies/": lambda: Write(
        {"number": make_ticket(number=f"W-{next(NUMBERS)}").number},
        *_text(body="It is on its way."),
    ),
    f"POST {M}variants/{{sku}}/hold/": lambda: Write(
        {"sku": stocked_sku()}, {"reason": "A defect."}
    ),
    f"DELETE {M}variants/{{sku}}/hold/": lambda: Write(held_sku()),
    f"POST {M}webhooks/": lambda: Write(
        {}, {"url": "https://shop.example/new"}, {"url": "https://shop.example/other"}
    ),
    f"POST {M}webhooks/{{id}}/replays/": lambda: Write({"id": _dead_delivery().endpoint_id}),
    f"POST {M}webhooks/{{id}}/tests/": lambda: Write(
        {"id": make_endpoint(f"https://shop.example/{next(NUMBERS)}").pk}
    ),
    f"POST {M}audiences/": frozen_list,
    f"DELETE {M}audiences/{{id}}/": lambda: Write({"id": kept_list().pk}),
    f"POST {M}audiences/{{id}}/steps/": lambda: Write(
        {"id": kept_list().pk}, {"to": "archived"}, {"to": "kept"}
    ),
    f"POST {M}audiences/{{id}}/campaigns/": list_campaign,
    f"POST {M}briefs/": _brief_body,
    **segment_writes(M),
    f"POST {M}cohorts/": lambda: Write({}, {"unit": "month"}, {"unit": "week"}),
    f"POST {M}recommendations/report/": lambda: Write({}),
    f"POST {M}candidates/{{id}}/choice/": lambda: Write({"id": _candidate().pk}),
    f"POST {M}evidence/": lambda: Write({}, document(), document()),
    f"POST {M}evidence/{{id}}/revisions/": lambda: revision(),
    f"POST {M}evidence/{{id}}/decision/": lambda: Write(
        {"id": make_evidence(state="pending").pk}, {"to": "approved"}, {"to": "withdrawn"}
    ),
    f"POST {M}evidence/{{id}}/uses/": lambda: use(),
    f"POST {M}rulings/": lambda: ruling(),
    f"POST {M}rulings/{{id}}/decision/": lambda: ruling_decision(),
    f"POST {M}journeys/{{code}}/versions/": lambda: journey_version(),
    f"POST {M}journeys/{{code}}/steps/": lambda: Write(
        {"code": live_journey().code}, {"to": "paused"}, {"to": "stopped"}
    ),
    f"POST {M}tiers/": lambda: Write({}, _terms("mates"), _terms("pals")),
    f"POST {M}tiers/preview/": lambda: Write({}, _terms("mates"), _terms("pals")),
    f"PUT {M}tiers/{{code}}/": lambda: Write(
        {"code": _programme()}, TERMS, TERMS | {"name": "Other"}
    ),
    f"POST {M}tiers/{{code}}/decision/": lambda: Write(
        {"code": _programme()}, {"to": "live"}, {"to": "stopped"}
    ),
    f"POST {M}reviews/{{id}}/": lambda: Write(
        {"id": _review()},
        {"step": "reject", "reason": "abuse", "note": "its last word"},
        {"step": "publish"},
    ),
    f"POST {S}conversations/{{id}}/rating/": lambda: Write(
        {"id": make_ticket().public_id}, {"csat": 4}, {"csat": 2}
    ),
    f"POST {M}erasures/": lambda: Write(
        {}, {"customer": _customer().code}, {"customer": _customer().code}
    ),
    f"POST {M}erasures/{{id}}/decision/": lambda: Write(
        {"id": erasures.ask(_customer()).pk}, {"approve": False}, {"approve": True}
    ),
    f"POST {S}carts/{{cart}}/reservations/": reserve,
    f"DELETE {S}carts/{{cart}}/reservations/": lambda: Write(reservation(f"cart-{next(NUMBERS)}")),
    f"PATCH {S}carts/{{cart}}/reservations/": lambda: Write(
        reservation(f"cart-{next(NUMBERS)}"), {"minutes": 60}, {"minutes": 70}
    ),
    f"POST {S}consents/": _consent,
    f"POST {S}conversations/": lambda: Write({}, *_text(body="Where is my order?")),
    f"POST {S}conversations/{{id}}/messages/": lambda: Write(
        {"id": make_ticket(number=f"W-{next(NUMBERS)}").public_id}, *_text(body="And?")
    ),
    f"POST {S}events/": _event,
    f"POST {S}identities/": _identity,
    f"POST {S}orders/": place,
    **coupon_writes(M, S),
    f"POST {S}waitlist/": wait,
    f"DELETE {S}waitlist/{{id}}/": lambda: Write(place_in_line()),
    **FLASH_SALE_WRITES,
}
