"""A kit is available as often as its scarcest component allows: one annotation for everybody."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from shop.models import KitComponent, SellingHold, Variant
from shop.services.stock import kits, stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


def make_kit(sku, parts, **fields):
    kit = make_variant(sku, **fields)
    for component, units in parts.items():
        KitComponent.objects.create(kit=kit, component=component, units=units)
    return kit


@pytest.fixture
def tea():
    return make_variant("TEA")


@pytest.fixture
def cup():
    return make_variant("CUP")


@pytest.fixture
def gift(tea, cup):
    return make_kit("GIFT", {tea: 1, cup: 2})


def stocked(variant, units, place="MAIN"):
    stock.receive(variant, units, warehouse=make_warehouse(place), key=f"{variant.sku}:{place}")


def test_a_variant_that_is_no_kit_is_made_of_itself(tea, gift, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = kits.components_of([gift.pk, tea.pk])
    cup = Variant.objects.get(sku="CUP")
    assert found == {gift.pk: {tea.pk: 1, cup.pk: 2}, tea.pk: {tea.pk: 1}}


def test_two_lines_that_need_the_same_item_are_added_up(tea, cup, gift):
    wanted = {gift.pk: 3, cup.pk: 4}
    assert kits.items_of(wanted, kits.components_of(wanted)) == {tea.pk: 3, cup.pk: 10}


def test_the_scarcest_component_says_how_many(tea, cup, gift, django_assert_num_queries):
    stocked(tea, 9)
    assert stock.available([gift.pk]) == {gift.pk: 0}  # no cup was ever counted
    stocked(cup, 4)
    stocked(cup, 3, "FAR")
    stock.reserve(cup, 2, cart="c", key="r")
    with django_assert_num_queries(1):
        assert stock.available([gift.pk, tea.pk]) == {gift.pk: 2, tea.pk: 9}  # 5 cups, 2 a kit


def test_a_component_that_is_never_counted_allows_any_number(tea, cup, gift):
    stocked(tea, 3)
    Variant.objects.filter(pk=cup.pk).update(tracks_stock=False)
    assert kits.components_of([gift.pk]) == {gift.pk: {tea.pk: 1}}
    assert stock.available([gift.pk]) == {gift.pk: 3}


def test_a_kit_is_sold_while_its_components_last(tea, cup, gift):
    now = timezone.now()
    assert gift not in Variant.objects.sellable(now)
    stocked(tea, 1)
    stocked(cup, 2)
    assert gift in Variant.objects.sellable(now)
    stock.allocate(cup, 1, warehouse=make_warehouse(), key="o")
    assert set(Variant.objects.sellable(now)) == {tea, cup}


def test_a_recalled_part_is_not_sold_inside_a_kit(tea, cup, gift):
    """A kit that goes on selling hands the recalled part to the next customer."""
    stocked(tea, 3)
    stocked(cup, 3)
    hold = SellingHold.objects.create(variant=cup, reason="recall")
    now = timezone.now()
    assert set(Variant.objects.held(now)) == {cup, gift}
    assert set(Variant.objects.sellable(now)) == {tea}
    wish = stock.Wish("GIFT", 1, "c", "k1", timedelta(minutes=5), only_on_sale=True)
    with pytest.raises(stock.SaleStoppedError):
        stock.reserve_wish(wish)
    SellingHold.objects.filter(pk=hold.pk).update(ended_at=now - timedelta(seconds=1))
    assert gift in Variant.objects.sellable(timezone.now())
    assert stock.reserve_wish(wish).reservations


def test_goods_arrive_and_are_counted_as_what_they_are(gift):
    for verb, units in ((stock.receive, 1), (stock.count_stock, 1)):
        with pytest.raises(kits.KitNotCountedError, match="GIFT is a kit"):
            verb(gift, units, warehouse=make_warehouse(), key="k")
    with pytest.raises(kits.KitNotCountedError):
        stock.adjust(gift, 1, warehouse=make_warehouse(), key="k", reason="found")


@pytest.mark.parametrize("case", ["kit of kits", "part of a part", "not counted", "on a shelf"])
def test_what_cannot_be_a_kit_is_said(case, tea, cup, gift):
    other = make_variant("OTHER")
    if case == "kit of kits":
        row = KitComponent(kit=other, component=gift, units=1)
    elif case == "part of a part":
        row = KitComponent(kit=tea, component=other, units=1)
    elif case == "not counted":
        row = KitComponent(kit=gift, component=make_variant("FILE", tracks_stock=False), units=1)
    else:
        stocked(other, 2)
        row = KitComponent(kit=other, component=tea, units=1)
    with pytest.raises(ValidationError):
        row.full_clean()


def test_one_warehouse_that_can_give_everything_gives_everything(tea, cup):
    far = make_warehouse("FAR")
    far.priority = 1
    far.save()
    main = make_warehouse()
    stocked(tea, 5)
    stocked(cup, 1)
    stocked(tea, 5, "FAR")
    stocked(cup, 5, "FAR")
    assert stock.plan_pieces({tea.pk: 2, cup.pk: 2}) == [(tea.pk, far.pk, 2), (cup.pk, far.pk, 2)]
    # Nobody has 6 of the one and 5 of the other: whole lines, and what must be is split.
    assert stock.plan_pieces({tea.pk: 6, cup.pk: 5}) == [
        (tea.pk, main.pk, 5),
        (tea.pk, far.pk, 1),
        (cup.pk, far.pk, 5),
    ]


def test_a_kit_comes_from_one_warehouse_where_it_can(tea, cup, gift):
    far = make_warehouse("FAR")
    far.priority = 1
    far.save()
    main, other = make_warehouse(), make_variant("OTHER")
    stocked(tea, 5)
    stocked(other, 1)
    stocked(tea, 5, "FAR")
    stocked(cup, 5, "FAR")
    pieces = stock.plan_pieces({other.pk: 1, gift.pk: 2})
    assert pieces == [(other.pk, main.pk, 1), (tea.pk, far.pk, 2), (cup.pk, far.pk, 4)]


def test_lines_that_each_fit_and_together_do_not_are_refused(tea, cup, gift):
    stocked(tea, 9)
    stocked(cup, 7)
    for wanted in ({gift.pk: 3}, {cup.pk: 4}):
        assert stock.plan_pieces(wanted)
    with pytest.raises(stock.OutOfStockError) as refusal:
        stock.plan_pieces({gift.pk: 3, cup.pk: 4})
    assert refusal.value.shortages == [("CUP", 4, 1)]
    assert stock.plan_pieces({gift.pk: 3, cup.pk: 1}) == [
        (tea.pk, make_warehouse().pk, 3),
        (cup.pk, make_warehouse().pk, 7),
    ]
