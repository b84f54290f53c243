"""Behaviour as of a moment: hand-worked figures, and nothing of what came later."""

from datetime import timedelta
from itertools import count

import numpy as np
import pytest

from marketing.frames.behaviour import buyers, facts_of, known_orders
from marketing.ml.behaviour import NAMES, behaviour_features
from shop.models import Event, Order, OrderTransition, Return
from support.models import Ticket
from tests.factories import make_customer, make_order, make_variant
from tests.factories_marketing import AS_OF

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def features(customer, at=AS_OF) -> dict[str, float]:
    row = behaviour_features(facts_of([customer.pk], at))[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


NUMBERS = count(1)


def event(customer, kind, at, consent=True):
    Event.objects.create(
        event_id=f"e{next(NUMBERS)}", kind=kind, occurred_at=at, received_at=at, customer=customer,
        consent=consent,
    )  # fmt: skip


def make_history():
    """Two orders 20 days apart, one refund, two categories, some clicks, one ticket."""
    customer = make_customer("A")
    tea = make_variant("TEA-1", cost_minor=400, category="tea")
    pot = make_variant("POT-1", cost_minor=700, category="pots")
    make_order([(tea, 2)], customer=customer, at=AS_OF - 30 * DAY)
    last = make_order([(tea, 1), (pot, 1)], customer=customer, at=AS_OF - 10 * DAY)
    Return.objects.create(
        number="R1", order=last, customer=customer, currency="GBP", refund_minor=500,
        returned_at=AS_OF - 5 * DAY,
    )  # fmt: skip
    event(customer, "view", AS_OF - 3 * DAY)
    event(customer, "view", AS_OF - 20 * DAY)
    event(customer, "cart_add", AS_OF - 20 * DAY)
    Ticket.objects.create(number="T1", customer=customer, opened_at=AS_OF - 9 * DAY)
    return customer, last


def test_figures_by_hand():
    customer, _last = make_history()
    found = features(customer)
    wanted = {
        "recency_days": 10, "tenure_days": 30, "orders": 2, "mean_gap_days": 20,
        "silence_over_gap": 0.5, "orders_30": 2, "orders_90": 2, "revenue_minor": 3500,
        "margin_minor": 4000 - 500 - 800 - 1100, "refund_rate": 500 / 4000, "categories": 2,
        "main_category_share": 0.75, "price_band": np.log(1000), "views_7": 1, "views_30": 2,
        "cart_adds_30": 1, "searches_30": 0, "tickets_180": 1, "quiet_days": 3, "channels": 0,
    }  # fmt: skip
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value), name
    assert np.isnan(found["gap_variation"])  # one gap has no spread


def test_what_comes_later_changes_nothing():
    customer, last = make_history()
    before = features(customer)
    make_order([(make_variant("NEW"), 9)], customer=customer, at=AS_OF)
    Return.objects.create(
        number="R2", order=last, customer=customer, currency="GBP", refund_minor=900,
        returned_at=AS_OF,
    )  # fmt: skip
    for kind in ("view", "cart_add", "search", "open"):
        event(customer, kind, AS_OF)
    Ticket.objects.create(number="T2", customer=customer, opened_at=AS_OF)
    Order.objects.filter(pk=last.pk).update(state="cancelled")
    OrderTransition.objects.create(
        order=last, from_state="paid", to_state="cancelled", at=AS_OF + DAY
    )
    after = features(customer)
    assert {k: v for k, v in after.items() if v == v} == {k: v for k, v in before.items() if v == v}
    assert features(customer, AS_OF + 2 * DAY) != before  # then it is known


def test_an_order_cancelled_before_is_none():
    customer = make_customer("C")
    make_order([(make_variant(), 1)], customer=customer, at=AS_OF - DAY, state="cancelled")
    assert not known_orders(AS_OF).exists()
    assert buyers(AS_OF, most=10) == []
    assert features(customer)["orders"] == 0


def test_one_customer_or_all_at_once_is_the_same(django_assert_num_queries):
    people = [make_history()[0]]
    for number in range(4):
        other = make_customer(f"O{number}")
        make_order([(make_variant(f"S{number}"), 1)], customer=other, at=AS_OF - number * DAY - DAY)
        people.append(other)
    ids = [one.pk for one in people]
    with django_assert_num_queries(7):
        together = behaviour_features(facts_of(ids, AS_OF))
    for row, pk in enumerate(ids):
        alone = behaviour_features(facts_of([pk], AS_OF))[0]
        np.testing.assert_allclose(alone, together[row], equal_nan=True)


def test_a_sample_of_buyers_stays_the_same_and_bounded():
    for number in range(12):
        make_order(
            [(make_variant(f"S{number}"), 1)], customer=make_customer(f"B{number}"), at=AS_OF - DAY
        )
    assert len(buyers(AS_OF, most=100)) == 12
    some = buyers(AS_OF, most=5)
    assert 3 <= len(some) <= 5
    assert some == buyers(AS_OF, most=5)


def test_what_was_watched_without_consent_is_not_read():
    """What we know by our own doing, an order, is."""
    ann = make_customer("A")
    make_order([(make_variant("TEA-1"), 1)], customer=ann, at=AS_OF - 30 * DAY)
    before = features(ann)
    for kind in ("view", "search", "cart_add"):
        event(ann, kind, AS_OF - 3 * DAY, consent=False)
    assert features(ann) == pytest.approx(before, nan_ok=True)
    event(ann, "view", AS_OF - 3 * DAY)
    assert features(ann) != pytest.approx(before, nan_ok=True)
