"""Prices as of any moment, and the lowest one before a reduction."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from outbox.models import Message
from shop.models import Channel, Price, PriceKind, Variant
from shop.services.prices import (
    PriceError,
    PriceKeyReusedError,
    PriceTerms,
    price_at,
    prices_at,
    set_price,
)
from shop.services.prior_prices import lowest_price_before
from tests.factories import make_variant
from tests.factories_crowd import crowd

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def tea():
    return make_variant("TEA-1", price_minor=None)


def price(variant, amount, day, *, until=None, kind=PriceKind.LIST, channel=None):
    terms = PriceTerms(
        kind=kind,
        valid_from=START + day * DAY,
        valid_until=START + until * DAY if until is not None else None,
        channel=channel,
        is_history=True,
    )
    return set_price(variant, amount, key=f"{amount}@{day}{channel}", source="test", terms=terms)


def amount_at(variant, day, channel=None):
    found = price_at(variant, START + day * DAY, channel)
    return found.amount_minor if found else None


def test_the_newest_list_price_that_has_begun_counts(tea):
    price(tea, 1000, 0)
    price(tea, 1200, 10)
    assert [amount_at(tea, day) for day in (-1, 0, 9.9, 10, 99)] == [None, 1000, 1000, 1200, 1200]


def test_a_reduction_counts_while_it_lasts_also_over_a_newer_list_price(tea):
    price(tea, 1000, 0)
    price(tea, 800, 5, until=15, kind=PriceKind.CAMPAIGN)
    price(tea, 500, 7, until=8, kind=PriceKind.FLASH)
    price(tea, 1100, 10)
    assert [amount_at(tea, day) for day in (4, 5, 7, 8, 11, 15)] == [1000, 800, 500, 800, 800, 1100]


def test_a_channel_may_have_its_own_price(tea):
    web = Channel.objects.create(code="web", name="Web")
    price(tea, 1000, 0)
    price(tea, 950, 0, channel=web)
    price(tea, 1100, 5)
    assert amount_at(tea, 6, web) == 950
    assert amount_at(tea, 6) == 1100


def test_many_prices_in_one_query(tea, django_assert_num_queries):
    coffee, cup = make_variant("COFFEE", price_minor=700), make_variant("CUP", price_minor=None)
    price(tea, 1000, 0)
    price(tea, 1200, 1)
    with django_assert_num_queries(1):
        found = prices_at([tea.pk, coffee.pk, cup.pk], START + 2 * DAY)
    assert {pk: row.amount_minor for pk, row in found.items()} == {tea.pk: 1200, coffee.pk: 700}
    with django_assert_num_queries(1):
        assert set(prices_at(Variant.objects.filter(sku="TEA-1"), START)) == {tea.pk}


def test_the_lowest_price_before_a_reduction_worked_by_hand(tea):
    price(tea, 900, -60)  # stood when the window opened
    price(tea, 1200, -20)
    price(tea, 700, -10, until=-8, kind=PriceKind.CAMPAIGN)
    price(tea, 100, 0, until=5, kind=PriceKind.CAMPAIGN)  # the reduction itself does not count
    assert lowest_price_before(tea, START).amount_minor == 700
    assert lowest_price_before(tea, START, days=7).amount_minor == 1200
    assert lowest_price_before(tea, START - 9.5 * DAY, days=30).amount_minor == 700
    assert lowest_price_before(tea, START - 15 * DAY, days=30).amount_minor == 900


def test_a_list_price_hidden_under_a_reduction_was_not_asked(tea):
    price(tea, 800, -60, until=-1, kind=PriceKind.CAMPAIGN)
    price(tea, 1000, -90)
    price(tea, 500, -20)  # a lower list price that no customer ever saw
    price(tea, 1000, -2)
    assert lowest_price_before(tea, START).amount_minor == 800


def test_without_a_price_before_there_is_nothing_to_strike_through(tea):
    price(tea, 1000, 1)
    assert lowest_price_before(tea, START) is None


def test_brute_force_agrees(tea):
    """Ask the price every six hours instead of at the moments that matter."""
    amounts = [(990, -40, None), (870, -25, -21), (1010, -22, None), (640, -13, -12), (930, -6, -2)]
    for amount, day, until in amounts:
        kind = PriceKind.LIST if until is None else PriceKind.CAMPAIGN
        price(tea, amount, day, until=until, kind=kind)
    for days in (1, 3, 8, 14, 30):
        asked = [amount_at(tea, -step / 4) for step in range(1, days * 4 + 1)]
        assert lowest_price_before(tea, START, days=days).amount_minor == min(asked)


def test_the_same_key_is_the_same_row(tea):
    first = set_price(tea, 1000, key="k", source="a")
    assert set_price(tea, 1000, key="k", source="a") == first
    with pytest.raises(PriceKeyReusedError):
        set_price(tea, 1001, key="k", source="a")
    assert Price.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "terms", "reason"),
    [
        (-1, {}, "negative"),
        (1, {"kind": PriceKind.FLASH}, "needs an end"),
        (1, {"valid_until": START}, "end before"),
        (1, {"valid_from": START}, "begin in the past"),
    ],
)
def test_what_the_ledger_cannot_hold_is_refused(tea, amount, terms, reason):
    with pytest.raises(PriceError, match=reason):
        set_price(tea, amount, key="k", source="a", terms=PriceTerms(**terms))
    assert not Price.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_crowd_with_one_key_writes_one_row_and_tells_once():
    tea = make_variant("TEA-1", price_minor=None)
    rows = crowd(lambda number: set_price(tea, 1000, key="k", source="a"))
    assert len({row.pk for row in rows}) == Price.objects.count() == 1
    assert Message.objects.filter(kind="price.changed").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_a_crowd_with_one_key_and_other_prices_one_is_served():
    tea = make_variant("TEA-1", price_minor=None)
    rows = crowd(
        lambda number: set_price(tea, 1000 + number, key="k", source="a"),
        refusals=PriceKeyReusedError,
    )
    [only] = Price.objects.all()
    served = [row for row in rows if isinstance(row, Price)]
    assert [row.pk for row in served] == [only.pk]
    assert Message.objects.get(kind="price.changed").payload["amount_minor"] == only.amount_minor


def test_others_hear_of_a_new_price_and_not_of_history(tea):
    terms = PriceTerms(PriceKind.CAMPAIGN, valid_until=timezone.now() + DAY)
    row = set_price(tea, 900, key="k", source="a", terms=terms)
    set_price(tea, 900, key="k", source="a", terms=terms)
    price(tea, 1000, 0)
    [message] = Message.objects.filter(kind="price.changed")
    assert message.payload == {
        "sku": "TEA-1",
        "kind": "campaign",
        "channel": None,
        "currency": "GBP",
        "amount_minor": 900,
        "valid_from": row.valid_from.isoformat(),
        "valid_until": terms.valid_until.isoformat(),
    }


def test_from_now_on_is_now(tea):
    row = set_price(tea, 1, key="k", source="a")
    assert abs(row.valid_from - timezone.now()) < timedelta(minutes=1)
