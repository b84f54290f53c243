"""Tier programmes: who is in which tier, by what figure, and since when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from decisions.models import Job
from marketing.frames.tiers import measured
from marketing.models import CustomerPrediction, Tier, TierMembership, TierMove, TierProgramme
from marketing.services.tiers import looks, programmes
from marketing.services.tiers.looks import look, refresh_tiers
from marketing.services.tiers.previews import preview
from marketing.services.tiers.programmes import TierError, change_programme, create_programme
from marketing.services.tiers.standing import members_at, tiers_at
from shop.models import Return, ReturnLine
from tests.factories import NOW, make_customer
from tests.factories_access import make_staff
from tests.factories_coupons import make_offer
from tests.factories_crowd import Meeting, crowd
from tests.factories_marketing import Quiet
from tests.factories_tiers import (
    BRONZE,
    DAY,
    GOLD,
    SILVER,
    make_programme,
    make_spender,
    make_terms,
    spend,
)

pytestmark = pytest.mark.django_db


def where(programme) -> dict[str, str]:
    rows = TierMembership.objects.filter(programme=programme)
    return dict(rows.values_list("customer__code", "tier__code"))


def moves(programme) -> list[tuple]:
    rows = TierMove.objects.filter(programme=programme).order_by("pk")
    return list(rows.values_list("customer__code", "from_tier__code", "to_tier__code"))


def give_back(order, amount_minor, at=NOW):
    back = Return.objects.create(
        number=f"R-{order.pk}", order=order, customer=order.customer, currency="GBP",
        refund_minor=amount_minor, returned_at=at,
    )  # fmt: skip
    line = order.lines.get()
    ReturnLine.objects.create(
        parent=back, position=1, variant=line.variant, order_line=line, units=1,
        unit_refund_minor=amount_minor, total_minor=amount_minor,
    )  # fmt: skip


def test_a_look_puts_everybody_where_she_belongs_with_a_trace():
    programme = make_programme()
    ana = make_spender("A", 30_000)
    make_spender("B", 9_999)
    assert look(programme, NOW) == {"entered": 1, "changed": 0, "left": 0, "coupons": 0}
    assert where(programme) == {"A": "silver"}
    [move] = TierMove.objects.all()
    assert (move.value, move.figure, move.is_rise, move.by) == (30_000, "net_spend", True, None)
    assert move.trace["numbers"] == [ana.orders.get().number]
    assert move.trace["thresholds"] == [{"tier": "silver", "enter_at": 30_000, "stay_at": 25_000}]
    assert (move.trace["total_minor"], move.trace["given_back_minor"]) == (30_000, 0)


def test_what_came_back_does_not_count_and_its_time_does():
    programme = make_programme()
    ana = make_spender("A", 30_000)
    give_back(ana.orders.get(), 25_000, at=NOW + 5 * DAY)
    assert measured(programme, [ana.pk], NOW)[ana.pk].value == 30_000
    assert measured(programme, [ana.pk], NOW + 6 * DAY)[ana.pk].value == 5_000


def test_an_order_given_back_whole_is_no_order():
    programme = make_programme(figure="orders", tiers=(BRONZE.__class__("two", "Two", 2, 1),))
    ana = make_spender("A", 5_000)
    give_back(spend(ana, 4_000), 4_000)
    found = measured(programme, [ana.pk], NOW + DAY)[ana.pk]
    assert (found.value, found.trace["orders"], found.trace["kept_orders"]) == (1, 2, 1)


def test_the_window_ends_and_grace_lasts():
    programme = make_programme(window_days=30, grace_days=10)
    make_spender("A", 30_000, at=NOW - DAY)
    look(programme, NOW)
    look(programme, NOW + 30 * DAY)
    membership = TierMembership.objects.get()
    assert membership.below_since == NOW + 30 * DAY
    look(programme, NOW + 39 * DAY)
    assert where(programme) == {"A": "silver"}
    look(programme, NOW + 40 * DAY)
    assert where(programme) == {}
    assert moves(programme) == [("A", None, "silver"), ("A", "silver", None)]


def test_twice_is_once_and_the_past_is_not_rewritten():
    programme = make_programme()
    for n in range(5):
        make_spender(f"C{n}", 12_000 * (n + 1))
    first = look(programme, NOW)
    rows = list(TierMove.objects.values()), list(TierMembership.objects.values())
    assert first["entered"] == 5
    assert look(programme, NOW) == {"entered": 0, "changed": 0, "left": 0, "coupons": 0}
    assert look(programme, NOW - DAY) == {"entered": 0, "changed": 0, "left": 0, "coupons": 0}
    assert rows == (list(TierMove.objects.values()), list(TierMembership.objects.values()))


def test_a_look_that_dies_goes_on(monkeypatch):
    programme = make_programme()
    for n in range(7):
        make_spender(f"C{n}", 20_000)
    monkeypatch.setattr(looks, "CHUNK", 2)
    write, done = looks._write, []

    def die(*given):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return write(*given)

    monkeypatch.setattr(looks, "_write", die)
    with pytest.raises(KeyboardInterrupt):
        look(programme, NOW)
    assert TierMove.objects.count() == 4
    monkeypatch.setattr(looks, "_write", write)
    assert look(programme, NOW)["entered"] == 3
    assert TierMove.objects.count() == TierMembership.objects.count() == 7


def test_where_she_stood_at_any_time():
    programme = make_programme(window_days=60, grace_days=0)
    ana = make_spender("A", 10_000, at=NOW - 30 * DAY)
    look(programme, NOW)
    spend(ana, 25_000, at=NOW + DAY)
    look(programme, NOW + 2 * DAY)
    look(programme, NOW + 200 * DAY)
    found = {n: tiers_at(ana, NOW + n * DAY) for n in (-1, 0, 1, 2, 199, 200)}
    said = {n: str(one.get(programme)) for n, one in found.items()}
    assert said == {-1: "None", 0: "Bronze", 1: "Bronze", 2: "Silver", 199: "Silver", 200: "None"}
    assert [one.to_tier.code for one in members_at(programme, NOW + DAY)] == ["bronze"]
    assert not members_at(programme, NOW + 200 * DAY).exists()


LOOKS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([0, 0, 4_000, 12_000, 40_000, 95_000])),
    min_size=1, max_size=8,
)  # fmt: skip


@settings_of_hypothesis(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(LOOKS, st.integers(0, 20))
def test_the_membership_is_the_sum_of_the_moves(db, steps, grace):
    """Whatever is bought and whenever somebody looks: replaying the ledger gives the members."""
    number = TierProgramme.objects.count()
    tiers = tuple(
        type(one)(f"{one.code}{number}", one.name, one.enter_at, one.stay_at)
        for one in (BRONZE, SILVER, GOLD)
    )
    programme = make_programme(f"p{number}", window_days=45, grace_days=grace, tiers=tiers)
    who, at = make_customer(f"H{number}"), NOW
    for days, amount in steps:
        at += days * DAY
        if amount:
            spend(who, amount, at=at - timedelta(hours=1))
        look(programme, at)
        look(programme, at)
    standing = None
    for move in TierMove.objects.filter(programme=programme, customer=who).order_by("pk"):
        assert move.from_tier == standing != move.to_tier
        standing = move.to_tier
    held = TierMembership.objects.filter(programme=programme, customer=who).first()
    assert (held.tier if held else None) == standing == tiers_at(who, at).get(programme)


def test_terms_change_for_the_next_look_and_a_used_tier_stays():
    programme = make_programme()
    make_spender("A", 30_000)
    look(programme, NOW)
    lower = type(GOLD)("gold", "Gold", 29_000, 20_000)
    with pytest.raises(TierError, match="stays in the programme"):
        change_programme(programme, make_terms(tiers=(BRONZE, lower)))
    silver = type(SILVER)("silver", "Silver", 20_000, 15_000)
    changed = change_programme(programme, make_terms(tiers=(BRONZE, silver, lower)))
    assert changed.revision == 2
    assert change_programme(programme, make_terms(tiers=(BRONZE, silver, lower))).revision == 2
    look(changed, NOW)
    assert where(programme) == {"A": "gold"}
    assert TierMove.objects.latest("pk").revision == 2


def test_two_tiers_change_places():
    programme = make_programme(live=False)
    swapped = (
        type(SILVER)("silver", "Silver", 10_000, 8_000),
        type(BRONZE)("bronze", "Bronze", 30_000, 25_000),
    )
    change_programme(programme, make_terms(tiers=swapped))
    assert list(programme.tiers.values_list("code", flat=True)) == ["silver", "bronze"]


@pytest.mark.parametrize(
    "said",
    [
        {"tiers": ()},
        {"tiers": (BRONZE, BRONZE)},
        {"tiers": (SILVER, BRONZE)},
        {"figure": "height"},
        {"window_days": 1},
        {"ends_on": date(2025, 1, 1)},
        {"tiers": (type(BRONZE)("b", "B", 100, 50, offer_code="nowhere"),)},
    ],
)
def test_terms_that_make_no_sense_are_refused(said):
    with pytest.raises(TierError):
        create_programme("odd", make_terms(**said))
    assert not TierProgramme.objects.exists()


def test_a_stop_lets_everybody_leave_and_names_who_stopped():
    programme, person = make_programme(live=False), make_staff()
    make_spender("A", 30_000)
    programmes.start(programme, by=person)
    programmes.start(programme, by=person)
    assert Job.objects.filter(kind="look_at_tiers").count() == 1
    look(programme, NOW)
    programmes.stop(programme, by=person)
    look(programme, NOW + DAY)
    assert where(programme) == {}
    last = TierMove.objects.latest("pk")
    assert (last.to_tier, last.value, last.by, last.trace["ended"]) == (None, None, person, True)
    with pytest.raises(TierError):
        programmes.start(programme, by=person)


def test_nobody_is_in_a_tier_before_its_first_day_or_after_its_last():
    programme = make_programme(starts_on=date(2026, 3, 5), ends_on=date(2026, 3, 10))
    make_spender("A", 30_000)
    assert look(programme, NOW)["entered"] == 0
    assert programme.first_checked_at is None
    assert look(programme, NOW + 3 * DAY)["entered"] == 1
    assert look(programme, NOW + 9 * DAY)["left"] == 1


def test_a_forecast_counts_while_it_is_fresh():
    programme = make_programme(figure="value_low")
    ana = make_spender("A", 100)
    CustomerPrediction.objects.create(
        customer=ana, as_of=NOW - DAY, order_days=1, silent_days=1, spend_365_low_minor=31_000
    )
    look(programme, NOW)
    assert where(programme) == {"A": "silver"}
    look(programme, NOW + 100 * DAY)  # unknown now: she stays
    assert where(programme) == {"A": "silver"}
    assert TierMembership.objects.get().below_since is None


def test_a_look_costs_the_same_however_many_customers(django_assert_num_queries):
    programme = make_programme()
    for n in range(3):
        make_spender(f"C{n}", 20_000)
    look(programme, NOW)
    for n in range(3, 20):
        make_spender(f"C{n}", 20_000)
    with django_assert_num_queries(19):
        look(programme, NOW + DAY)


def test_the_preview_is_what_the_look_then_does():
    offer = make_offer("WELCOME", most_minor=500, budget_minor=1_500)
    tiers = (BRONZE, type(SILVER)("silver", "Silver", 30_000, 25_000, offer_code=offer.code))
    for n in range(5):
        make_spender(f"S{n}", 40_000)
    make_spender("B", 12_000)
    found = preview(make_terms(tiers=tiers), NOW)
    assert (found.entered, found.left, found.cost_minor) == (6, 0, 1_500)
    assert [(one.now, one.then, one.coupons) for one in found.tiers] == [(0, 1, 0), (0, 5, 3)]
    programme = make_programme(tiers=tiers)
    done = look(programme, NOW)
    assert (done["entered"], done["coupons"]) == (6, 3)
    harder = (type(BRONZE)("bronze", "Bronze", 20_000, 15_000), tiers[1])
    again = preview(make_terms(tiers=harder, grace_days=0), NOW, programme)
    assert (again.entered, again.left) == (0, 1)
    assert not TierMove.objects.filter(to_tier=None).exists()  # nothing was written


def test_the_night_looks_at_every_programme_and_empties_what_was_stopped():
    first, second = make_programme("one"), None
    make_spender("A", 30_000)
    refresh_tiers(Quiet(), NOW)
    TierProgramme.objects.update(state="stopped")
    second = make_programme("two", tiers=(type(GOLD)("plus", "Plus", 10_000, 5_000),))
    done = refresh_tiers(Quiet(), NOW + DAY)
    assert (done["one"]["left"], done["two"]["entered"]) == (1, 1)
    assert (where(first), where(second)) == ({}, {"A": "plus"})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_write_each_move_once():
    programme = make_programme()
    for n in range(30):
        make_spender(f"C{n}", 20_000)
    rows = [TierProgramme.objects.get(pk=programme.pk) for _ in range(4)]
    crowd(lambda n: look(rows[n], NOW), size=4)
    assert TierMove.objects.count() == TierMembership.objects.count() == 30


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_two_nights_collide(monkeypatch):
    from django.db import IntegrityError

    programme = make_programme()
    for n in range(30):
        make_spender(f"C{n}", 20_000)
    rows, met, write = (
        [programme, TierProgramme.objects.get(pk=programme.pk)],
        Meeting(),
        looks._write,
    )

    def together(*given):
        met.wait()
        return write(*given)

    monkeypatch.setattr(looks, "lock", lambda one: TierProgramme.objects.get(pk=one.pk))
    monkeypatch.setattr(looks, "_write", together)
    found = crowd(lambda n: look(rows[n], NOW), size=2, refusals=IntegrityError)
    assert IntegrityError in {type(one) for one in found}


def test_no_tier_of_a_code_is_made_twice():
    make_programme("one")
    with pytest.raises(TierError, match="another programme"):
        create_programme("two", make_terms())
    assert Tier.objects.count() == 3
