"""Rules compile to one query; the night counts; consent decides who is reachable."""

from datetime import timedelta

import pytest

from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import RuleError, check_rule, customers_of, reachable, sentences
from marketing.models import CustomerPrediction, CustomerProfile, Segment, Suppression
from marketing.services.audiences.segments import refresh_segments
from shop.models import Customer, Return
from tests.factories import make_customer, make_order, make_variant
from tests.factories_marketing import AS_OF, Quiet, give_consent, make_reachable, make_rhythm

pytestmark = pytest.mark.django_db


def codes(rule) -> set[str]:
    return set(customers_of(rule).values_list("code", flat=True))


def condition(field, op, value) -> dict:
    return {"all": [{"field": field, "op": op, "value": value}]}


def test_the_night_writes_a_profile_for_everybody_and_twice_equals_once():
    make_rhythm()
    make_customer("PROSPECT")
    first = refresh_segments(Quiet(), AS_OF)
    before = list(CustomerProfile.objects.order_by("pk").values())
    assert refresh_segments(Quiet(), AS_OF) == first
    assert list(CustomerProfile.objects.order_by("pk").values()) == before
    assert first["customers"] == 91
    assert sum(first["segments"].values()) == 91
    assert first["segments"]["prospect"] == 1
    assert first["segments"]["new"] == 30
    assert all(first["segments"][code] > 0 for code in ("at-risk", "lapsed"))


def test_profiles_are_net_of_returns_and_blind_to_the_future():
    variant = make_variant()
    customer = make_customer()
    make_order([(variant, 3)], customer=customer, at=AS_OF - timedelta(days=8))
    make_order([(variant, 9)], customer=customer, at=AS_OF + timedelta(seconds=1))
    make_order([(variant, 1)], customer=customer, at=AS_OF - timedelta(days=3), state="cancelled")
    for number, at in (("R1", AS_OF - timedelta(days=1)), ("R2", AS_OF)):
        Return.objects.create(
            number=number, customer=customer, currency="GBP", refund_minor=500, returned_at=at
        )
    refresh_segments(Quiet(), AS_OF)
    profile = CustomerProfile.objects.get()
    assert (profile.frequency, profile.monetary_minor, profile.recency_days) == (1, 2500, 8)


def test_short_history_gives_no_stage_and_says_what_is_missing():
    make_order([(make_variant(), 1)], customer=make_customer(), at=AS_OF - timedelta(days=1))
    summary = refresh_segments(Quiet(), AS_OF)
    assert summary["missing"] == "24 more customers with an order needed"
    assert CustomerProfile.objects.get().stage == ""


def test_an_empty_shop_has_segments_without_customers():
    assert refresh_segments(Quiet(), AS_OF)["customers"] == 0
    assert Segment.objects.filter(is_builtin=True).count() == 7


def test_conditions_and_groups():
    variant = make_variant("TEA-1", category="tea")
    buyer, other = make_customer("A", country="GB"), make_customer("B", country="FR")
    make_order([(variant, 1)], customer=buyer, at=AS_OF - timedelta(days=8))
    refresh_segments(Quiet(), AS_OF)
    assert codes({}) == {"A", "B"}
    assert codes(condition("country", "is", "GB")) == {"A"}
    assert codes(condition("country", "is_not", "GB")) == {other.code}
    assert codes(condition("recency_days", "at_most", 8)) == {"A"}
    assert codes(condition("recency_days", "at_least", 9)) == set()
    assert codes(condition("bought_sku", "is", "TEA-1")) == {"A"}
    assert codes(condition("bought_category", "is_not", "tea")) == {"B"}
    either = {
        "any": [*condition("country", "is", "GB")["all"], *condition("country", "is", "FR")["all"]]
    }
    assert codes(either) == {"A", "B"}
    assert codes({"none": either["any"]}) == set()
    assert codes({"all": [either, {"none": condition("country", "is", "FR")["all"]}]}) == {"A"}


@pytest.mark.parametrize(
    "rule",
    [
        [],
        "x",
        {"all": []},
        {"some": [1]},
        {"all": [{"field": "password", "op": "is", "value": "x"}]},
        {"field": "stage", "op": "is", "value": "rich"},
        {"field": "recency_days", "op": "is", "value": "9"},
        {"field": "recency_days", "op": "contains", "value": 9},
        {"field": "frequency", "op": "is", "value": True},
        {"field": "country", "op": "is", "value": ""},
        {"all": [{"all": [{"all": [{"all": [{"all": [{"field": "frequency", "op": "is", "value": 1}]}]}]}]}]},
        {"all": [{"field": "frequency", "op": "is", "value": 1}] * 31},
    ],
)  # fmt: skip
def test_a_broken_rule_is_refused(rule):
    if rule:
        with pytest.raises(RuleError):
            check_rule(rule)


def test_a_rule_reads_as_sentences():
    rule = {"all": [{"field": "recency_days", "op": "at_least", "value": 60},
                    {"any": [{"field": "stage", "op": "is", "value": "at_risk"}]}]}  # fmt: skip
    assert sentences(rule) == [
        "days since the last order is at least 60 days",
        "at least one of:",
        "  stage is at risk",
    ]
    assert sentences({}) == ["every customer"]


def test_reachable_needs_address_latest_consent_and_no_suppression(django_assert_num_queries):
    good, gone, bounced = make_reachable(3)
    give_consent(gone, granted=False, at=AS_OF)
    Suppression.objects.create(customer=bounced, reason="bounced")
    make_customer("NO-WORD")
    give_consent(make_customer("NO-ADDRESS", email=""))
    with django_assert_num_queries(1):
        assert list(reachable(Customer.objects.all(), "email")) == [good]


def test_lists_that_no_campaign_uses_are_cleared_the_next_day():
    from marketing.models import Audience
    from tests.factories_marketing import make_segment

    old, new = (Audience.objects.create(segment=make_segment(code=c), rule={}) for c in "ab")
    Audience.objects.filter(pk=old.pk).update(frozen_at=AS_OF)
    refresh_segments(Quiet(), AS_OF)
    assert list(Audience.objects.all()) == [new]


def test_predictions_choose_customers_and_empty_figures_choose_nobody():
    sure, doubtful, unknown = (make_customer(code) for code in "ABC")
    for customer, alive, spend in (
        (sure, 0.9, 15_000),
        (doubtful, 0.2, 10_000),
        (unknown, None, None),
    ):
        CustomerPrediction.objects.create(
            customer=customer, as_of=AS_OF, order_days=3, silent_days=4, p_alive=alive,
            spend_90_minor=spend,
        )  # fmt: skip
    assert codes(parse("p_alive < 0.3")) == {"B"}
    assert codes(parse("p_alive >= 0.2")) == {"A", "B"}
    assert codes(parse("value_90 > 100")) == {"A"}
    assert codes(parse("value_90 >= 100")) == {"A", "B"}
    assert codes(parse("value_90 < 149.995 or p_alive > 0.89")) == {"A", "B"}
    assert codes(parse("not p_alive < 0.3")) == {"A", "C"}
    for text in ("p_alive < 0.3", "value_90 > 100", "margin_365 <= -2.5"):
        assert to_text(parse(text)) in (text, text + "0")
        assert parse(to_text(parse(text))) == parse(text)
    assert sentences(parse("p_alive < 0.3")) == [
        "probability of being a customer (0 to 1) is less than 0.3"
    ]
    for broken in ("p_alive < high", "p_alive < 1e3", "p_alive < 0.1234567891"):
        with pytest.raises(RuleError):
            parse(broken)
