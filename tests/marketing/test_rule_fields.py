"""Figures that SQL computes from facts, now and as of any moment, held to `ml/behaviour.py`."""

import random
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import FIELDS, RuleError, customers_of, sentences
from marketing.frames.behaviour import facts_of
from marketing.ml.behaviour import NAMES, behaviour_features
from marketing.models import CustomerPrediction, CustomerProfile
from marketing.services.audiences.segments import refresh_segments
from shop.models import (
    Category,
    Channel,
    Consent,
    Customer,
    Event,
    OrderTransition,
    Return,
)
from support.models import Ticket
from tests.factories import make_customer, make_order, make_variant
from tests.factories_marketing import AS_OF, Quiet

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def codes(text, at=None) -> set[str]:
    return set(customers_of(parse(text), at=at).values_list("code", flat=True))


def make_buyers() -> list[Customer]:
    """Twenty customers with orders, rests, returns, tickets of a seeded year; two without an order."""
    draw = random.Random(6)
    ways = [Channel.objects.create(code=code, name=code.title()) for code in ("web", "shop")]
    goods = [
        make_variant(f"S-{n}", category=f"c{n % 3}", brand=f"b{n % 2}", cost_minor=None if n == 5 else 100 * n)
        for n in range(6)
    ]  # fmt: skip
    people = [make_customer(f"B{n:02}") for n in range(22)]
    for customer in people[:20]:
        for _order in range(draw.randint(1, 5)):
            at = AS_OF - timedelta(hours=draw.randint(1, 24 * 300))
            lines = [(draw.choice(goods[: 6 if draw.random() < 0.1 else 5]), draw.randint(1, 4))]
            order = make_order(
                lines, customer=customer, at=at, unit_price_minor=draw.choice([500, 1000, 2499]),
                channel=draw.choice([*ways, None]),
            )  # fmt: skip
            if draw.random() < 0.3:
                order.lines.update(discount_minor=60 * lines[0][1])
            if draw.random() < 0.3:
                Return.objects.create(
                    number=f"R{order.number}", customer=customer, order=order, currency="GBP",
                    refund_minor=order.total_minor // 2, returned_at=at + 20 * DAY,
                )  # fmt: skip
            if draw.random() < 0.2:
                order.state = "cancelled"
                order.save()
                OrderTransition.objects.create(
                    order=order, from_state="paid", to_state="cancelled", at=at + 30 * DAY
                )
    for number in range(12):
        Ticket.objects.create(
            number=f"T{number}", customer=draw.choice(people),
            opened_at=AS_OF - timedelta(days=draw.randint(0, 300)),
        )  # fmt: skip
    return people


# Rule's field → the feature, what a person writes for it, and what nobody's figure counts as.
SAME = {
    "mean_gap_days": ("mean_gap_days", 1, None),
    "discount_share": ("discount_share", 1, None),
    "margin_so_far": ("margin_minor", 100, None),
    "evening_share": ("evening_share", 1, None),
    "weekend_share": ("weekend_share", 1, None),
    "channels": ("channels", 1, 0),
    "categories": ("categories", 1, 0),
    "tickets_180": ("tickets_180", 1, 0),
    "frequency": ("orders", 1, 0),
}


@pytest.mark.parametrize("at", [AS_OF, AS_OF - 100 * DAY])
@pytest.mark.parametrize("field", SAME)
def test_a_figure_finds_whom_the_feature_of_that_moment_finds(field, at):
    people = make_buyers()
    feature, scale, missing = SAME[field]
    keys = [one.pk for one in people]
    table = behaviour_features(facts_of(keys, at))
    ordered = table[:, NAMES.index("orders")] > 0
    figures = table[:, NAMES.index(feature)]
    figures = np.where(ordered, figures, np.nan) if missing is None else figures
    known = figures[np.isfinite(figures)]
    assert known.size > 3
    for border in np.quantile(known, [0.1, 0.5, 0.9]):
        written = round(float(border) / scale, 3)
        written = int(written) if missing is not None else written
        for op, met in ((">", np.greater), ("<", np.less)):
            wanted = {
                one.code
                for one, yes in zip(people, met(figures, written * scale), strict=True)
                if yes
            }
            assert codes(f"{field} {op} {written}", at=at) == wanted, (op, written)


def test_a_border_is_met_exactly_as_written():
    tea = make_variant("TEA-1")
    one = make_customer("A")
    for days in (60, 40, 20):
        make_order([(tea, 1)], customer=one, at=AS_OF - timedelta(days=days), unit_price_minor=1999)
    assert codes("mean_gap_days is 20", at=AS_OF) == {"A"}
    assert codes("mean_unit_price is 19.99", at=AS_OF) == {"A"}
    assert codes("mean_unit_price > 19.99", at=AS_OF) == set()
    assert codes("discount_share is 0", at=AS_OF) == {"A"}
    assert codes("margin_so_far is 47.97", at=AS_OF) == {"A"}
    assert codes("order_trend is 3", at=AS_OF) == {"A"}
    assert codes("order_trend is -3", at=AS_OF + 80 * DAY) == {"A"}


def test_one_unknown_cost_leaves_no_margin_instead_of_one_too_high():
    known, unknown = make_variant("K-1", cost_minor=400), make_variant("U-1", cost_minor=None)
    make_order([(known, 1)], customer=make_customer("A"), at=AS_OF - DAY)
    make_order([(known, 1), (unknown, 1)], customer=make_customer("B"), at=AS_OF - DAY)
    make_customer("C")
    assert codes("margin_so_far > -1000") == {"A"}
    assert codes("margin_so_far <= 6") == {"A"}


@pytest.mark.parametrize("field", ["recency_days", "frequency", "monetary_minor", "tenure_days"])
def test_the_facts_of_a_night_say_what_its_profile_says(field):
    make_buyers()
    OrderTransition.objects.filter(at__gte=AS_OF).delete()  # that night could not know them
    refresh_segments(Quiet(), AS_OF)
    known = CustomerProfile.objects.exclude(**{field: None}).values_list(field, flat=True)
    for border in {min(known), sorted(known)[len(known) // 2], max(known)}:
        for op in (">=", "<=", "=", ">", "<"):
            text = f"{field} {op} {border}"
            assert codes(text, at=AS_OF) == codes(text), text


def test_what_was_cancelled_later_still_stood_then():
    tea, one = make_variant("TEA-1", category="tea", brand="leaf"), make_customer("A")
    order = make_order([(tea, 1)], customer=one, at=AS_OF - 9 * DAY, state="cancelled")
    OrderTransition.objects.create(
        order=order, from_state="paid", to_state="cancelled", at=AS_OF - 3 * DAY
    )
    for text in (
        "bought_sku is TEA-1",
        "bought_brand is leaf",
        "bought_category is tea within 9 days",
    ):
        assert codes(text, at=AS_OF - 4 * DAY) == {"A"}
        assert codes(text, at=AS_OF) == codes(text) == set()


def test_bought_within_days_and_below_a_category():
    drinks = Category.objects.create(code="drinks", name="Drinks")
    tea = make_variant("TEA-1", category="tea")
    Category.objects.filter(code="tea").update(parent=drinks)
    make_order([(tea, 1)], customer=make_customer("A"), at=timezone.now() - 5 * DAY)
    make_order([(tea, 1)], customer=make_customer("B"), at=timezone.now() - 50 * DAY)
    assert codes("bought_sku is TEA-1") == {"A", "B"}
    assert codes("bought_sku is TEA-1 within 30 days") == {"A"}
    assert codes("bought_category is drinks within 30 days") == {"A"}
    assert codes("bought_category is_not drinks within 30 days".replace("is_not", "is not")) == {
        "B"
    }
    assert sentences(parse("bought_sku is TEA-1 within 30 days")) == [
        "has bought SKU is TEA-1 within 30 days"
    ]


def test_ordered_by_channel():
    way = Channel.objects.create(code="web", name="Web")
    tea = make_variant()
    make_order([(tea, 1)], customer=make_customer("A"), at=AS_OF, channel=way)
    make_order([(tea, 1)], customer=make_customer("B"), at=AS_OF)
    assert codes("bought_channel is web") == {"A"}
    assert codes("bought_channel is not web") == {"B"}
    with pytest.raises(RuleError, match="pigeon"):
        parse("bought_channel is pigeon")


def test_events_about_a_category_a_brand_or_a_sku():
    tea = make_variant("TEA-1", category="tea", brand="leaf")
    cup = make_variant("CUP-1", category="cups", brand="leaf")
    now = timezone.now()
    for name, variant, times in (("A", tea, 3), ("B", cup, 3), ("C", tea, 1)):
        customer = make_customer(name)
        Event.objects.bulk_create(
            Event(event_id=f"{name}{n}", kind="view", customer=customer, variant=variant,
                  occurred_at=now - DAY, received_at=now - DAY, consent=True)
            for n in range(times)
        )  # fmt: skip
    assert codes("did view category tea at least 3 times within 30 days") == {"A"}
    assert codes("did view category tea within 30 days") == {"A", "C"}
    assert codes("did view brand leaf category tea at least 2 times within 30 days") == {"A"}
    assert codes("did not view brand leaf within 30 days") == set()
    assert codes("did view sku CUP-1 exactly 3 times within 2 days") == {"B"}
    assert codes("did view sku TEA-1 at most 1 times within 2 days") == {"B", "C"}
    rule = parse("did view category tea at least 3 times within 30 days")
    assert sentences(rule) == ["product view (category tea) at least 3 times within 30 days"]


@pytest.mark.parametrize(
    "text",
    [
        'did view sku TEA-1 brand "Leaf & Co" at least 3 times within 30 days',
        "did not purchase category tea within 30 days",
        "did view exactly 2 times within 30 days",
        "bought_sku is not TEA-1 within 9 days",
        "next_order_in_days <= 7",
        "birthday_in_days < 14",
    ],
)
def test_new_words_are_read_and_written_back(text):
    assert to_text(parse(text)) == text


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"did": "search", "sku": "A", "op": "at_least", "times": 1, "days": 3}, "not about"),
        ({"did": "view", "sku": "", "op": "at_least", "times": 1, "days": 3}, "sku needs a code"),
        ({"did": "view", "brand": 7, "op": "at_least", "times": 1, "days": 3}, "brand needs"),
        ({"field": "country", "op": "is", "value": "GB", "days": 3}, "limited to days"),
        ({"field": "bought_sku", "op": "is", "value": "A", "days": 0}, "days is a whole"),
        ({"field": "bought_sku", "op": "is", "value": "A\x00"}, "needs a value"),
        ({"field": "bought_sku", "op": "is", "value": "\ud800"}, "character that is none"),
        ({"field": "\ud800", "op": "is", "value": "A"}, "character that is none"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_reason(rule, reason):
    with pytest.raises(RuleError, match=reason):
        customers_of({"all": [rule]})


def test_consent_is_the_latest_word_by_then():
    yes, no = make_customer("A"), make_customer("B")
    make_customer("C")
    for customer, granted, days in ((yes, True, 9), (no, True, 9), (no, False, 3)):
        Consent.objects.create(
            customer=customer, purpose="marketing_sms", granted=granted, source="test",
            recorded_at=AS_OF - timedelta(days=days),
        )  # fmt: skip
    assert codes("consent is marketing_sms") == {"A"}
    assert codes("consent is not marketing_sms") == {"B", "C"}
    assert codes("consent is marketing_sms", at=AS_OF - 5 * DAY) == {"A", "B"}
    assert codes("consent is marketing_sms", at=AS_OF - 10 * DAY) == set()


def test_birthday_within_days_wraps_the_year_and_knows_the_29th_of_february(monkeypatch):
    for code, birthday in (("A", "12-31"), ("B", "01-02"), ("C", "02-29"), ("D", "")):
        make_customer(code, birthday=birthday)
    monkeypatch.setattr(timezone, "now", lambda: AS_OF.replace(year=2025, month=12, day=30))
    assert codes("birthday_in_days <= 1") == {"A"}
    assert codes("birthday_in_days <= 3") == {"A", "B"}
    assert codes("birthday_in_days >= 300") == set()
    monkeypatch.setattr(timezone, "now", lambda: AS_OF.replace(month=2, day=28, hour=12))
    assert codes("birthday_in_days is 0") == {"C"}
    assert codes("birthday_in_days > 0") == {"A", "B"}


def test_the_next_expected_order_and_how_long_the_shop_knows_her():
    now = timezone.now()
    one = make_customer("A", created_at=now - 10 * DAY - timedelta(hours=1))
    make_customer("B", created_at=now - timedelta(hours=1))
    CustomerPrediction.objects.create(
        customer=one, as_of=now, order_days=3, silent_days=4,
        next_order_on=timezone.localtime(now).date() + 5 * DAY,
    )  # fmt: skip
    assert codes("next_order_in_days <= 5") == {"A"}
    assert codes("next_order_in_days < 5") == set()
    assert codes("known_days is 10") == {"A"}
    assert codes("known_days < 1") == {"B"}
    assert codes("known_days >= 0", at=now - 2 * DAY) == {"A"}
    assert codes("known_days >= 900000000") == set()


def test_every_field_is_one_query_and_says_whether_earlier_days_can_be_asked(
    django_assert_num_queries,
):
    make_buyers()
    refused = {"stage", "country", "language", "birthday_in_days", "persona"}
    refused |= {name for name in FIELDS if name.endswith("_score")}
    refused |= {
        name for name in FIELDS if name.startswith(("p_", "churn", "propensity", "orders_"))
    }
    refused |= {
        name for name in FIELDS if name.startswith(("value_", "margin_", "silent", "next_"))
    }
    refused -= {"margin_so_far"}
    for name, field in FIELDS.items():
        if field.known and not field.known():
            continue
        named = list(field.known()) if field.known else [key for key, _word in field.choices]
        value = 3 if field.is_number else (named or ["GB"])[0]
        rule = {"all": [{"field": name, "op": field.ops[0], "value": value}]}
        with django_assert_num_queries(1 + bool(field.known)):
            customers_of(rule).count()
        assert bool(field.undated) == (name in refused), name
        if field.undated:
            with pytest.raises(RuleError, match="cannot be asked"):
                customers_of(rule, at=AS_OF)
        else:
            customers_of(rule, at=AS_OF).count()
