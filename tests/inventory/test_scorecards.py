"""Suppliers: what was promised against what was done, and a refusal while little is known."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from inventory.ml.scorecard import mean_interval, price_trend, score, share_interval
from inventory.models import PurchaseOrder, PurchaseOrderLine, Receipt
from inventory.services.scorecards import scorecard_of
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_inventory import make_supplier


def test_delays_by_hand():
    """Delays 1, 2, 3, 4, 5: mean 3, s = √2.5, t(4, 0.9) = 1.533: ± 1.533 · 1.5811 / √5 = 1.084."""
    found = score([11, 12, 13, 14, 15], [10] * 5, [])
    assert found.delay_days.value == 3
    assert found.delay_days.high - 3 == pytest.approx(1.084, abs=1e-3)
    assert (found.on_time_rate.value, found.on_time_rate.n) == (0, 5)
    assert found.fill_rate is None


def test_under_five_deliveries_nothing_is_said():
    found = score([11] * 4, [10] * 4, [1.0] * 4)
    assert (found.delay_days, found.on_time_rate, found.fill_rate) == (None, None, None)


def test_wilsons_interval_stays_between_0_and_1():
    """8 of 10, z = 1.2816: middle (8 + 0.8212) / 11.6424 = 0.7577."""
    found = share_interval(8, 10)
    assert (found.low + found.high) / 2 == pytest.approx(0.7577, abs=1e-4)
    assert share_interval(10, 10).high == 1.0
    assert share_interval(0, 10).low == 0.0


def test_a_basket_that_became_dearer():
    """100 of 2.00 → 2.20 and 50 of 4.00 → 4.00: 420 against 400."""
    assert price_trend([200, 400], [220, 400], [100, 50]) == pytest.approx(0.05)
    assert mean_interval(np.array([1.0, 1.0])).high == 1.0


def delivered(supplier, variant, number: int, *, days: int, cost: int = 400, got: int = 10) -> None:
    sent = timezone.now() - timedelta(days=100 - number)
    order = PurchaseOrder.objects.create(
        number=f"PO-{number}",
        key=f"k{number}",
        supplier=supplier,
        warehouse=make_warehouse(),
        currency="GBP",
        state="received",
        cycle_on=sent.date(),
        sent_at=sent,
        expected_on=timezone.localtime(sent).date() + timedelta(days=14),
    )
    line = PurchaseOrderLine.objects.create(
        order=order, variant=variant, suggested_units=10, units=10, received_units=got,
        unit_cost_minor=cost,
    )  # fmt: skip
    Receipt.objects.create(
        line=line, units=got, key=f"r{number}", received_at=sent + timedelta(days=days)
    )


@pytest.mark.django_db
def test_six_deliveries_make_a_scorecard():
    supplier, tea = make_supplier(), make_variant()
    for number in range(6):
        delivered(supplier, tea, number, days=16, cost=400 + 4 * number, got=9)
    card = scorecard_of(supplier)
    assert card.lead_days == [16] * 6
    assert card.scores.delay_days.value == 2
    assert card.scores.fill_rate.value == pytest.approx(0.9)
    assert card.trend.value == pytest.approx(0.05)
    assert card.deliveries_missing == 0


@pytest.mark.django_db
def test_the_page_says_how_many_deliveries_are_missing(client, django_assert_max_num_queries):
    supplier, tea = make_supplier(), make_variant()
    delivered(supplier, tea, 1, days=16)
    client.force_login(make_staff(is_superuser=True))
    with django_assert_max_num_queries(20):
        page = client.get(reverse("admin:inventory_supplier_scorecard", args=["LEAF"]))
    assert "4 more deliveries are needed" in page.content.decode()
    found = client.get("/api/merchant/v1/suppliers/LEAF/scorecard/").json()
    assert (found["deliveries_missing"], found["delay_days"]) == (4, None)
    assert client.get("/api/merchant/v1/suppliers/NO/scorecard/").status_code == 404
