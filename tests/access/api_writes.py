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
from inventory.models import PurchaseOrder
from inventory.services import purchase_orders
from inventory.services.replenishment import plan_replenishment
from marketing.models import Candidate
from marketing.services.campaigns import campaigns
from outbox.models import Delivery, DeliveryState
from outbox.services.endpoints import send_test
from recommendations.models import Rule
from shop.models import Order, Variant
from shop.services import waitlist
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, Parcel, WantedLine
from shop.services.orders.parcels import Piece, pieces_of
from shop.services.stock import holds, stock
from shop.services.stock.ring_fences import ring_fence
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
    segment_writes,
    use,
    variant_stop,
)
from tests.access.writes import NUMBERS, Write
from tests.decisions.test_experiments import make_experiment
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_content import make_brief, make_evidence
from tests.factories_decisions import make_decision, make_trained
from tests.factories_inventory import AS_OF, Silent, make_forecast, make_item, make_supplier
from tests.factories_marketing import make_campaign, make_reachable, make_segment
from tests.factories_outbox import make_endpoint
from tests.factories_support import make_ticket


def _sku(units: int = 100) -> str:
    sku = f"W-{next(NUMBERS)}"
    stock.receive(make_variant(sku), units, warehouse=make_warehouse(), key=f"po:{sku}")
    return sku


def _order(*steps: Callable[[Order], Order]) -> Order:
    sku = _sku()
    order = orders.place_order(NewOrder((WantedLine(sku, 2),)), key=f"order:{sku}")
    for step in steps:
        order = step(order)
    return order


def _purchase_order(*steps: Callable[[PurchaseOrder], Any]) -> PurchaseOrder:
    variant, number = make_variant(f"P-{next(NUMBERS)}"), next(NUMBERS)
    make_item(variant, make_supplier(f"S-{number}"))
    make_forecast(variant)
    make_warehouse()
    plan_replenishment(AS_OF, seed=1, progress=Silent())
    made = PurchaseOrder.objects.get(supplier__code=f"S-{number}")
    for step in steps:
        step(made)
        made.refresh_from_db()
    return made


def _line(order: PurchaseOrder, units: int) -> dict[str, Any]:
    return {"lines": [{"sku": order.lines.get().variant.sku, "units": units}]}


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


def _reservation(cart: str) -> dict[str, Any]:
    stock.reserve(Variant.objects.get(sku=_sku()), 2, cart=cart, key=f"held:{cart}")
    return {"cart": cart}


def _stock_body(name: str, units: int, **other: Any) -> Write:
    body = {"sku": _sku(), "warehouse": make_warehouse().code, name: units} | other
    return Write({}, body, body | {name: units + 1})


def _prices() -> Write:
    body = {"sku": _sku(), "amount_minor": 900}
    return Write({}, body, body | {"amount_minor": 800})


def _reserve() -> Write:
    body = {"sku": _sku(), "units": 2, "minutes": 20}
    return Write({"cart": f"cart-{next(NUMBERS)}"}, body, body | {"units": 3})


def _place() -> Write:
    sku = _sku()
    return Write({}, {"lines": [{"sku": sku, "units": 2}]}, {"lines": [{"sku": sku, "units": 3}]})


def _event() -> Write:
    body = {
        "event_id": f"e-{next(NUMBERS)}",
        "kind": "view",
        "sku": _sku(),
        "visitor": "v-1",
        "occurred_at": (timezone.now() - timedelta(minutes=1)).isoformat(),
    }
    return Write({}, {"events": [body]}, {"events": [body | {"event_id": "other"}]})


def _consent() -> Write:
    customer = make_customer(f"C-{next(NUMBERS)}")
    body = {"customer": customer.code, "purpose": "analytics", "granted": True}
    return Write({}, body, body | {"granted": False})


def _wait() -> Write:
    body = {"sku": _sku(), "customer": make_customer(f"C-{next(NUMBERS)}").code, "units": 2}
    return Write({}, body, body | {"units": 3})


def _place_in_line() -> dict[str, Any]:
    variant, person = Variant.objects.get(sku=_sku()), make_customer(f"C-{next(NUMBERS)}")
    wish = waitlist.Wish(2, "test", consent=True, variant=variant, customer=person)
    return {"id": waitlist.join(wish).public_id}


def _returned() -> Write:
    order = _order(orders.pay, orders.ship)
    body = {"number": f"R-{next(NUMBERS)}", "lines": [{"position": 0, "units": 1}]}
    return Write({"number": order.number}, body, body | {"lines": [{"position": 0, "units": 2}]})


def _part_shipped(order: Order) -> Order:
    pieces = pieces_of(order, [Piece(0, 1, "")], "")
    orders.ship_part(order, Parcel(f"part-{next(NUMBERS)}", pieces))
    return order


def _of_order(body: dict[str, Any], other: dict[str, Any], *steps: Any) -> Write:
    """Each of these writes has a number of its own beside the key."""
    number = {"number": f"O-{next(NUMBERS)}"}
    return Write({"number": _order(*steps).number}, number | body, number | other)


def _exchange() -> Write:
    body = {"lines": [{"position": 0, "units": 1}], "wanted": [{"sku": _sku(), "units": 1}]}
    return _of_order(body, body | {"restock": False}, orders.pay, orders.ship)


def _parcel() -> Write:
    line = {"position": 0, "units": 1}
    return _of_order({"lines": [line]}, {"lines": [line | {"units": 2}]}, orders.pay)


def _identity() -> Write:
    customer = make_customer(f"C-{next(NUMBERS)}")
    body = {"customer": customer.code, "visitor": "v-1"}
    return Write({}, body, body | {"visitor": "v-2"})


def _arrival() -> Write:
    order = _purchase_order(
        purchase_orders.approve_purchase_order, purchase_orders.send_purchase_order
    )
    return Write({"number": order.number}, _line(order, 1), _line(order, 2))


def _edit() -> Write:
    order = _purchase_order()
    return Write({"number": order.number}, _line(order, 3), _line(order, 4))


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
    body = {"goal": "announce", "channel": "email", "skus": [_sku()], "count": 2}
    return Write({}, body, body | {"count": 3})


def _candidate() -> Candidate:
    brief = make_brief(variant=Variant.objects.get(sku=_sku()))
    jobs.run_job(brief.job.pk)
    return brief.candidates.get(position=1)


def _held_sku() -> dict[str, Any]:
    sku = _sku()
    holds.hold(Variant.objects.get(sku=sku), "A defect.")
    return {"sku": sku}


def _fence_body() -> Write:
    body = {"sku": _sku(), "warehouse": make_warehouse().code, "units": 4, "purpose": "sale"}
    return Write({}, body, body | {"units": 5})


def _fence() -> Write:
    sku = _sku()
    terms = {"warehouse": make_warehouse(), "purpose": "sale", "key": f"fence:{sku}"}
    made = ring_fence(Variant.objects.get(sku=sku), 4, **terms)
    return Write({"id": made.pk}, {"units": 1}, {"units": 2})


def _transfer() -> Write:
    body = {"sku": _sku(), "source": make_warehouse().code, "units": 4}
    body["target"] = make_warehouse("SECOND").code
    return Write({}, body, body | {"units": 5})


def _write_off() -> Write:
    sku, place = _sku(), make_warehouse()
    variant = Variant.objects.get(sku=sku)
    stock.receive(variant, 5, warehouse=place, key=f"lot:{sku}", batch="LOT-1")
    body = {"sku": sku, "warehouse": place.code, "batch": "LOT-1", "reason": "Too old."}
    return Write({}, body, body | {"reason": "Broken."})


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
    f"POST {M}orders/{{number}}/exchanges/": _exchange,
    f"POST {M}orders/{{number}}/paid-back/": lambda: _of_order(
        {}, {"number": "another"}, orders.pay, orders.cancel
    ),
    f"POST {M}orders/{{number}}/refunds/": lambda: _of_order(
        {"amount_minor": 5}, {"amount_minor": 6}, orders.pay
    ),
    f"DELETE {M}orders/{{number}}/rest/": lambda: Write(
        {"number": _order(orders.pay, _part_shipped).number}
    ),
    f"POST {M}orders/{{number}}/shipments/": _parcel,
    f"POST {M}orders/{{number}}/returns/": _returned,
    f"POST {M}orders/{{number}}/steps/": lambda: Write(
        {"number": _order().number}, {"to": "paid"}, {"to": "cancelled"}
    ),
    f"POST {M}prices/": _prices,
    f"PATCH {M}purchase-orders/{{number}}/": _edit,
    f"POST {M}purchase-orders/{{number}}/approval/": lambda: Write(
        {"number": _purchase_order().number}
    ),
    f"POST {M}purchase-orders/{{number}}/receipts/": _arrival,
    f"POST {M}purchase-orders/{{number}}/sending/": lambda: Write(
        {"number": _purchase_order(purchase_orders.approve_purchase_order).number}
    ),
    f"POST {M}experiments/": _experiment_body,
    f"POST {M}experiments/{{id}}/start/": lambda: Write({"id": _experiment().pk}),
    f"POST {M}experiments/{{id}}/stop/": lambda: Write({"id": _experiment(begun=True).pk}),
    f"POST {M}recommendations/rules/": lambda: _rule_body(),
    f"PATCH {M}recommendations/rules/{{id}}/": lambda: Write(
        {"id": _rule().pk}, {"note": "a"}, {"note": "b"}
    ),
    f"DELETE {M}recommendations/rules/{{id}}/": lambda: Write({"id": _rule().pk}),
    f"POST {M}stock/adjustments/": lambda: _stock_body("delta_units", 3, reason="Found."),
    f"POST {M}stock/counts/": lambda: _stock_body("counted_units", 7),
    f"POST {M}stock/receipts/": lambda: _stock_body("units", 5),
    f"POST {M}stock/ring-fences/": _fence_body,
    f"POST {M}stock/ring-fences/{{id}}/release/": _fence,
    f"POST {M}stock/transfers/": _transfer,
    f"POST {M}stock/write-offs/": _write_off,
    f"POST {M}tickets/{{number}}/replies/": lambda: Write(
        {"number": make_ticket(number=f"W-{next(NUMBERS)}").number},
        *_text(body="It is on its way."),
    ),
    f"POST {M}variants/{{sku}}/hold/": lambda: Write({"sku": _sku()}, {"reason": "A defect."}),
    f"DELETE {M}variants/{{sku}}/hold/": lambda: Write(_held_sku()),
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
    f"POST {M}journeys/{{code}}/versions/": lambda: journey_version(),
    f"POST {M}journeys/{{code}}/steps/": lambda: Write(
        {"code": live_journey().code}, {"to": "paused"}, {"to": "stopped"}
    ),
    f"POST {S}carts/{{cart}}/reservations/": _reserve,
    f"DELETE {S}carts/{{cart}}/reservations/": lambda: Write(_reservation(f"cart-{next(NUMBERS)}")),
    f"PATCH {S}carts/{{cart}}/reservations/": lambda: Write(
        _reservation(f"cart-{next(NUMBERS)}"), {"minutes": 60}, {"minutes": 70}
    ),
    f"POST {S}consents/": _consent,
    f"POST {S}conversations/": lambda: Write({}, *_text(body="Where is my order?")),
    f"POST {S}conversations/{{id}}/messages/": lambda: Write(
        {"id": make_ticket(number=f"W-{next(NUMBERS)}").public_id}, *_text(body="And?")
    ),
    f"POST {S}events/": _event,
    f"POST {S}identities/": _identity,
    f"POST {S}orders/": _place,
    **coupon_writes(M, S),
    f"POST {S}waitlist/": _wait,
    f"DELETE {S}waitlist/{{id}}/": lambda: Write(_place_in_line()),
    **FLASH_SALE_WRITES,
}
