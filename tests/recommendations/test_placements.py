"""Each placement has its own sources and rules; a receipt with all of them replays."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone

from decisions.models import Decision, Experiment
from decisions.services.receipts import replay
from inventory.models import SubstituteList
from recommendations.kept import forget_settings
from recommendations.ml.chains import ORDER
from recommendations.models import Placement, Rule
from recommendations.services.asking import Ask
from recommendations.services.explaining import explain
from recommendations.services.placements import make_placements, settings_at, settings_with
from recommendations.services.serving import recommend
from shop.models import Attribute, Category, Channel, Customer, Event, Price, StockLevel, Variant
from shop.services.stock.reservations import reserve
from shop.services.stock.ring_fences import release_ring_fence, ring_fence
from tests.factories import make_order, make_stock, make_variant
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


def skus(answer):
    return [item.offer.sku for item in answer.items]


def ask(at=LATER, **fields):
    return recommend(Ask(**fields), at=at)


def change(which, **fields):
    row = Placement.objects.get(code=which)
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()


def put_on_flash(variant, *, until=LATER + timedelta(days=1)):
    return Price.objects.create(
        variant=variant, kind="flash", amount_minor=500, currency="GBP", source="t",
        key=f"flash-{variant.sku}", valid_from=START, valid_until=until,
    )  # fmt: skip


def test_every_placement_has_a_row_and_a_second_run_changes_none():
    change("home", diversity_rate=0.4)
    make_placements()
    assert set(Placement.objects.values_list("code", flat=True)) == set(ORDER)
    assert Placement.objects.get(code="home").diversity_rate == 0.4


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sources": ["popular", "tea leaves"]}, "No such source: tea leaves. There are: personal"),
        ({"sources": ["popular", "popular"]}, "Each source once."),
        ({"sources": "popular"}, "A list of sources"),
        ({"code": "cellar"}, "No such placement. One of: home"),
        ({"diversity_rate": 1.5}, "less than or equal to 1"),
    ],
)
def test_what_cannot_be_set_is_said(fields, said):
    with pytest.raises(ValidationError, match=said):
        change("home", **fields)


def test_the_sources_of_a_row_replace_the_usual_ones():
    make_taste_shop()
    publish_model()
    change("home", sources=["popular"])
    answer = ask(customer=Customer.objects.get(code="C-4"))
    assert {item.source for item in answer.items} == {"popular"}


def test_similar_and_complementary_are_apart():
    make_taste_shop()
    publish_model()
    similar = ask(placement="similar", skus=("S-04",), limit=3)
    together = ask(placement="complementary", skus=("S-04",), limit=3)
    assert {item.source for item in similar.items} == {"similar"}
    assert {item.source for item in together.items} == {"bought_together"}


def test_after_an_order_comes_what_goes_with_it():
    variants = make_taste_shop()
    publish_model()
    make_order([(variants[0], 1), (variants[3], 1)], number="NEW-1", at=LATER)
    answer = ask(placement="post_purchase", order="NEW-1", limit=3)
    assert {item.source for item in answer.items} == {"bought_together"}
    assert not {"S-00", "S-03"} & set(skus(answer))
    unknown = ask(placement="post_purchase", order="NOBODY", limit=3)
    assert {item.source for item in unknown.items} == {"popular"}


def test_a_substitute_is_like_it_and_nothing_else_fills_the_list():
    make_taste_shop()
    publish_model()
    StockLevel.objects.filter(variant__sku="S-04").update(allocated=10)
    answer = ask(placement="substitute", skus=("S-04",), limit=50)
    assert {item.source for item in answer.items} == {"similar"}
    StockLevel.objects.update(allocated=10)
    assert skus(ask(placement="substitute", skus=("S-04",))) == []


def test_a_flash_sale_offers_what_has_a_flash_price_now_at_that_price():
    variants = make_taste_shop()
    publish_model()
    assert skus(ask(placement="flash_sale")) == []
    put_on_flash(variants[3])
    put_on_flash(variants[7], until=LATER - timedelta(days=1))
    late = make_variant("S-98")
    make_stock(late, 4)
    put_on_flash(late)
    answer = ask(placement="flash_sale")
    assert skus(answer) == ["S-03", "S-98"]  # the model knows the first one only
    assert {item.offer.price_minor for item in answer.items} == {500}
    StockLevel.objects.filter(variant=variants[3]).update(allocated=10)
    assert skus(ask(placement="flash_sale")) == ["S-98"]


def test_units_set_aside_for_the_sale_are_offered_there_and_only_there():
    variants = make_taste_shop()
    publish_model()
    flashed, other = variants[3], variants[6]
    for variant in (flashed, other):
        put_on_flash(variant)
    place = StockLevel.objects.get(variant=flashed).warehouse
    ends = max(timezone.now(), LATER) + timedelta(days=9)
    sale = {"warehouse": place, "purpose": "flash-sale:7", "ends_at": ends}
    fence = ring_fence(flashed, 10, key="a", **sale)
    ring_fence(other, 10, key="b", **sale | {"purpose": "press"})
    [item] = ask(placement="flash_sale").items
    assert (item.offer.sku, item.offer.ring_fence) == ("S-03", fence.pk)
    [line] = [one for one in explain(Ask(placement="flash_sale"), at=LATER).lines if one.place]
    assert (line.sku, line.gate) == ("S-03", "")
    assert "S-03" not in skus(ask(limit=50))
    assert "S-03" not in skus(ask(placement="similar", skus=("S-00",), limit=50))
    over = LATER + timedelta(days=2)  # the price's time, not yet the fence's
    assert fence.is_open(over)
    assert skus(ask(at=over, placement="flash_sale")) == []


def test_a_quota_that_is_sold_or_given_back_offers_nothing():
    variants = make_taste_shop()
    publish_model()
    put_on_flash(variants[3])
    place = StockLevel.objects.get(variant=variants[3]).warehouse
    fence = ring_fence(variants[3], 10, warehouse=place, purpose="flash-sale:7", key="a")
    later = timezone.now() + timedelta(days=1)
    reserve(variants[3], 10, cart="c", key="r", ring_fence=fence, expires_at=later)
    assert skus(ask(placement="flash_sale")) == []
    fence = ring_fence(variants[6], 4, warehouse=place, purpose="flash-sale:7", key="b")
    put_on_flash(variants[6])
    assert ask(placement="flash_sale").items[0].offer.ring_fence == fence.pk
    release_ring_fence(fence, key="back")
    assert ask(placement="flash_sale").items[0].offer.ring_fence is None


def test_a_flash_sale_shows_the_sku_that_is_on_flash():
    variants = make_taste_shop()
    publish_model()
    other = Variant.objects.create(product=variants[3].product, sku="S-03-BIG")
    make_stock(other, 500)
    Price.objects.create(
        variant=other, amount_minor=900, currency="GBP", valid_from=START, source="t", key="o"
    )
    put_on_flash(variants[3])
    assert skus(ask(placement="flash_sale")) == ["S-03"]
    assert "S-03-BIG" in skus(ask(limit=50))


def test_a_price_of_another_channel_sells_nothing_here():
    variants = make_taste_shop()
    publish_model()
    shop, app = Channel.objects.create(code="shop"), Channel.objects.create(code="app")
    bare = Variant.objects.create(product=make_variant("X", price_minor=None).product, sku="Y")
    make_stock(bare, 5)
    Price.objects.create(
        variant=bare, channel=app, amount_minor=700, currency="GBP", valid_from=START,
        source="t", key="app",
    )  # fmt: skip
    assert "Y" not in skus(ask(limit=50))
    assert "Y" not in skus(ask(limit=50, channel=shop))
    assert "Y" in skus(ask(limit=50, channel=app))
    Price.objects.create(
        variant=variants[0], channel=app, amount_minor=1, currency="GBP", valid_from=START,
        source="t", key="own",
    )  # fmt: skip
    own = {item.offer.sku: item.offer.price_minor for item in ask(limit=50, channel=app).items}
    assert own["S-00"] == 1


@pytest.mark.parametrize(("days", "hidden"), [(None, True), (1, False), (100, True)])
def test_what_was_bought_comes_back_after_the_days_that_the_row_says(days, hidden):
    make_taste_shop()
    publish_model()
    change("home", hide_bought_days=days)
    customer = Customer.objects.get(code="C-4")
    bought = set(
        Variant.objects.filter(order_lines__order__customer=customer).values_list("sku", flat=True)
    )
    assert (not bought & set(skus(ask(customer=customer, limit=50)))) is hidden


def test_only_this_visit_counts_where_a_session_is_named():
    variants = make_taste_shop()
    publish_model()
    for number, (variant, session) in enumerate([(variants[1], "s1"), (variants[2], "s2")]):
        Event.objects.create(
            event_id=f"e{number}", kind="view", occurred_at=START, received_at=START,
            visitor="v1", session=session, variant=variant, consent=True,
        )  # fmt: skip

    def because(session):
        return {item.reason_text for item in ask(visitor="v1", session=session, limit=2).items}

    assert because("s1") == {"Because you looked at Thing 1"}
    assert because("s2") == {"Because you looked at Thing 2"}
    assert because("s3") == because("")


def make_rules(variants):
    below = Category.objects.create(
        code="sub", name="Sub", parent=Category.objects.create(code="top", name="Top")
    )
    variants[5].product.category = below
    variants[5].product.attributes = {"colour": "red"}
    variants[5].product.save()
    colour = Attribute.objects.create(code="colour", name="Colour")
    home = Placement.objects.get(code="home")
    window = {"starts_at": START, "ends_at": LATER + timedelta(hours=1)}
    return [
        Rule(name="pin", action="pin", skus=["S-06"], position=2, placement=home, **window),
        Rule(name="boost", action="boost", attribute=colour, attribute_value="Red"),
        Rule(name="bury", action="bury", category=below.parent, factor=0.01),
        Rule(name="never", action="never", price_from_minor=5_000),
    ]


def test_rules_act_in_their_window_and_placement_and_the_receipt_replays():
    variants = make_taste_shop()
    publish_model()
    for rule in make_rules(variants):
        rule.save()
    change("home", diversity_rate=0.3, margin_rate=0.2, exploration_rate=0.5)
    for number in range(6):
        answer = ask(limit=5)
        assert skus(answer)[1] == "S-06"
        receipt = Decision.objects.get(pk=answer.receipt_id)
        assert replay(receipt) == (receipt.output, True)
        assert receipt.output["items"][1]["rules"] == [Rule.objects.get(name="pin").pk]
        assert receipt.output["items"][1]["propensity"] == 1
        assert all(0 < row["propensity"] <= 1 for row in receipt.output["items"]), number
    change("home", diversity_rate=0, margin_rate=0, exploration_rate=0)
    assert skus(ask(limit=15))[-1] == "S-05"  # buried by its category's parent, though boosted
    assert skus(ask(limit=5, at=LATER + timedelta(hours=2)))[1] != "S-06"
    assert settings_at("email", LATER).rules == settings_at("home", LATER).rules[1:]


def test_a_new_rule_counts_from_the_next_request_on_and_so_does_its_end():
    make_taste_shop()
    publish_model()
    first = skus(ask(limit=1))[0]
    rule = Rule.objects.create(name="n", action="never", skus=[first])
    assert first not in skus(ask(limit=50))
    rule.delete()
    assert skus(ask(limit=1)) == [first]


def test_what_a_pin_or_only_asks_for_joins_the_candidates():
    make_taste_shop()
    publish_model()
    stranger = make_variant("S-77", brand="acme")
    make_stock(stranger, 3)
    Rule.objects.create(
        name="only", action="only", brand=stranger.product.brand,
        placement=Placement.objects.get(code="substitute"),
    )  # fmt: skip
    answer = ask(placement="substitute", skus=("S-04",))
    assert skus(answer) == ["S-77"]
    assert answer.items[0].reason_text == "Selected by the shop"
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)


def test_a_rule_is_previewed_before_it_is_saved():
    variants = make_taste_shop()
    publish_model()
    rules = make_rules(variants)
    settings = settings_with("home", LATER, rules=rules)
    found = explain(Ask(limit=5), at=LATER, settings=settings)
    shown = sorted((line for line in found.lines if line.place), key=lambda line: line.place)
    assert shown[1].sku == "S-06"
    assert [rule.name for rule in shown[1].rules] == ["pin"]
    buried = next(line for line in found.lines if line.sku == "S-05")
    assert "bury" in {rule.name for rule in buried.rules}
    assert not Rule.objects.exists()
    assert skus(ask(limit=5))[1] != "S-06"
    preview = recommend(Ask(limit=5), at=LATER, settings=settings)
    assert skus(preview) == [line.sku for line in shown]


def test_settings_and_rules_are_read_once_a_second(django_assert_num_queries):
    Rule.objects.create(name="n", action="never", skus=["S-01"])
    settings_at("home", LATER)
    with django_assert_num_queries(0):
        settings_at("home", LATER)
        settings_at("cart", LATER)


def test_an_arm_of_an_experiment_lays_its_settings_over_the_placement_s():
    make_taste_shop()
    publish_model()
    customer = Customer.objects.get(code="C-4")
    Rule.objects.create(name="n", action="never", skus=["S-01"])
    Experiment.objects.create(
        key="trial", label="Trial", place="recommendations:home", state="running",
        starts_at=START, metric="ctr",
        arms=[{"name": "bare", "share": 1.0, "settings": {"rules": False, "diversity_rate": 0.5}}],
    )  # fmt: skip
    forget_settings()
    answer = ask(customer=customer, limit=15)
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert receipt.inputs["trial"] == {"key": "trial", "arm": "bare"}
    assert receipt.inputs["settings"]["rules"] == []
    assert receipt.inputs["settings"]["diversity_rate"] == 0.5
    assert replay(receipt) == (receipt.output, True)
    ask(customer=customer)
    assert Event.objects.filter(kind="exposure", customer=customer).count() == 1
    assert "trial" not in Decision.objects.get(pk=ask().receipt_id).inputs


def test_what_visits_took_instead_of_a_sold_out_sku_comes_first():
    variants = make_taste_shop()
    publish_model()
    SubstituteList.objects.create(
        variant=variants[4], as_of=LATER,
        pairs=[{"product_id": variants[9].product_id, "variant_id": variants[9].pk,
                "taken_rate": 0.2}],
    )  # fmt: skip
    answer = ask(placement="substitute", skus=("S-04",))
    assert skus(answer)[0] == "S-09"
    assert answer.items[0].reason_text == "Others who found Thing 4 sold out took this"
    assert answer.items[1].source == "similar"
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)
