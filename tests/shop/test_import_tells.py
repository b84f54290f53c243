"""Files tell what they change: webhooks, and campaigns that would say what is not true any more."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from django.db import transaction
from django.utils import timezone

from marketing.models.campaigns import PausedBy
from outbox.kinds import PayloadError
from outbox.models import Endpoint, Message
from outbox.services import publish_many
from shop.importers.run import Options, import_frames
from shop.models import Channel, Price, PriceLook, Product, Variant
from shop.services.price_looks import OVERLAP, notice_prices
from shop.services.prices import PriceTerms, set_price
from tests.factories import make_price, make_variant
from tests.factories_marketing import approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def listen(*kinds):
    Endpoint.objects.create(url="https://example.com/hook", kinds=list(kinds))


def bring_in(kind, *rows, **options):
    names = sorted({name for row in rows for name in row})
    frame = pl.DataFrame({name: [row.get(name, "") for row in rows] for name in names})
    report = import_frames(kind, frame, options=Options(**options))
    assert not report.rejected, report.reasons
    return report


def product(sku, price="4.50", **fields):
    return {"sku": sku, "name": "Tea", "list_price": price} | fields


def told(kind):
    return [one.payload for one in Message.objects.filter(kind=kind).order_by("created_at", "key")]


def at(moment):
    return moment.astimezone(UTC).isoformat()


def test_a_shop_that_nobody_listens_to_keeps_no_messages():
    bring_in("products", product("A"), product("B"))
    bring_in("products", product("A", "5.00"))
    assert Message.objects.count() == 0
    listen("order.placed")
    bring_in("products", product("A", "6.00"))
    assert Message.objects.count() == 0


def test_products_and_their_prices_are_told_once():
    listen()
    rows = [product("B", product_code="T"), product("A", product_code="T"), product("C", "")]
    bring_in("products", *rows)
    assert {one["code"]: one["skus"] for one in told("product.changed")} == {
        "T": ["A", "B"],
        "C": ["C"],
    }
    assert {one["sku"]: one["amount_minor"] for one in told("price.changed")} == {
        "A": 450,
        "B": 450,
    }
    count = Message.objects.count()
    bring_in("products", *rows)
    assert Message.objects.count() == count


def test_a_sku_that_changes_is_a_product_that_changed():
    listen("product.changed")
    rows = [product("A", product_code="T"), product("B", product_code="T")]
    bring_in("products", *rows)
    before = Product.objects.get().updated_at
    bring_in("products", rows[0] | {"is_active": "no"}, rows[1])
    assert Product.objects.get().updated_at > before
    assert [one["skus"] for one in told("product.changed")] == [["A", "B"], ["B"]]
    bring_in("products", rows[0] | {"barcode": "7"}, rows[1])
    assert len(told("product.changed")) == 3


def test_of_an_imported_history_only_what_holds_now_or_will_is_told():
    listen("price.changed")
    tea, now = make_variant("TEA", price_minor=None), timezone.now()
    Channel.objects.create(code="web", name="Web")

    def price(amount, days, until=None, **fields):
        end = {"valid_until": at(now + until * DAY)} if until is not None else {}
        return {"sku": "TEA", "amount": amount, "valid_from": at(now + days * DAY)} | end | fields

    rows = [
        price("1.00", -30), price("2.00", -20), price("3.00", -10), price("4.00", 10),
        price("1.50", -9, -8, kind="flash"), price("1.60", -1, 1, kind="flash"),
        price("2.50", -15, channel="web"), price("2.60", -14, channel="web"),
    ]  # fmt: skip
    bring_in("prices", *rows)
    assert tea.prices.count() == len(rows)
    assert {(one["amount_minor"], one["kind"], one["channel"]) for one in told("price.changed")} == {
        (300, "list", None), (400, "list", None), (160, "flash", None), (260, "list", "web"),
    }  # fmt: skip
    keys = set(Message.objects.values_list("key", flat=True))
    assert keys <= {f"price:{pk}" for pk in Price.objects.values_list("pk", flat=True)}
    # An older price that comes later in another file is still history.
    bring_in("prices", price("0.50", -12))
    assert len(told("price.changed")) == 4


def test_the_message_of_a_file_and_of_the_api_are_alike():
    listen()
    tea = make_variant("TEA", price_minor=None)
    by_hand = set_price(tea, 700, key="k", source="api")
    bring_in("prices", {"sku": "TEA", "amount": "7.10", "valid_from": at(timezone.now() + MINUTE)})
    hand, file = told("price.changed")
    assert hand.keys() == file.keys()
    assert hand | {"amount_minor": 710, "valid_from": file["valid_from"]} == file
    assert datetime.fromisoformat(hand["valid_from"]) == by_hand.valid_from


def test_a_trial_run_tells_nobody():
    listen()
    campaign = approved()
    bring_in("products", product("KET-1", "9.99", name="Pot"), dry_run=True)
    assert Message.objects.count() == 0
    assert state(campaign) == "approved"


def test_messages_stand_and_fall_with_their_rows():
    listen()
    with transaction.atomic():
        bring_in("products", product("A"))
        assert Message.objects.count() == 2
        transaction.set_rollback(True)
    assert Message.objects.count() == 0


def test_many_messages_go_in_a_thousand_at_a_time(django_assert_num_queries, monkeypatch):
    listen()
    monkeypatch.setattr("outbox.services.messages.MANY", 10)
    payload = {"sku": "A", "available_units": 1, "happened_at": "2026-03-02T09:00:00+00:00"}
    many = [(f"k{number % 24}", payload) for number in range(25)]
    with django_assert_num_queries(1 + 3):
        assert publish_many("stock.available", many) == 25
    assert Message.objects.count() == 24
    with pytest.raises(PayloadError):
        publish_many("stock.available", [("x", {"sku": "A"})])


def approved():
    make_reachable(2)
    return approve(make_campaign())


def state(campaign):
    campaign.refresh_from_db()
    return campaign.state


def kettle():
    return Variant.objects.get(sku="KET-1")


@pytest.mark.parametrize("price", ["7.77", "12.50"])
def test_a_price_of_a_file_pulls_the_copy_that_it_makes_untrue(price):
    campaign = approved()
    amount = kettle().prices.get().amount_minor
    bring_in("prices", {"sku": "KET-1", "amount": price, "valid_from": at(timezone.now())})
    same = round(float(price) * 100) == amount
    assert state(campaign) == ("approved" if same else "paused")
    assert campaign.paused_by == ("" if same else PausedBy.FACTS)


def test_history_pulls_nothing():
    campaign = approved()
    old = {"sku": "KET-1", "amount": "7.77", "valid_from": "2020-01-01T09:00Z", "kind": "flash"}
    bring_in("prices", old | {"valid_until": "2020-01-02T09:00Z"})
    assert state(campaign) == "approved"


def test_a_new_name_in_a_file_pulls_the_copy_and_another_products_does_not():
    campaign = approved()
    bring_in("products", product("TEA-9", name="Steel"))
    assert state(campaign) == "approved"
    code = kettle().product.code
    bring_in("products", product("KET-1", "", product_code=code, name="Steel Kettle"))
    assert state(campaign) == "paused"


def test_a_price_that_begins_by_the_clock_pulls_the_copy_when_it_does(monkeypatch):
    campaign = approved()
    assert notice_prices() == 0  # the first look only remembers
    begins = timezone.now() + timedelta(hours=1)
    set_price(kettle(), 777, key="later", source="test", terms=PriceTerms(valid_from=begins))
    assert notice_prices() == 0
    assert state(campaign) == "approved"
    monkeypatch.setattr(timezone, "now", lambda: begins)
    assert notice_prices() == 1
    assert state(campaign) == "paused"


def test_a_price_that_ends_by_the_clock_is_noticed():
    tea, now = make_variant("TEA", price_minor=None), timezone.now()
    make_price(tea, 500, at=now - 90 * DAY)
    notice_prices(now - DAY)
    Price.objects.create(
        variant=tea, kind="flash", amount_minor=400, currency="GBP", source="t", key="f",
        valid_from=now - 30 * DAY, valid_until=now - MINUTE,
    )  # fmt: skip
    assert notice_prices(now) == 1
    assert notice_prices(now) == 0
    assert notice_prices(now + MINUTE) == 1  # looks overlap
    notice_prices(now + OVERLAP)
    assert notice_prices(now + OVERLAP + MINUTE) == 0
    assert PriceLook.objects.get().looked_until == now + OVERLAP + MINUTE


def test_a_look_that_failed_is_repeated(monkeypatch):
    tea, now = make_variant("TEA", price_minor=None), timezone.now()
    notice_prices(now - DAY)
    make_price(tea, 500, at=now - MINUTE)
    looks = "shop.services.price_looks.facts_changed"
    monkeypatch.setattr(looks, lambda ids: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        notice_prices(now)
    heard = []
    monkeypatch.setattr(looks, heard.append)
    assert notice_prices(now) == 1
    assert heard == [[tea.pk]]
