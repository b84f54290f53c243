"""The night writes down why each product is listed; a request repeats it until something is newer."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import translation

from decisions.models import Decision
from decisions.services.receipts import replay
from recommendations.ml import reasons
from recommendations.ml.blend import Blend
from recommendations.ml.fits import fit
from recommendations.ml.interactions import interactions
from recommendations.ml.lists import lists_for
from recommendations.ml.one_person import because
from recommendations.models import PublishedList
from recommendations.services import lists, live_model, reading
from recommendations.services.asking import Ask
from recommendations.services.explaining import explain
from recommendations.services.placements import settings_at
from recommendations.services.serving import decide, recommend
from shop.models import Consent, Customer, Order, Product, StockLevel, VisitorLink
from tests.factories import make_order
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model
from tests.recommendations.test_sources import START as PARAMS
from tests.recommendations.test_sources import make_taste
from tests.recommendations.test_training import say, see

SOON = LATER + timedelta(hours=1)
PART = interactions(make_taste())
WEIGHTS = {"item_knn": 1.0, "transitions": 0.6, "popularity": 0.2}
SOURCES = {name: fit(name, PART, PARAMS[name], seed=1) for name in [*WEIGHTS, "als"]}


@pytest.mark.parametrize("compiled", [True, False])
def test_reasons_of_many_are_those_of_one_after_the_other(monkeypatch, compiled):
    if not compiled:
        monkeypatch.setattr(reasons, "compiled_here", lambda: False)
    monkeypatch.setattr(reasons, "PEOPLE", 7)
    blend = Blend({name: SOURCES[name] for name in WEIGHTS}, WEIGHTS)
    listed = lists_for(blend, PART.histories, SOURCES["popularity"].popularity, 12)
    listed[3, 5:] = -1
    found = reasons.reasons_of_lists(blend, PART.histories, listed)
    for user in range(len(PART.histories)):
        history = PART.histories.take(np.array([user]))
        known = listed[user] >= 0
        rows = because(blend, history, listed[user][known].astype(np.int64))
        first = PART.histories.indptr[user]
        assert found[user][known].tolist() == [first + row if row >= 0 else -1 for row, _v in rows]
        assert (found[user][~known] == -1).all()
    assert (found >= 0).mean() > 0.5
    monkeypatch.setattr(reasons, "ROWS", 1)  # each person alone
    assert (reasons.reasons_of_lists(blend, PART.histories, listed) == found).all()


def test_however_long_histories_are_so_many_rows_stand_in_memory_at_once(monkeypatch):
    """Three people of 10 rows, one of 500, 300 of one: by rows, by people, and the long one alone."""
    monkeypatch.setattr(reasons, "ROWS", 25)
    lengths = np.array([10, 10, 10, 500, *[1] * 300])
    spans = reasons._spans(np.concatenate([[0], np.cumsum(lengths)]))
    assert spans[:3] == [(0, 2), (2, 3), (3, 4)]
    assert [first for first, _last in spans[1:]] == [last for _first, last in spans[:-1]]
    assert spans[-1][1] == len(lengths)
    assert max(lengths[slice(*span)].sum() for span in spans if span != (3, 4)) == 25
    monkeypatch.setattr(reasons, "ROWS", 20_000)
    assert reasons._spans(np.arange(1001)) == [(0, 256), (256, 512), (512, 768), (768, 1000)]
    assert reasons._spans(np.array([0])) == []


def test_of_two_rows_that_add_the_same_the_older_and_then_the_lower_item_speaks():
    from recommendations.ml.reason_loops import strongest_rows

    total = np.array([[1, 2, 0], [1, 2, 0], [1, 1, 0]], dtype=np.float32)
    items, begins = np.array([7, 4, 2], dtype=np.int32), np.array([0, 3])
    best = np.empty((1, 3), dtype=np.int64)
    strongest_rows(total, (begins, items, np.array([5.0, 5.0, 9.0])), best)
    assert best.tolist() == [[1, 1, -1]]
    strongest_rows(total, (begins, items, np.array([4.0, 5.0, 9.0])), best)
    assert best.tolist() == [[0, 0, -1]]


def test_of_factors_nothing_is_said():
    assert not reasons.can_say(Blend(SOURCES, {"item_knn": 1.0, "als": 0.5}))
    assert reasons.can_say(Blend(SOURCES, {"item_knn": 1.0, "popularity": 0.5}))


@pytest.fixture
def shop(db, settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    monkeypatch.setattr(live_model, "_current", {})
    cache.clear()
    reading._busy.clear()
    variants = make_taste_shop()
    Order.objects.update(created_at=START)
    for number in (4, 5, 6):
        say(Customer.objects.get(code=f"C-{number}"), True)
        see(variants[number], number, customer=Customer.objects.get(code=f"C-{number}"))
    publish_model()
    lists.publish_lists(LATER)
    return variants


needs_postgresql = pytest.mark.postgres  # SQLite reads the history as ever: it is no journey


def receipt_of(code="C-4", at=SOON, **fields):
    answer = recommend(Ask(code=code, **{"limit": 3} | fields), at=at)
    return Decision.objects.get(pk=answer.receipt_id)


def is_brief(receipt):
    return "because" in receipt.inputs


def test_a_list_names_for_each_product_what_was_bought_or_seen(shop):
    for row in PublishedList.objects.select_related("customer"):
        orders = Order.objects.filter(customer=row.customer)
        bought = set(orders.values_list("lines__variant__product_id", flat=True))
        assert len(row.because) == len(row.products)
        assert {pk for pk in row.because if pk > 0} <= bought
        assert any(row.because)
    seen = {-pk for row in PublishedList.objects.all() for pk in row.because if pk < 0}
    assert seen <= {shop[number].product_id for number in (4, 5, 6)}


def test_a_request_says_what_it_would_say_from_her_whole_history(shop):
    placement = settings_at("home", SOON)
    for customer in Customer.objects.all():
        ask = Ask(code=customer.code, limit=3)
        brief, full = (
            decide(ask, SOON, placement, "s", in_full=in_full) for in_full in (False, True)
        )
        assert brief.output == full.output
        kinds = {row["reason"] for row in brief.output["items"]}
        assert kinds <= {"bought", "seen", "popular"}
        if brief.read.because is not None:  # its names came along
            named = {row["because"] for row in brief.output["items"]} - {None}
            assert named <= set(brief.read.names)


def test_the_receipt_replays_and_the_reason_is_said_in_both_languages(shop):
    answer = recommend(Ask(code="C-4", limit=3), at=SOON)
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)
    item = next(item for item in answer.items if item.product_because[0])
    assert item.product_because[0] in item.reason_text
    with translation.override("zh-hans"):
        assert item.product_because[1] in item.reason_text


@needs_postgresql
def test_as_long_as_nothing_is_newer_her_history_is_not_read(shop, monkeypatch):
    journeys, journey = [], reading.journey
    monkeypatch.setattr(
        reading, "journey", lambda *asked, **values: journeys.append(asked) or journey(*asked, **values)
    )  # fmt: skip
    receipt = receipt_of()
    assert is_brief(receipt)
    assert (receipt.inputs["history"], receipt.inputs["list_alone"]) == ([], True)
    assert journeys == [("customer", "customer_listed")]
    see(shop[0], 99, customer=Customer.objects.get(code="C-4"), at=LATER)
    assert not is_brief(receipt_of())
    assert journeys[1:] == [("customer", "customer_listed"), ("customer_history",)]
    assert not is_brief(receipt_of())  # now it is asked at once
    assert journeys[3:] == [("customer", "customer_history", "customer_listed")]


def bought_since(customer, shop):
    make_order([(shop[0], 1)], customer=customer, at=LATER)


def brought_in_since(customer, shop):
    order = make_order([(shop[0], 1)], customer=customer, at=START)
    Order.objects.filter(pk=order.pk).update(created_at=LATER)


def cancelled_since(customer, shop):
    order = Order.objects.filter(customer=customer).first()
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    order.transitions.create(from_state="paid", to_state="cancelled", at=LATER)


def rest_cancelled_since(customer, shop):
    order = Order.objects.filter(customer=customer).first()
    order.transitions.create(from_state="part_shipped", to_state="shipped", at=LATER)


def seen_since(customer, shop):
    see(shop[0], 99, customer=customer, at=LATER)


def seen_on_her_browser_since(customer, shop):
    VisitorLink.objects.create(visitor="v", customer=customer, linked_at=START)
    see(shop[0], 99, visitor="v", at=LATER)


def linked_since(customer, shop):
    see(shop[0], 99, visitor="v", at=START)
    VisitorLink.objects.create(visitor="v", customer=customer, linked_at=LATER)


def said_yes_since(customer, shop):
    say(customer, True, at=LATER)


def under_way_at_the_reading(customer, shop):
    see(shop[0], 99, customer=customer, at=LATER - timedelta(minutes=5))


@needs_postgresql
@pytest.mark.parametrize(
    "news",
    [
        bought_since, brought_in_since, cancelled_since, rest_cancelled_since, seen_since,
        seen_on_her_browser_since, linked_since, said_yes_since, under_way_at_the_reading,
    ],
)  # fmt: skip
def test_whatever_is_newer_sends_the_request_to_her_history(shop, news):
    assert is_brief(receipt_of())
    news(Customer.objects.get(code="C-4"), shop)
    receipt = receipt_of()
    assert not is_brief(receipt)
    assert receipt.inputs["history"]
    assert replay(receipt) == (receipt.output, True)
    assert is_brief(receipt_of("C-7"))  # it is hers alone


@needs_postgresql
def test_what_says_nothing_new_of_her_leaves_the_list_as_it_is(shop):
    """Behaviour without her word, events of another on a browser that was hers, a parcel that left."""
    customer, other = (Customer.objects.get(code=code) for code in ("C-7", "C-8"))
    see(shop[0], 99, customer=customer, at=LATER)
    VisitorLink.objects.create(visitor="v", customer=other, linked_at=START)
    see(shop[0], 98, visitor="v", at=LATER)
    order = Order.objects.filter(customer=customer).first()
    order.transitions.create(from_state="paid", to_state="shipped", at=LATER)
    assert is_brief(receipt_of("C-7"))


def test_who_said_no_since_gets_no_list(shop):
    Consent.objects.create(
        customer=Customer.objects.get(code="C-4"), purpose="personalisation", granted=False,
        source="t", recorded_at=LATER,
    )  # fmt: skip
    answer = recommend(Ask(code="C-4", limit=3), at=SOON)
    assert {item.source for item in answer.items} == {"popular"}


@needs_postgresql
@pytest.mark.parametrize("because", [None, [10**9] * 15])
def test_a_list_without_reasons_or_with_one_that_is_gone_is_served_from_her_history(shop, because):
    before = receipt_of().output
    PublishedList.objects.update(because=because)
    receipt = receipt_of()
    assert not is_brief(receipt)
    assert receipt.output == before


@needs_postgresql
def test_where_too_few_of_the_list_can_be_sold_her_history_fills_it_up(shop):
    row = PublishedList.objects.get(customer__code="C-4")
    StockLevel.objects.filter(variant__product__in=row.products[2:]).update(allocated=10)
    receipt = receipt_of()
    assert not is_brief(receipt)
    assert receipt.inputs["history"]
    shown = [item["product_id"] for item in receipt.output["items"]]
    assert shown[:2] == row.products[:2]
    assert not Product.objects.filter(
        pk__in=shown[2:], variants__stock_levels__allocated=10
    ).exists()


@needs_postgresql
def test_a_list_of_another_run_is_served_from_her_history(shop):
    publish_model(salt="2")
    assert not is_brief(receipt_of())


def test_why_is_this_here_says_the_same_with_all_its_parts(shop):
    explained = explain(Ask(code="C-4", limit=3), at=SOON)
    shown = [line for line in explained.lines if line.place]
    items = recommend(Ask(code="C-4", limit=3), at=SOON).items
    assert [line.reason for line in shown] == [item.reason_text for item in items]
    assert explained.history_size >= 3
    assert all(line.parts for line in shown)


def test_a_model_of_factors_writes_lists_without_reasons(shop, monkeypatch):
    monkeypatch.setattr(lists, "can_say", lambda blend: False)
    publish_model(salt="2")
    lists.publish_lists(LATER)
    assert set(PublishedList.objects.values_list("because", flat=True)) == {None}
    assert recommend(Ask(code="C-4", limit=3), at=SOON).items[0].source == "personal"
