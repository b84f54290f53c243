"""Every list of the back office opens, costs the same queries for 3 rows as for 12, and is guarded."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shop.models import (
    Attribute,
    Channel,
    Consent,
    Event,
    KitComponent,
    Order,
    OrderState,
    Price,
    ProductImage,
    Reservation,
    Review,
    SellingHold,
    StockLevel,
    StockMovement,
    VisitorLink,
)
from shop.services import waitlist
from shop.services.orders import orders
from shop.services.orders.returns import return_lines
from shop.services.stock import stock
from shop.services.stock.holds import hold
from shop.services.stock.ring_fences import ring_fence
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_access import make_key, make_staff

pytestmark = pytest.mark.django_db
# What is kept only to answer faster, or to know where a look ended: nobody has a use for a page of it.
WITHOUT_A_PAGE = {"LatestEvent", "LatestState", "PriceLook"}
# What stands on the page of its coupon, and of its price.
WITHOUT_A_PAGE |= {"CouponMovement", "PriceEnding"}
# On the page of its review; and what no person reads: hashes, and the door of ledgers.
WITHOUT_A_PAGE |= {"ReviewFlag", "ReviewDecision", "ErasedIdentifier", "LedgerDoor"}
WITHOUT_A_PAGE |= {"CustomerAttribute"}  # on the page of its customer
MODELS = [
    model
    for app in ("shop", "access")
    for model in apps.get_app_config(app).get_models()
    if model._meta.managed and model.__name__ not in WITHOUT_A_PAGE
]
# Session, user, permissions of the role, languages … and then the page itself.
MOST_QUERIES = 14


def fill(first, last):
    """`last - first` rows in every table, through the services where there are any."""
    place = make_warehouse(f"W{first}")
    for n in range(first, last):
        variant = make_variant(f"SKU-{n}", brand=f"B{n}", category=f"C{n}")
        customer = make_customer(f"C-{n}")
        stock.receive(variant, 50, warehouse=place, key=f"po{n}")
        stock.reserve(variant, 1, cart=f"c{n}", key=f"r{n}")
        wanted = orders.NewOrder((orders.WantedLine(variant.sku, 2),), customer=customer)
        order = orders.place_order(wanted, key=f"o{n}")
        orders.ship(orders.pay(order))
        return_lines(order, {order.lines.get().pk: 1}, number=f"R{n}")
        hold(variant, "recall")
        stock.receive(variant, 5, warehouse=place, key=f"lot{n}", batch=f"LOT-{n}")
        ring_fence(variant, 1, warehouse=place, purpose=f"sale:{n}", key=f"fence{n}")
        KitComponent.objects.create(kit=make_variant(f"KIT-{n}"), component=variant, units=2)
        ProductImage.objects.create(product=variant.product, url="https://example.com/a.png")
        Review.objects.create(key=f"{n}", product=variant.product, customer=customer, rating=4)
        Consent.objects.create(
            customer=customer, purpose="analytics", granted=True, source="checkout"
        )
        VisitorLink.objects.create(visitor=f"v{n}", customer=customer)
        waitlist.join(waitlist.Wish(1, "test", True, variant=variant, customer=customer))
        Attribute.objects.create(code=f"a{n}", name="colour")
        Channel.objects.create(code=f"ch{n}", name="Web")
        make_key(user=make_staff())


def address(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


def test_every_model_has_a_page():
    assert [model.__name__ for model in MODELS if model not in admin.site._registry] == []


def queries(client, path):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return len(seen), [query["sql"] for query in seen.captured_queries]


def test_lists_cost_the_same_queries_whatever_their_length(owner):
    fill(0, 3)
    owner.get(address(Order))  # content types and the like are read once
    few = {model: queries(owner, address(model))[0] for model in MODELS}
    fill(3, 12)
    for model in MODELS:
        many, statements = queries(owner, address(model))
        # A filter by related rows may add its options; it never adds one query for each row.
        assert many <= few[model], (model.__name__, few[model], statements)
        assert many <= MOST_QUERIES, (model.__name__, many, statements)


def test_a_rows_own_page_costs_a_bounded_number_of_queries(owner):
    fill(0, 2)
    for model in MODELS:
        row = model.objects.order_by("pk").first()
        if row is None:
            continue
        count, statements = queries(owner, address(model, "change", row.pk))
        assert count <= 40, (model.__name__, count, statements)


def test_search_and_filters_work(owner):
    fill(0, 2)
    for model, model_admin in admin.site._registry.items():
        if model in MODELS and model_admin.search_fields:
            assert owner.get(address(model), {"q": "SKU-1"}).status_code == 200, model
    page = owner.get(address(Order), {"state": "shipped", "q": "C-1"}).content.decode()
    assert Order.objects.get(customer__code="C-1").number in page
    assert Order.objects.get(customer__code="C-0").number not in page


def test_money_and_numbers_read_as_a_merchant_reads_them(owner):
    make_variant("TEA-1", price_minor=123_450)
    page = owner.get(address(Price)).content.decode()
    assert re.search(r"text-align:right[^>]*>£1,234\.50<", page)


@pytest.mark.parametrize("model", [StockMovement, Price, Event, OrderState, StockLevel, Consent])
def test_ledgers_are_read_only_for_the_owner_too(owner, rf, model):
    if model is OrderState:
        model = Order
    request = rf.get("/")
    request.user = make_staff(is_superuser=True)
    model_admin = admin.site._registry[model]
    assert not model_admin.has_change_permission(request)
    assert not model_admin.has_delete_permission(request)


def test_a_role_sees_its_lists_only(client):
    client.force_login(make_staff("shop.view_order"))
    assert client.get(address(Order)).status_code == 200
    assert client.get(address(StockMovement)).status_code == 403


def price_form(variant, **fields):
    return {
        "variant": variant.pk,
        "kind": "list",
        "amount": "12.50",
        "valid_from_0": "",
        "valid_from_1": "",
        "valid_until_0": "",
        "valid_until_1": "",
        "key": "admin:1",
    } | fields


def test_a_price_is_added_once_through_the_service(owner):
    variant = make_variant("TEA-1", price_minor=None)
    now = timezone.localtime()
    begin = {"valid_from_0": now.date().isoformat(), "valid_from_1": now.strftime("%H:%M:%S")}
    for _twice in range(2):
        answer = owner.post(address(Price, "add"), price_form(variant, **begin))
        assert answer.status_code == 302
    price = Price.objects.get()
    assert (price.amount_minor, price.source.startswith("user:")) == (1250, True)


def test_a_price_that_cannot_be_is_explained(owner):
    variant = make_variant("TEA-1", price_minor=None)
    now = timezone.localtime() - timedelta(days=2)
    begin = {"valid_from_0": now.date().isoformat(), "valid_from_1": now.strftime("%H:%M:%S")}
    answer = owner.post(address(Price, "add"), price_form(variant, **begin))
    assert "cannot begin in the past" in answer.content.decode()
    assert not Price.objects.exists()


def test_orders_are_moved_by_an_action_and_refusals_are_named(owner):
    fill(0, 1)
    variant = make_variant("TEA-1")
    stock.receive(variant, 5, warehouse=make_warehouse(), key="tea")
    placed = orders.place_order(orders.NewOrder((orders.WantedLine("TEA-1", 2),)), key="k")
    everything = [str(pk) for pk in Order.objects.values_list("pk", flat=True)]
    body = {"action": "mark_paid", "_selected_action": everything}
    page = owner.post(address(Order), body, follow=True).content.decode()
    placed.refresh_from_db()
    assert placed.state == "paid"
    assert "cannot become" in page  # the one that was shipped already


def test_an_action_is_closed_without_its_permission(client):
    variant = make_variant("TEA-1")
    stock.receive(variant, 5, warehouse=make_warehouse(), key="tea")
    placed = orders.place_order(orders.NewOrder((orders.WantedLine("TEA-1", 2),)), key="k")
    level = StockLevel.objects.get()
    client.force_login(make_staff("shop.view_order", "shop.view_stocklevel"))
    body = {"action": "mark_paid", "_selected_action": [str(placed.pk)]}
    client.post(address(Order), body)
    assert (
        client.post(address(Order, "pay", placed.pk), {"_form_submitted": "on"}).status_code == 403
    )
    receive = address(StockLevel, "receive_goods", level.pk)
    assert client.post(receive, {"_form_submitted": "on", "units": 5}).status_code == 403
    placed.refresh_from_db()
    level.refresh_from_db()
    assert (placed.state, level.on_hand) == ("placed", 5)


def test_stock_is_moved_in_a_dialog_once(owner):
    variant = make_variant("TEA-1")
    stock.receive(variant, 5, warehouse=make_warehouse(), key="tea")
    level = StockLevel.objects.get()
    body = {"_form_submitted": "on", "units": 7, "reason": "po:1", "key": "admin:1"}
    for _twice in range(2):
        answer = owner.post(address(StockLevel, "receive_goods", level.pk), body)
        assert answer.headers["HX-Redirect"] == address(StockLevel, "change", level.pk)
    level.refresh_from_db()
    assert level.on_hand == 12
    counted = body | {"units": 3, "key": "admin:2", "reason": ""}
    owner.post(address(StockLevel, "enter_count", level.pk), counted)
    taken = body | {"units": -99, "key": "admin:3", "reason": "stolen"}
    owner.post(address(StockLevel, "adjust_stock", level.pk), taken)
    level.refresh_from_db()
    assert level.on_hand == 3
    page = owner.get(address(StockLevel)).content.decode()
    assert "Not enough stock" in page


def test_a_hold_is_made_and_ended(owner):
    variant = make_variant("TEA-1")
    owner.post(address(SellingHold, "add"), {"variant": variant.pk, "reason": "recall"})
    made = SellingHold.objects.get()
    assert made.created_by is not None
    body = {"action": "let_the_sale_go_on", "_selected_action": [str(made.pk)]}
    owner.post(address(SellingHold), body)
    made.refresh_from_db()
    assert made.ended_at


def test_reserved_units_are_given_back(owner):
    fill(0, 1)
    held = Reservation.objects.get()
    owner.post(address(Reservation), {"action": "give_back", "_selected_action": [str(held.pk)]})
    held.refresh_from_db()
    assert held.state == Reservation.State.RELEASED
