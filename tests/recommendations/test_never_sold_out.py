"""Judge: no answer ever holds what cannot be sold, whatever stock, holds and prices did before it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from recommendations.ml.chains import ABOUT_PRODUCTS, ORDER
from recommendations.models import ListPublication, PublishedList, Rule
from recommendations.services import gates, serving
from recommendations.services.asking import Ask
from shop.models import Customer, Product, RingFence, SellingHold, Variant
from shop.services.prices import PriceTerms, price_at, set_price
from shop.services.stock import ring_fences as fences
from shop.services.stock import stock
from shop.services.stock.movements import StockError
from tests.factories import make_warehouse
from tests.factories_recommendations import LATER, make_taste_shop, publish_model

SKUS = [f"S-{number:02}" for number in range(15)]
sku = st.sampled_from(SKUS)


class Sales(RuleBasedStateMachine):
    """Stock moves, holds begin and end, prices come and go; every answer is checked as it is made."""

    @initialize()
    def open_shop(self):
        cache.clear()
        self.steps = 0
        make_taste_shop()
        run = publish_model()
        self.customer = Customer.objects.get(code="C-4")
        ListPublication.objects.create(run=run, data_until=LATER, read_at=LATER)
        PublishedList.objects.create(
            customer=self.customer, run=run, published_at=LATER,
            products=list(Product.objects.order_by("-pk").values_list("pk", flat=True)),
        )  # fmt: skip
        self.place = make_warehouse()

    @rule(sku=sku, units=st.integers(1, 12))
    def take(self, sku, units):
        """What is ordered is not available any more."""
        self.steps += 1
        try:
            with transaction.atomic():
                stock.allocate(self.variant(sku), units, warehouse=self.place, key=f"{self.steps}")
        except StockError:
            pass

    @rule(sku=sku, units=st.integers(1, 3))
    def receive(self, sku, units):
        self.steps += 1
        stock.receive(self.variant(sku), units, warehouse=self.place, key=f"in-{self.steps}")

    @rule(sku=sku, units=st.integers(1, 12), ours=st.booleans(), minutes=st.integers(-1, 60))
    def set_aside(self, sku, units, ours, minutes):
        """For a flash sale, or for something else; some of it for a time that is over."""
        self.steps += 1
        ends = timezone.now() + timedelta(minutes=minutes)
        said = {"purpose": "flash-sale:7" if ours else "press", "key": f"f{self.steps}"}
        try:
            with transaction.atomic():
                fences.ring_fence(
                    self.variant(sku), units, warehouse=self.place, ends_at=ends, **said
                )
        except StockError:
            pass

    @rule(sku=sku, units=st.integers(1, 12))
    def buy_in_the_sale(self, sku, units):
        self.steps += 1
        fence = RingFence.objects.filter(variant__sku=sku, units_left__gt=0).first()
        try:
            with transaction.atomic():
                stock.reserve(
                    self.variant(sku), units, cart="c", key=f"r{self.steps}", ring_fence=fence,
                    expires_at=timezone.now() + timedelta(hours=1),
                )  # fmt: skip
        except StockError:
            pass

    @rule(sku=sku)
    def end_the_sale(self, sku):
        self.steps += 1
        for fence in RingFence.objects.filter(variant__sku=sku, released_at=None):
            fences.release_ring_fence(fence, key=f"e{self.steps}-{fence.pk}")

    @rule(sku=sku)
    def hold(self, sku):
        if not SellingHold.objects.filter(variant__sku=sku, ended_at=None).exists():
            SellingHold.objects.create(variant=self.variant(sku), reason="recall")

    @rule(sku=sku)
    def lift(self, sku):
        SellingHold.objects.filter(variant__sku=sku, ended_at=None).update(ended_at=timezone.now())

    @rule(sku=sku, amount=st.integers(1, 5_000), flash=st.booleans())
    def price(self, sku, amount, flash):
        self.steps += 1
        ends = timezone.now() + timedelta(hours=1)
        terms = PriceTerms(kind="flash", valid_until=ends) if flash else None
        set_price(self.variant(sku), amount, key=f"p{self.steps}", source="t", terms=terms)

    @rule(sku=sku, on_sale=st.booleans())
    def list_product(self, sku, on_sale):
        state = Product.State.ACTIVE if on_sale else Product.State.ARCHIVED
        Product.objects.filter(variants__sku=sku).update(state=state)

    @rule(sku=sku)
    def pin(self, sku):
        Rule.objects.create(name="p", action="pin", position=1, skus=[sku])

    @rule(
        placement=st.sampled_from(sorted(ORDER)),
        known=st.booleans(),
        about=sku,
        limit=st.integers(1, 50),
    )
    def ask(self, placement, known, about, limit):
        skus = (about,) if placement in ABOUT_PRODUCTS else ()
        asked = Ask(placement=placement, code="C-4" if known else "", skus=skus, limit=limit)
        self.check(serving.recommend(asked), placement)

    @invariant()
    def the_front_page_holds_nothing_that_cannot_be_sold(self):
        if hasattr(self, "customer"):
            self.check(serving.recommend(Ask(code="C-4", limit=50)))

    def check(self, answer, placement="home"):
        """Available, or in a flash sale (and only there) behind an open quota of it."""
        now = timezone.now()
        shown = {item.offer.sku: item.offer for item in answer.items}
        held = set(SellingHold.objects.in_force(now).values_list("variant__sku", flat=True))
        leaked = held & set(shown)
        for variant in Variant.objects.filter(sku__in=shown).select_related("product"):
            free = sum(level.available for level in variant.stock_levels.all())
            quotas = [
                fence.pk
                for fence in variant.ring_fences.filter(purpose__startswith="flash-sale:")
                if fence.is_open(now) and fence.units_left > 0 and placement == "flash_sale"
            ]
            if (free <= 0 and not quotas) or variant.product.state != "active":
                leaked.add(variant.sku)
            named = shown[variant.sku].ring_fence
            assert named in quotas if quotas else named is None
            on_flash = price_at(variant, now).kind == "flash"
            assert on_flash or placement != "flash_sale"
        assert not leaked, f"shown although it cannot be sold: {sorted(leaked)}"

    def variant(self, sku):
        return Variant.objects.get(sku=sku)


FEW = settings(max_examples=12, stateful_step_count=12, deadline=None)


def run_sales(fresh, given):
    from hypothesis.stateful import run_state_machine_as_test

    class InAFreshShop(Sales):
        def __init__(self):
            self.atomic = transaction.atomic()
            self.atomic.__enter__()
            super().__init__()

        def teardown(self):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    run_state_machine_as_test(InAFreshShop, settings=given)


@pytest.fixture
def fresh(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"


@pytest.mark.django_db
def test_no_answer_ever_holds_what_cannot_be_sold(fresh):
    run_sales(fresh, FEW)


@pytest.mark.django_db
def test_the_check_sees_a_gate_that_is_off(fresh, monkeypatch):
    """The negative control: with offers that ask for nothing but a price the same machine finds a leak."""

    def unguarded(product_ids, at, *, most=None, **asked):
        rows = Variant.objects.filter(product_id__in=list(product_ids)).order_by("pk")
        found = {}
        for variant in rows.select_related("product"):
            found.setdefault(
                variant.product_id,
                gates.Offer(variant.product_id, variant.sku, variant.product.name, "", 1, "GBP"),
            )
        return {pk: found[pk] for pk in [pk for pk in product_ids if pk in found][:most]}

    monkeypatch.setattr(serving, "offers", unguarded)
    # PostgreSQL asks the gates of a published list where it reads the list.
    monkeypatch.setattr(serving, "read_request", without_list(serving.read_request))
    with pytest.raises(AssertionError, match="shown although it cannot be sold"):
        run_sales(fresh, settings(FEW, phases=[Phase.generate]))  # any leak, not the shortest way


def without_list(read):
    def reading(*args, **options):
        found = read(*args, **options | {"may_be_brief": False})
        found.offered = found.foreseen = None
        return found

    return reading
