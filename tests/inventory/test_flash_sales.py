"""Approving writes prices and fences, all or nothing; ending takes both back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import override_settings
from django.utils import timezone

from decisions.models import Decision, DecisionChange
from decisions.services.receipts import replay
from inventory.flash_sale_frames import midnight, sold_in
from inventory.frames import demand_history
from inventory.models import DemandForecast, FlashSaleState, PlannedDemand, PlannedUnits
from inventory.services import flash_sales as service
from inventory.services.flash_sale_clock import settle_flash_sales
from inventory.services.flash_sale_rules import why_not
from inventory.services.flash_sales import FlashSaleError, WantedLine
from inventory.services.planned_demand import measure_ended
from shop.models import Price, PriceKind, RingFence, StockLevel
from shop.services.prices import PriceTerms, price_at, set_price
from shop.services.stock import stock
from shop.services.stock.ring_fences import ring_fence
from tests.factories import make_order, make_warehouse
from tests.factories_access import make_staff
from tests.factories_flash_sales import (
    DAY,
    HOUR,
    draft_of,
    make_elasticity,
    make_flash_sale,
    make_sellable,
    move_to,
    noon,
)

pytestmark = pytest.mark.django_db


def now_running(*skus: str, **fields):
    """Approved and begun: it may begin this very moment."""
    sale = make_flash_sale(*(skus or ("TEA-1",)), start=timezone.now(), **fields)
    service.approve_flash_sale(sale)
    settle_flash_sales()
    sale.refresh_from_db()
    assert sale.state == FlashSaleState.RUNNING
    return sale


def level(variant) -> StockLevel:
    return StockLevel.objects.get(variant=variant)


def facts() -> list:
    """Everything that an approval writes, to see that a refusal wrote none of it."""
    return [
        list(Price.objects.values()),
        list(RingFence.objects.values()),
        list(StockLevel.objects.values()),
        list(Decision.objects.values()),
        list(PlannedUnits.objects.values()),
    ]


def test_approving_writes_prices_fences_and_a_receipt_that_computes_again():
    tea, pot = make_sellable("TEA-1"), make_sellable("POT-1")
    make_elasticity(tea)
    sale = make_flash_sale("TEA-1", "POT-1")
    user = make_staff("inventory.approve_flashsale")
    done = service.approve_flash_sale(sale, by=user)
    assert done.state == FlashSaleState.APPROVED
    for variant in (tea, pot):
        assert price_at(variant, sale.starts_at).amount_minor == 500
        assert price_at(variant, sale.ends_at).amount_minor == 1000
        assert (level(variant).ring_fenced, level(variant).available) == (50, 150)
    fence = RingFence.objects.get(variant=tea)
    assert (fence.purpose, fence.ends_at, fence.created_by) == (
        f"flash-sale:{sale.pk}",
        sale.ends_at,
        user,
    )
    assert (done.decision.state, done.decision.decided_by) == ("approved", user)
    assert replay(done.decision)[1]
    assert done.decision.output["extra_units"]["TEA-1"]["mean"] == 30.0
    assert set(done.lines.values_list("before_minor", "before_is_list")) == {(1000, True)}


def test_approving_twice_equals_once():
    make_sellable()
    sale = make_flash_sale()
    service.approve_flash_sale(sale)
    before = facts()
    assert service.approve_flash_sale(sale).state == FlashSaleState.APPROVED
    assert facts() == before


def test_who_may_not_approve_changes_nothing():
    make_sellable()
    sale = make_flash_sale()
    before = facts()
    with pytest.raises(PermissionDenied):
        service.approve_flash_sale(sale, by=make_staff("inventory.change_flashsale"))
    assert facts() == before


def refusal(sale) -> str:
    before = facts()
    with pytest.raises(FlashSaleError) as caught:
        service.approve_flash_sale(sale)
    assert facts() == before
    sale.refresh_from_db()
    assert sale.is_draft
    return str(caught.value)


def test_a_price_that_is_no_reduction_is_refused():
    make_sellable()
    sale = make_flash_sale(lines=(WantedLine("TEA-1", 1000, 5),))
    assert "£10.00 is not below the price then in force, £10.00" in refusal(sale)


def test_a_price_that_was_asked_within_thirty_days_is_refused():
    tea = make_sellable()
    ago = timezone.now() - 5 * DAY
    terms = PriceTerms(PriceKind.CAMPAIGN, ago, ago + DAY, is_history=True)
    set_price(tea, 500, key="c", source="test", terms=terms)
    assert "as little was asked within 30 days" in refusal(make_flash_sale())
    lower = make_flash_sale(lines=(WantedLine("TEA-1", 499, 5),))
    assert service.approve_flash_sale(lower).state == FlashSaleState.APPROVED  # the control


def test_a_price_below_the_margin_floor_is_refused():
    make_sellable()
    sale = make_flash_sale(lines=(WantedLine("TEA-1", 399, 5),))
    assert "£3.99 less its cost of £4.00 is below the margin floor of 0 %" in refusal(sale)
    with override_settings(MARKETING_MARGIN_FLOOR_RATE=0.3):
        assert "margin floor of 30 %" in refusal(make_flash_sale())


def test_a_quota_above_what_is_available_is_refused():
    tea = make_sellable(units=60)
    ring_fence(tea, 20, warehouse=make_warehouse(), purpose="other", key="o")
    assert "TEA-1: 50 units in MAIN, of which 40 are available." in refusal(make_flash_sale())


def test_another_flash_sale_of_the_sku_in_the_window_is_refused():
    make_sellable()
    service.approve_flash_sale(make_flash_sale())
    overlapping = make_flash_sale(start=noon() + 23 * HOUR, lines=(WantedLine("TEA-1", 300, 5),))
    overlapping.lines.update(price_minor=450)
    assert "TEA-1: it has another flash price from" in refusal(overlapping)


def test_a_window_that_has_begun_is_refused():
    make_sellable()
    sale = move_to(make_flash_sale(), timezone.now() - HOUR)
    assert "Its beginning has passed" in refusal(sale)


def test_every_reason_is_named_at_once_in_a_fixed_number_of_queries(django_assert_num_queries):
    skus = [f"T-{number}" for number in range(4)]
    for sku in skus:
        make_sellable(sku, units=1)
    sale = make_flash_sale(*skus, lines=tuple(WantedLine(sku, 399, 5) for sku in skus))
    lines = list(sale.lines.select_related("variant", "warehouse"))
    with django_assert_num_queries(6):
        reasons = why_not(sale, lines)
    assert len(reasons) == 8  # margin and quota of each


def test_a_failure_half_way_writes_nothing(monkeypatch):
    make_sellable("TEA-1")
    make_sellable("POT-1")
    sale = make_flash_sale("TEA-1", "POT-1")
    fences = []

    def one_only(*args, **kwargs):
        if fences:
            raise RuntimeError("the process died")
        fences.append(ring_fence(*args, **kwargs))

    before = facts()
    monkeypatch.setattr(service, "ring_fence", one_only)
    with pytest.raises(RuntimeError):
        service.approve_flash_sale(sale)
    assert fences
    assert facts() == before
    monkeypatch.undo()
    assert service.approve_flash_sale(sale).state == FlashSaleState.APPROVED


def test_an_approved_sale_is_no_draft_any_more():
    make_sellable()
    sale = make_flash_sale()
    service.approve_flash_sale(sale)
    for change in (
        lambda: service.delete_draft(sale),
        lambda: service.save_draft(draft_of("TEA-1"), sale=sale),
    ):
        with pytest.raises(FlashSaleError, match="Only a draft"):
            change()


def test_called_off_before_it_began_it_leaves_nothing_and_again_changes_nothing():
    tea = make_sellable()
    make_elasticity(tea)
    sale = make_flash_sale()
    service.approve_flash_sale(sale)
    assert PlannedDemand.objects.exists()
    user = make_staff("inventory.approve_flashsale")
    done = service.cancel_flash_sale(sale, by=user)
    assert done.state == FlashSaleState.CANCELLED
    assert price_at(tea, sale.starts_at).amount_minor == 1000
    assert (level(tea).ring_fenced, level(tea).available) == (0, 200)
    assert not PlannedDemand.objects.exists()
    assert DecisionChange.objects.get(verb="cancelled").by == user
    before = facts()
    service.cancel_flash_sale(sale)
    assert facts() == before
    assert DecisionChange.objects.filter(verb="cancelled").count() == 1


def test_called_off_while_it_runs_the_list_price_is_back_at_once():
    tea = make_sellable()
    make_elasticity(tea)
    sale = now_running(hours=60)
    assert price_at(tea, timezone.now()).amount_minor == 500
    service.cancel_flash_sale(sale)
    assert price_at(tea, timezone.now()).amount_minor == 1000
    assert level(tea).ring_fenced == 0
    told = PlannedDemand.objects.get()
    assert told.ends_on == timezone.localdate()  # what it brought until now is still measured


def test_a_cancelled_draft_is_forgotten_by_purchasing():
    make_elasticity(make_sellable())
    service.cancel_flash_sale(make_flash_sale())
    assert not PlannedDemand.objects.exists()


def test_the_clock_begins_and_ends_it_and_twice_equals_once():
    tea = make_sellable()
    sale = now_running()
    later = sale.ends_at + timedelta(seconds=1)
    assert settle_flash_sales(later)["ended"] == 1
    sale.refresh_from_db()
    assert (sale.state, sale.ended_at) == (FlashSaleState.ENDED, sale.ends_at)
    assert level(tea).ring_fenced == 0
    before = facts()
    assert settle_flash_sales(later)["ended"] == 0
    assert facts()[1:] == before[1:]
    with pytest.raises(FlashSaleError, match="It has ended"):
        service.cancel_flash_sale(sale)


def test_what_a_crash_left_behind_is_taken_back_by_the_clock():
    tea = make_sellable()
    sale = now_running(hours=60)
    type(sale).objects.filter(pk=sale.pk).update(state="cancelled", ended_at=timezone.now())
    assert price_at(tea, timezone.now()).amount_minor == 500
    assert settle_flash_sales()["repaired"] == 1
    assert price_at(tea, timezone.now()).amount_minor == 1000
    assert level(tea).ring_fenced == 0
    assert settle_flash_sales()["repaired"] == 0


def test_a_fence_that_somebody_else_named_like_a_sale_is_left_alone():
    tea = make_sellable()
    sale = make_flash_sale()
    foreign = ring_fence(tea, 7, warehouse=make_warehouse(), purpose=sale.purpose, key="theirs")
    service.cancel_flash_sale(sale)
    settle_flash_sales()
    foreign.refresh_from_db()
    assert foreign.released_at is None


def test_a_crash_in_the_middle_of_cancelling_changes_nothing(monkeypatch):
    tea = make_sellable()
    sale = now_running(hours=60)
    before = facts()

    def died(*args, **kwargs):
        raise RuntimeError("the process died")

    monkeypatch.setattr(service, "release_ring_fence", died)
    with pytest.raises(RuntimeError):
        service.cancel_flash_sale(sale)
    assert facts() == before
    monkeypatch.undo()
    service.cancel_flash_sale(sale)
    assert (level(tea).ring_fenced, price_at(tea, timezone.now()).amount_minor) == (0, 1000)


def test_the_price_ends_when_the_quota_is_sold_and_no_cart_holds_of_it():
    tea = make_sellable()
    now_running(lines=(WantedLine("TEA-1", 500, 3),))
    fence = RingFence.objects.get()
    held = stock.reserve(tea, 3, cart="c", key="r", ring_fence=fence)
    assert settle_flash_sales()["sold_out"] == 0  # the cart is charged the flash price
    held = [held] if not isinstance(held, list) else held
    type(held[0]).objects.filter(cart="c").update(state="ordered")
    assert settle_flash_sales()["sold_out"] == 1
    assert price_at(tea, timezone.now()).amount_minor == 1000
    assert DecisionChange.objects.get(verb="sold out").after == {"sku": "TEA-1"}
    assert settle_flash_sales()["sold_out"] == 0


def test_sold_is_what_was_ordered_in_the_window_and_stands():
    tea = make_sellable()
    sale = now_running()
    make_order([(tea, 4)], at=timezone.now(), unit_price_minor=500)
    make_order([(tea, 9)], at=sale.starts_at - HOUR)
    make_order([(tea, 9)], at=timezone.now(), state="cancelled")
    [found] = sold_in(sale, [tea.pk]).values()
    assert (found.units, found.revenue_minor) == (4, 2000)


def test_afterwards_the_effect_is_measured_and_the_next_draft_starts_from_it():
    tea = make_sellable()
    make_elasticity(tea)
    first = midnight(timezone.localdate() - 2 * DAY)
    DemandForecast.objects.update(as_of=timezone.localdate() - 3 * DAY)
    sale = make_flash_sale(start=midnight(timezone.localdate() + DAY))
    service.approve_flash_sale(sale)
    move_to(sale, first)
    PlannedDemand.objects.update(starts_on=sale.starts_on, ends_on=sale.ends_on)
    make_order([(tea, 25)], at=first + 5 * HOUR, unit_price_minor=500)
    settle_flash_sales()
    assert measure_ended(timezone.now()) == {"measured": 1, "not_comparable": 0}
    item = PlannedUnits.objects.get()
    assert (item.effect_units, item.base_units, item.expected_units) == (15.0, 10.0, 30)
    following = make_flash_sale(start=midnight(timezone.localdate() + 3 * DAY))
    told = PlannedDemand.objects.get(source_id=str(following.pk))
    assert "From 1 measured sales" in told.basis_text
    assert told.items.get().mean_units == pytest.approx([15.0])  # 2.5 times as much at half price


def test_the_forecast_does_not_reckon_with_what_is_told_as_planned_demand():
    tea = make_sellable()
    for day in range(1, 31):
        make_order([(tea, 5)], at=midnight(timezone.localdate() - day * DAY) + HOUR)
    as_of = midnight(timezone.localdate())
    before = demand_history(as_of, horizon=28).planned.promotion
    sale = make_flash_sale()
    service.approve_flash_sale(sale)
    during = demand_history(as_of, horizon=28).planned.promotion
    assert during.tolist() == before.tolist()
    PlannedDemand.objects.all().delete()  # the control: a price that nobody told is reckoned with
    assert demand_history(as_of, horizon=28).planned.promotion.sum() == 2


def test_a_sale_of_another_sku_does_not_stand_in_the_way():
    make_sellable("TEA-1")
    make_sellable("POT-1")
    service.approve_flash_sale(make_flash_sale("TEA-1"))
    other = replace(draft_of("POT-1"), name="Pots")
    assert service.approve_flash_sale(service.save_draft(other)).state == FlashSaleState.APPROVED
