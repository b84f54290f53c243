"""Shares and rounding: the figures of docs/ledgers.md, and that parts always add up to the whole."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.shares import part_of, share_out, tax_of
from tests.shop.docs_tables import minor, table

AMOUNTS = st.integers(min_value=0, max_value=10**13)
RATES = st.integers(min_value=0, max_value=10_000)


def test_a_discount_is_shared_as_the_docs_say():
    *lines, together = table("line", "costs", "exact share")
    costs = [minor(row["costs"]) for row in lines]
    assert sum(costs) == minor(together["costs"])
    shares = share_out(minor(together["share"]), costs)
    assert shares == [minor(row["share"]) for row in lines]
    paid = [cost - share for cost, share in zip(costs, shares, strict=True)]
    assert paid == [minor(row["paid"]) for row in lines]
    assert sum(paid) == minor(together["paid"])


def test_tax_is_rounded_as_the_docs_say():
    *lines, together = table("paid for the line", "rate")
    within, on_top = [], []
    for row in lines:
        paid, rate = minor(row["paid for the line"]), int(row["rate"].split()[0]) * 100
        within.append(tax_of(paid, rate, included=True))
        on_top.append(tax_of(paid, rate, included=False))
        assert minor(row["tax within"]) == within[-1]
        assert minor(row["tax on top"]) == on_top[-1]
        assert minor(row["then costs"]) == paid + on_top[-1]
    assert minor(together["tax within"]) == sum(within)
    assert minor(together["tax on top"]) == sum(on_top)
    assert minor(together["then costs"]) == sum(minor(row["then costs"]) for row in lines)


def test_units_come_back_as_the_docs_say():
    *single, whole = table("comes back", "worth so far")
    for before, row in enumerate(single):
        assert part_of(1000, 3, before=before, taken=1) == minor(row["refund"])
        assert part_of(167, 3, before=before, taken=1) == minor(row["tax in it"])
        assert part_of(1000, 3, before=0, taken=before + 1) == minor(row["worth so far"])
    assert part_of(1000, 3, before=0, taken=3) == minor(whole["refund"])
    assert part_of(167, 3, before=0, taken=3) == minor(whole["tax in it"])


@given(st.data())
def test_shares_add_up_and_stay_within_a_unit_of_the_exact_share(data):
    weights = data.draw(st.lists(AMOUNTS, min_size=1, max_size=30))
    amount = data.draw(st.integers(min_value=0, max_value=sum(weights)))
    shares = share_out(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share <= weight
        exact = Fraction(amount * weight, sum(weights) or 1)
        assert abs(share - exact) < 1


@pytest.mark.parametrize(("amount", "weights"), [(-1, [5]), (1, [-5, 9]), (1, []), (1, [0, 0])])
def test_what_cannot_be_shared_is_refused(amount, weights):
    with pytest.raises(ValueError, match="share"):
        share_out(amount, weights)


@given(AMOUNTS, RATES, st.booleans())
def test_tax_is_the_nearest_minor_unit_and_half_goes_up(amount, rate, included):
    exact = Fraction(amount * rate, 10_000 + rate if included else 10_000)
    tax = tax_of(amount, rate, included=included)
    assert Fraction(-1, 2) < tax - exact <= Fraction(1, 2)


@given(AMOUNTS, st.data())
def test_parts_in_any_portions_are_the_whole(amount, data):
    units = data.draw(st.integers(min_value=1, max_value=50))
    before, parts = 0, []
    while before < units:
        taken = data.draw(st.integers(min_value=1, max_value=units - before))
        parts.append(part_of(amount, units, before=before, taken=taken))
        before += taken
    assert sum(parts) == amount
    assert min(parts) >= 0


def test_more_than_there_is_cannot_be_taken():
    with pytest.raises(ValueError, match="more than 3"):
        part_of(1000, 3, before=2, taken=2)
