"""Where a tier is asked for: segments, journeys and the shop."""

from __future__ import annotations

import pytest

from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.definitions.rules import customers_of
from marketing.models import TierMove, TierProgramme
from marketing.services.journeys.causes import Span
from marketing.services.journeys.triggers import tier_entered, tier_left
from marketing.services.tiers.looks import look
from marketing.services.tiers.standing import standings
from shop.models import Customer
from tests.factories import NOW
from tests.factories_tiers import (
    DAY,
    make_programme,
    make_spender,
    spend,
)

pytestmark = pytest.mark.django_db


def test_segments_ask_for_a_tier_now_and_of_earlier():
    programme = make_programme(window_days=30, grace_days=0)
    ana, ben = make_spender("A", 30_000), make_spender("B", 100)
    look(programme, NOW)
    rule = {"field": "tier", "op": "is", "value": "silver"}
    assert list(customers_of(rule)) == [ana]
    assert list(customers_of(rule | {"op": "is_not"})) == [ben]
    look(programme, NOW + 60 * DAY)
    assert list(customers_of(rule, at=NOW + DAY)) == [ana]
    Customer.objects.update(created_at=NOW - 90 * DAY)
    assert not customers_of(rule, at=NOW + 61 * DAY).exists()


def plan(on: str, **said) -> dict:
    step = {"id": "a", "send": "email", "texts": {"en": {"subject": "S", "body": "B"}}}
    return {"trigger": {"on": on, **said}, "steps": [step]}


def test_journeys_begin_where_she_rises_and_where_she_falls():
    programme = make_programme(window_days=30, grace_days=0)
    ana = make_spender("A", 95_000, at=NOW - 20 * DAY)
    look(programme, NOW)
    spend(ana, 31_000, at=NOW + DAY)
    look(programme, NOW + 15 * DAY)  # gold → silver
    recorded = TierMove.objects.latest("pk").recorded_at
    span = Span(recorded - DAY, recorded - DAY, recorded + DAY, recorded + DAY)

    def found(trigger, tier):
        return [one.customer_id for one in trigger({"tier": tier}, span, []).causes]

    assert found(tier_entered, "gold") == [ana.pk]
    assert found(tier_left, "gold") == [ana.pk]
    assert found(tier_entered, "silver") == []  # she fell into it
    assert found(tier_left, "silver") == []
    with pytest.raises(PlanError, match="tier"):
        read_plan(plan("tier_entered"))
    assert read_plan(plan("tier_left", tier="gold")).options == {"tier": "gold"}


def test_what_the_shop_shows_her():
    make_programme()
    ana = make_spender("A", 30_000)
    look(TierProgramme.objects.get(), NOW)
    [row] = standings(ana, NOW)
    assert (row["tier"], row["rank"], row["value"]) == ("silver", 2, 30_000)
    assert (row["next_tier"], row["next_from"], row["kept_from"]) == ("gold", 90_000, 25_000)
    assert row["leaves_at"] is None
