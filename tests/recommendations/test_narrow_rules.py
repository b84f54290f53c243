"""A rule for few products asks the gates of few, finds them also far down, and is never lost silently."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from decisions.models import Decision
from decisions.services.receipts import replay
from recommendations import kept
from recommendations.models import Rule
from recommendations.services import placements, rule_conflicts, rules, serving
from recommendations.services.asking import Ask
from recommendations.services.meaning import resolving
from recommendations.services.meaning.resolving import resolved
from recommendations.services.placements import settings_at
from recommendations.services.rule_conflicts import conflicts_of
from recommendations.services.rules import RuleError, save_rule, switch_rule
from recommendations.services.serving import recommend
from shop.models import Attribute, Brand, Customer, Product
from tests.factories import make_price, make_stock, make_variant
from tests.factories_crowd import LONG, until
from tests.factories_recommendations import LATER, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    monkeypatch.setattr(placements, "_kept", None)
    monkeypatch.setattr(placements, "_matches", None)


@pytest.fixture
def asked(monkeypatch):
    """How many products' gates each question asked for."""
    counts = []
    whole = serving.offers
    monkeypatch.setattr(
        serving, "offers", lambda ids, *a, **k: counts.append(len(ids)) or whole(ids, *a, **k)
    )
    monkeypatch.setattr(serving, "POOL_SIZES", (2, 4, 8, 16))  # as 64 to 20,000 in a large shop
    return counts


def shown(**fields):
    answer = recommend(Ask(**fields), at=LATER)
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)
    return [item.offer.sku for item in answer.items]


def test_only_of_a_small_brand_asks_for_its_products_alone(asked):
    variants = make_taste_shop()
    brand = Brand.objects.create(code="small", name="Small")
    for variant in variants[9:12]:
        Product.objects.filter(pk=variant.product_id).update(brand=brand)
    publish_model(weights={"popularity": 1.0})
    Rule.objects.create(name="Small alone", action="only", brand=brand)
    assert set(shown(limit=3)) == {"S-09", "S-10", "S-11"}
    assert asked == [3]
    customer = Customer.objects.get(code="C-4")
    bought = set(customer.orders.values_list("lines__variant__sku", flat=True))
    del asked[:]
    assert set(shown(customer=customer, limit=10)) == {"S-09", "S-10", "S-11"} - bought
    assert sum(asked) <= 6


def test_never_of_most_of_the_shop_is_passed_over_once_it_took_the_places(asked):
    variants = make_taste_shop()
    brand = Brand.objects.create(code="large", name="Large")
    for variant in variants[:12]:
        Product.objects.filter(pk=variant.product_id).update(brand=brand)
    publish_model(weights={"popularity": 1.0})
    Rule.objects.create(name="Not the large one", action="never", brand=brand)
    assert set(shown(limit=3)) == {"S-12", "S-13", "S-14"}
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("value", "said"), [("red", "Red"), ("红色", "红色"), (True, "yes"), (5, "5")]
)
def test_a_pin_by_attribute_finds_what_is_not_new(monkeypatch, value, said):
    make_taste_shop()
    monkeypatch.setattr(resolving, "MOST_BROUGHT", 1)
    Attribute.objects.create(code="colour", name="Colour", kind="text")
    old = Product.objects.order_by("pk").first()
    Product.objects.filter(pk=old.pk).update(attributes={"colour": value})
    publish_model()
    attribute = Attribute.objects.get(code="colour")
    Rule.objects.create(
        name="Red first", action="pin", position=1, attribute=attribute, attribute_value=said
    )
    assert shown(limit=2)[0] == old.variants.get().sku


def test_a_pin_by_price_brings_what_has_such_a_price():
    make_taste_shop()
    dear = make_variant("DEAR", price_minor=90_000)
    make_stock(dear, 2)
    for number in range(3):
        make_stock(make_variant(f"NEW-{number}"), 1)
    publish_model()
    rule = Rule(name="Dear", action="pin", position=1, price_from_minor=50_000)
    [found] = resolved([rule])
    assert found.wanted.brings == (dear.product_id,)
    make_price(dear, 100, at=timezone.now() - timedelta(days=1))  # cheaper since yesterday
    [found] = resolved([rule])
    assert found.wanted.brings == ()


def test_rules_are_resolved_in_one_query_for_all(django_assert_num_queries):
    make_taste_shop(customers=3)
    brands = [Brand.objects.create(code=f"b{n}", name=f"B{n}") for n in range(5)]
    Product.objects.update(brand=brands[2])
    several = [Rule(name="x", action="only", brand=brand) for brand in brands]
    several += [Rule(name="y", action="pin", position=1, skus=["S-01"])]
    with django_assert_num_queries(2):  # SKUs, and what the others can mean
        found = resolved(several)
    assert [len(one.wanted.brings) for one in found] == [0, 0, 15, 0, 0, 1]


def test_what_rules_mean_is_kept_longer_than_they_are(monkeypatch, django_assert_num_queries):
    make_taste_shop(customers=3)
    brand = Brand.objects.create(code="b", name="B")
    rule = Rule.objects.create(name="x", action="only", brand=brand)
    monkeypatch.setattr(placements, "KEPT_SECONDS", 0.0)
    settings_at("home", LATER)
    with django_assert_num_queries(3):  # placements, rules, experiments
        settings_at("home", LATER)
    other = Brand.objects.create(code="c", name="C")
    Product.objects.update(brand=other)
    Rule.objects.filter(pk=rule.pk).update(brand=other)  # as another process does it
    assert len(settings_at("home", LATER).rules[0].brings) == 15


def test_of_all_who_ask_one_reads_and_the_others_go_on(monkeypatch):
    reads, may_go_on = [], threading.Event()
    standing = placements.Standing({}, [], {}, {})

    def read(at):
        reads.append(at)
        may_go_on.wait(LONG)
        placements._kept = placements._Kept(standing, at, time.monotonic() + 60, kept.changes())
        return standing

    monkeypatch.setattr(placements, "_read", read)
    monkeypatch.setattr(placements, "_kept", placements._Kept(standing, LATER, 0.0, kept.changes()))
    reader = threading.Thread(target=lambda: placements._standing(LATER))
    reader.start()
    until(lambda: reads)
    for _number in range(5):
        assert placements._standing(LATER) is standing  # at once, while the other one reads
    assert len(reads) == 1
    may_go_on.set()
    reader.join()
    kept.forget_settings()  # negative control: what was changed here is waited for
    placements._standing(LATER)
    assert len(reads) == 2


def test_an_ended_rule_takes_no_place_and_one_too_many_is_refused(monkeypatch):
    make_taste_shop(customers=3)
    monkeypatch.setattr(placements, "MOST_RULES", 2)
    monkeypatch.setattr(rules, "MOST_RULES", 2)
    now = timezone.now()
    for number in range(3):
        Rule.objects.create(
            name=f"over {number}", action="never", skus=["S-01"], ends_at=now - timedelta(hours=1)
        )
    off = Rule.objects.create(name="off", action="never", skus=["S-02"], is_on=False)
    for number in (3, 4):
        save_rule(Rule(name=f"on {number}", action="never", skus=[f"S-0{number}"]))
    assert [rule.name for rule in settings_at("home", now).rules] == ["on 3", "on 4"]
    with pytest.raises(RuleError) as refused:
        save_rule(Rule(name="one more", action="never", skus=["S-05"]))
    assert "2 rules are switched on" in refused.value.problems["is_on"]
    with pytest.raises(RuleError):
        switch_rule(off, on=True)
    off.refresh_from_db()
    assert not off.is_on
    switch_rule(Rule.objects.get(name="on 3"), on=False)
    assert switch_rule(off, on=True).is_on
    changed = Rule.objects.get(name="on 4")
    changed.note = "still may be changed"
    save_rule(changed)


def test_conflicts_of_a_large_shop_are_found_or_said_to_be_unknown(monkeypatch):
    variants = make_taste_shop(customers=3)
    monkeypatch.setattr(rule_conflicts, "MOST_TRIED", 4)
    brand = Brand.objects.create(code="b", name="B")
    Product.objects.filter(pk=variants[0].product_id).update(brand=brand)
    pin = Rule(name="Pin", action="pin", position=1, brand=brand)
    never = Rule.objects.create(name="Never", action="never", skus=[variants[0].sku])
    assert "never offers any of these" in conflicts_of(pin, [never], LATER)[0].text
    wide = Rule(name="Wide", action="boost", price_from_minor=1)
    [said] = conflicts_of(wide, [], LATER)
    assert "newest 4" in said.text
    assert not said.is_bad
    Product.objects.filter(pk=variants[0].product_id).update(attributes={"colour": "red"})
    colour = Attribute.objects.create(code="colour", name="Colour", kind="text")
    red = Rule(name="Red", action="boost", attribute=colour, attribute_value="red")
    assert conflicts_of(red, [], LATER) == []
