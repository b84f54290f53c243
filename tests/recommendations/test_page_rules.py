"""Rules that refer to the product of the page: bound to its values, and plain in the receipt."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Decision
from decisions.services.receipts import replay
from recommendations.ml.rules import Facts, bound
from recommendations.ml.rules import Rule as Wanted
from recommendations.models import Placement, Rule
from recommendations.rule_words import rule_sentence
from recommendations.services import placements
from recommendations.services.asking import Ask
from recommendations.services.explaining import explain
from recommendations.services.placements import settings_with
from recommendations.services.previews import previews
from recommendations.services.rule_conflicts import conflicts_of
from recommendations.services.rules import RuleError, save_rule
from recommendations.services.serving import recommend
from shop.models import Attribute, Brand, Category, Product
from tests.factories import make_price
from tests.factories_access import make_staff
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    monkeypatch.setattr(placements, "_kept", None)
    monkeypatch.setattr(placements, "_matches", None)
    cache.clear()


@pytest.fixture
def shop():
    """Thing n is of brand n mod 2, in category n mod 4 below one for all, in size n mod 5, and dearer
    the higher n."""
    variants = make_taste_shop(customers=30)
    every = Category.objects.create(code="every", name="Every")
    categories = [
        Category.objects.create(code=f"c{n}", name=f"C{n}", parent=every) for n in range(4)
    ]
    brands = [Brand.objects.create(code=f"b{n}", name=f"B{n}") for n in range(2)]
    Attribute.objects.create(code="size", name="Size", kind="number")
    for n, variant in enumerate(variants):
        Product.objects.filter(pk=variant.product_id).update(
            category=categories[n % 4], brand=brands[n % 2], attributes={"size": n % 5}
        )
        make_price(variant, 10_000 + n, at=START)
    publish_model(weights={"popularity": 1.0})
    return variants


def shown(number, placement="similar", **fields):
    asked = Ask(placement=placement, skus=(f"S-{number:02}",), limit=15, **fields)
    answer = recommend(asked, at=LATER)
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)
    return {int(item.offer.sku.split("-")[1]) for item in answer.items}


def others(number, fits):
    return {n for n in range(15) if n != number and fits(n)}


def test_only_of_the_same_category_brand_or_value(shop):
    rule = save_rule(Rule(name="Same", action="only", same_category=True))
    assert shown(1) == others(1, lambda n: n % 4 == 1)
    rule.same_category, rule.same_brand = False, True
    save_rule(rule)
    assert shown(2) == others(2, lambda n: n % 2 == 0)
    rule.same_brand, rule.same_attribute = False, True
    rule.attribute = Attribute.objects.get(code="size")
    save_rule(rule)
    assert shown(3, "complementary") == others(3, lambda n: n % 5 == 3)
    assert len({item.offer.sku for item in recommend(Ask(limit=9), at=LATER).items}) == 9  # no page


def test_never_cheaper_and_never_dearer_than_the_page_s(shop):
    rule = save_rule(Rule(name="No cheaper one", action="never", price_than="cheaper"))
    assert shown(7) == others(7, lambda n: n > 7)
    rule.price_than = "dearer"
    save_rule(rule)
    assert shown(7) == others(7, lambda n: n < 7)


def test_on_pages_of_a_category_and_what_is_below(shop):
    brand = Brand.objects.get(code="b0")
    deep, wide = Category.objects.get(code="c1"), Category.objects.get(code="every")
    rule = save_rule(Rule(name="B0 here", action="only", brand=brand, page_category=deep))
    assert shown(1) == others(1, lambda n: n % 2 == 0)
    assert len(shown(2)) == 14
    rule.page_category = wide
    save_rule(rule)
    assert shown(2) == others(2, lambda n: n % 2 == 0)


def test_a_pin_brings_what_no_source_names(shop):
    save_rule(Rule(name="One more of it", action="pin", position=1, same_attribute=True,
                   attribute=Attribute.objects.get(code="size")))  # fmt: skip
    Placement.objects.filter(code="substitute").update(sources=["taken_instead"])
    answer = recommend(Ask(placement="substitute", skus=("S-04",), limit=1), at=LATER)
    assert {int(item.offer.sku[2:]) % 5 for item in answer.items} == {4}
    assert answer.items[0].source == "rule"


def test_of_a_cart_each_product_counts_and_a_pair_of_values_once():
    pages = [Facts(1, 5, 300), Facts(2, 5, 100), Facts(1, 5, 200), Facts(0, 0, 0)]
    rule = Wanted(7, "r", "only", same=("category",))
    assert [one.category_ids for one in bound(rule, pages)] == [(1,), (2,)]
    both = Wanted(7, "r", "only", same=("category", "brand"), price_than="cheaper")
    assert [(one.category_ids, one.brand_id, one.price_to_minor) for one in bound(both, pages)] == [
        ((1,), 5, 99),
        ((2,), 5, 99),
    ]
    within = Wanted(7, "r", "only", category_ids=(2, 3), same=("category",), price_to_minor=50)
    assert [(one.category_ids, one.price_to_minor) for one in bound(within, pages)] == [((2,), 50)]
    assert bound(rule, []) == []
    assert bound(Wanted(7, "r", "never", price_than="dearer"), [Facts(1, 1, 0)]) == []
    assert not bound(rule, pages)[0].is_of_page


def test_what_means_nothing_is_refused():
    for fields, field in (
        ({"same_attribute": True}, "attribute"),
        ({"same_brand": True, "placement": Placement.objects.get(code="home")}, "placement"),
        ({"page_category": Category.objects.create(code="c", name="C")}, "skus"),
    ):
        with pytest.raises(RuleError) as refused:
            save_rule(Rule(name="x", action="never", **fields))
        assert field in refused.value.problems


def test_it_is_said_in_words_previewed_explained_and_its_conflicts_left_open(shop):
    rule = Rule(name="Same brand", action="only", same_brand=True, price_than="dearer")
    rule.placement = Placement.objects.get(code="similar")
    assert "of the brand of the page's product and dearer than the page's product" in (
        rule_sentence(rule)
    )
    [said] = conflicts_of(rule, [], LATER)
    assert "depends on the page's product" in said.text
    before, after = settings_with("similar", LATER), settings_with("similar", LATER, rules=[rule])
    [found] = previews(before, after, [None], LATER, sku="S-10", limit=15)
    assert {int(move.sku[2:]) for move in found.after} == {12, 14}
    save_rule(rule)
    found = explain(Ask(placement="similar", skus=("S-10",), limit=15), at=LATER, about="S-03")
    assert "“Same brand” offers only other products" in found.absence.text


def test_the_form_knows_them(shop, client):
    client.force_login(make_staff("recommendations.add_rule", "recommendations.view_rule"))
    page = client.get(reverse("admin:recommendations_rule_add"))
    assert 'name="same_brand"' in page.content.decode()
    given = {"name": "Same", "action": "only", "same_category": "on", "is_on": "on", "skus": "",
             "placement": "", "page_category": Category.objects.get(code="c1").pk}  # fmt: skip
    client.post(reverse("admin:recommendations_rule_add"), given)
    rule = Rule.objects.get()
    assert (rule.same_category, rule.page_category.code) == (True, "c1")
    assert shown(1) == others(1, lambda n: n % 4 == 1)


def test_the_api_knows_them(shop, client):
    client.force_login(make_staff("recommendations.add_rule", "recommendations.view_rule"))
    body = {"name": "Same", "action": "only", "same_brand": True, "price_than": "cheaper",
            "page_category": "every"}  # fmt: skip
    made = client.post(
        "/api/merchant/v1/recommendations/rules/", body, content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="k",
    )  # fmt: skip
    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["same_brand"], found["price_than"], found["page_category"]) == (
        True, "cheaper", "every",
    )  # fmt: skip
    assert shown(10) == others(10, lambda n: n % 2 == 0 and n < 10)
