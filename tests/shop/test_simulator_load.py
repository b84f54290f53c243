"""simulate_shop fills a database through the importers and the ledgers, once."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Sum

from shop.models import (
    Category,
    Customer,
    Event,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Price,
    Product,
    ProductImage,
    Return,
    Review,
    StockLevel,
    StockMovement,
    Variant,
    VisitorLink,
)
from shop.services.orders.orders import cancel, ship
from shop.services.prices import prices_at
from shop.services.stock.verify import verify_stock
from shop.simulator import loading
from shop.simulator.shop import order_count, simulate
from shop.simulator.truth import read_truth
from shop.simulator.world import make_world

pytestmark = pytest.mark.django_db

ARGS = {"products": 24, "customers": 80, "days": 120, "seed": 5, "until": date(2026, 6, 30)}
TABLES = [
    Category, Customer, Event, Order, OrderLine, OrderTransition, Price, Product, ProductImage,
    Return, Review, StockLevel, StockMovement, Variant, VisitorLink,
]  # fmt: skip


def fill(**changed):
    out = StringIO()
    call_command("simulate_shop", **ARGS | changed, stdout=out)
    return out.getvalue()


def counts():
    return {model.__name__: model.objects.count() for model in TABLES}


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def shop():
    return simulate(make_world("teahouse", **ARGS))


def test_everything_lands_and_the_counters_are_the_sum_of_the_ledger(shop, settings):
    said = fill()
    assert verify_stock() == []
    assert Order.objects.count() == order_count(shop)
    assert Event.objects.count() == shop.frames["events"].height
    assert StockMovement.objects.count() == shop.movements.height
    assert Review.objects.count() == shop.frames["reviews"].height
    assert Return.objects.count() == shop.returns.height
    assert Product.objects.count() == ProductImage.objects.count() == 24
    picture = ProductImage.objects.first()
    assert (settings.MEDIA_ROOT / picture.file.name).read_text().startswith("<svg")
    assert "orders and" in said
    assert "generated in" in said
    assert "Not loaded" not in said
    for kind in ("knowledge", "tickets", "SKUs of suppliers"):
        assert kind in said
    assert read_truth(settings.VAR_DIR / "truth")["world"]["seed"] == 5


def test_same_arguments_again_change_nothing():
    fill()
    before = counts()
    assert "nothing changed" in fill()
    assert "nothing changed" in fill(until=None)  # a later day: the same shop
    assert counts() == before


def test_a_lost_truth_is_written_again(settings):
    fill()
    for path in (settings.VAR_DIR / "truth").iterdir():
        path.unlink()
    fill()
    assert read_truth(settings.VAR_DIR / "truth")["world"]["seed"] == 5


def test_an_interrupted_load_is_finished_by_the_next_run(shop):
    class Cut(Exception):
        pass

    def stop_before_the_ledger(step):
        if step == "stock movements":
            raise Cut

    with pytest.raises(Cut):
        loading.load_shop(shop, stop_before_the_ledger)
    assert not StockMovement.objects.exists()
    fill()
    once = counts()
    assert once["StockMovement"] == shop.movements.height
    assert once["Event"] == shop.frames["events"].height
    assert verify_stock() == []


def test_another_seed_or_day_is_refused_and_nothing_is_changed():
    fill()
    before = counts()
    with pytest.raises(CommandError, match="holds another simulated shop") as refusal:
        fill(seed=6)
    assert refusal.value.returncode == 2
    with pytest.raises(CommandError, match="ends on 2026-06-30"):
        fill(until=date(2026, 7, 1))
    assert counts() == before


def test_a_shop_with_its_own_products_is_refused():
    Product.objects.create(code="OWN", name="Own")
    with pytest.raises(CommandError, match="were not simulated"):
        fill()
    assert Product.objects.count() == 1


def test_impossible_arguments_get_one_sentence():
    with pytest.raises(CommandError, match="products must be at least 12"):
        fill(products=3)
    with pytest.raises(CommandError, match="There is no world 'mars'"):
        fill(world="mars")


def test_order_lines_cost_what_the_price_ledger_says():
    fill()
    lines = OrderLine.objects.filter(variant__isnull=False).select_related("order")
    for line in lines.order_by("id")[:: max(1, lines.count() // 25)]:
        deciding = prices_at([line.variant_id], line.order.placed_at)[line.variant_id]
        assert deciding.amount_minor == line.unit_price_minor


def test_orders_add_up_and_open_ones_can_go_their_way():
    fill()
    for order in Order.objects.annotate(lines_minor=Sum("lines__total_minor")):
        assert order.total_minor == order.items_minor == order.lines_minor
    assert not Order.objects.filter(is_history=True).exists()
    first, second = Order.objects.filter(state=OrderState.PAID).order_by("id")[:2]
    ship(first)
    cancel(second)
    assert verify_stock() == []


def test_open_orders_are_what_is_allocated():
    fill()
    waiting = OrderLine.objects.filter(
        order__state=OrderState.PAID, variant__isnull=False
    ).aggregate(units=Sum("units"))["units"]
    assert StockLevel.objects.aggregate(units=Sum("allocated"))["units"] == waiting
    assert not StockLevel.objects.filter(on_hand__lt=F("allocated")).exists()
