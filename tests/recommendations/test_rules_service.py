"""Rules that cannot mean anything are refused; what a rule collides with is explained."""

from datetime import UTC, datetime, timedelta

import pytest

from recommendations.models import Placement, Rule
from recommendations.rule_words import rule_sentence
from recommendations.services import rule_conflicts
from recommendations.services.rule_conflicts import conflicts_among, conflicts_of
from recommendations.services.rules import RuleError, save_rule, switch_rule
from shop.models import Attribute, Brand, Category
from tests.factories import NOW, make_stock, make_variant
from tests.factories_access import make_staff

pytestmark = pytest.mark.django_db


def new_rule(**fields) -> Rule:
    fields.setdefault("name", f"{fields.get('action', 'never')} rule")
    fields.setdefault("action", "never")
    return Rule(**fields)


def kept(**fields) -> Rule:
    return save_rule(new_rule(**fields))


def texts(rule: Rule) -> list[str]:
    return [one.text for one in conflicts_of(rule, list(Rule.objects.all()), NOW)]


@pytest.fixture
def tea():
    variant = make_variant("TEA-1", brand="acme")
    make_stock(variant, 5)
    return variant


@pytest.fixture
def pot():
    variant = make_variant("POT-1", brand="bold", price_minor=5000)
    make_stock(variant, 5)
    return variant


@pytest.mark.usefixtures("tea")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " ", "skus": ["TEA-1"]}, "name"),
        ({"skus": []}, "skus"),
        ({"skus": ["GONE"]}, "skus"),
        ({"action": "pin", "skus": ["TEA-1"]}, "position"),
        ({"action": "pin", "skus": ["TEA-1"], "position": 51}, "position"),
        ({"action": "boost", "skus": ["TEA-1"], "factor": 1}, "factor"),
        ({"action": "bury", "skus": ["TEA-1"], "factor": 1.5}, "factor"),
        ({"skus": ["TEA-1"], "attribute_value": "red"}, "attribute"),
        ({"price_from_minor": 10, "price_to_minor": 5}, "price_to_minor"),
        ({"skus": ["TEA-1"], "starts_at": NOW, "ends_at": NOW}, "ends_at"),
        ({"skus": ["TEA-1"], "starts_at": datetime(1, 1, 1, tzinfo=UTC)}, "starts_at"),
        ({"action": "wish", "skus": ["TEA-1"]}, "action"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_by_field(fields, field):
    with pytest.raises(RuleError) as refused:
        save_rule(new_rule(**fields))
    assert list(refused.value.problems) == [field]
    assert not Rule.objects.exists()


@pytest.mark.usefixtures("tea")
def test_what_the_action_does_not_use_is_emptied_and_the_author_stays():
    ann, bob = make_staff(username="ann"), make_staff(username="bob")
    rule = save_rule(new_rule(skus=["TEA-1"], position=3, factor=2), by=ann)
    assert (rule.position, rule.factor, rule.author) == (None, None, ann)
    rule.note = "because"
    assert save_rule(rule, by=bob).author == ann
    assert switch_rule(rule, on=False).is_on is False


def test_a_rule_reads_as_a_sentence(tea):
    home = Placement.objects.get(code="home")
    colour = Attribute.objects.create(code="colour", name="Colour")
    rule = Rule(
        name="x", action="pin", position=2, placement=home, skus=["TEA-1"], attribute=colour,
        attribute_value="red", brand=tea.product.brand, price_to_minor=1250,
    )  # fmt: skip
    assert rule_sentence(rule) == (
        "Home page: pin to place 2 SKU TEA-1 and brand acme and Colour = red"
        " and price up to £12.50."
    )
    many = Rule(name="y", action="boost", factor=2, skus=[f"S-{n}" for n in range(7)])
    assert rule_sentence(many) == "Everywhere: boost × 2 SKU S-0, S-1, S-2, S-3, S-4 and 2 more."


def test_two_pins_on_one_place(tea, pot):
    first = kept(name="first", action="pin", position=1, skus=["TEA-1"])
    second = new_rule(name="second", action="pin", position=1, skus=["POT-1"])
    assert "“first” was made first and has place 1" in texts(second)[0]
    second.save()
    assert "this one was made first" in texts(first)[0]
    second.position = 2
    assert texts(second) == []


def test_a_pin_of_what_another_rule_never_offers(tea, pot):
    never = kept(name="no acme", brand=tea.product.brand)
    pin = new_rule(action="pin", position=1, skus=["TEA-1"])
    (found,) = conflicts_of(pin, [never], NOW)
    assert found.is_bad
    assert found.other == never
    assert "“no acme” never offers any of these" in found.text
    (found,) = conflicts_of(new_rule(action="boost", skus=["TEA-1", "POT-1"]), [never], NOW)
    assert (found.is_bad, found.text) == (False, "“no acme” never offers 1 of these 2 products.")
    pin.save()
    assert "“pin rule” asks for products that this one bars" in texts(never)[0]


def test_only_rules_that_leave_nothing(tea, pot):
    kept(name="no acme", brand=tea.product.brand)
    only = new_rule(action="only", brand=tea.product.brand)
    assert texts(only) == ["Nothing is left to show here: “no acme” bars all that this offers."]
    both = new_rule(action="only", skus=["TEA-1", "POT-1"])
    assert texts(both) == []
    nothing = new_rule(action="only", price_from_minor=999_999)
    assert "nothing at all is left" in texts(nothing)[1]


def test_a_pin_outside_what_only_rules_offer(tea, pot):
    kept(name="bold only", action="only", brand=pot.product.brand)
    pin = new_rule(action="pin", position=1, skus=["TEA-1"])
    assert "“bold only” offers only other products here" in texts(pin)[0]


def test_a_rule_that_fits_nothing_or_whose_time_is_over(tea):
    empty = new_rule(brand=Brand.objects.create(code="none", name="None"))
    assert "No product that can be sold now fits it" in texts(empty)[0]
    tea.stock_levels.update(on_hand=0)
    assert "No product that can be sold now fits it" in texts(new_rule(skus=["TEA-1"]))[0]
    tea.stock_levels.update(on_hand=1)
    over = new_rule(skus=["TEA-1"], ends_at=NOW - timedelta(days=1))
    assert "Its time is over" in texts(over)[0]
    (soon,) = conflicts_of(new_rule(skus=["TEA-1"], starts_at=NOW + timedelta(days=1)), [], NOW)
    assert (soon.is_bad, soon.text) == (False, "It has not begun yet.")


def test_rules_that_never_meet_do_not_collide(tea, pot):
    home, cart = (Placement.objects.get(code=code) for code in ("home", "cart"))
    day = timedelta(days=1)
    pin = {"action": "pin", "position": 1, "skus": ["TEA-1"]}
    kept(placement=home, ends_at=NOW + day, **pin)
    kept(is_on=False, **pin)
    assert texts(new_rule(placement=cart, **pin)) == []
    assert texts(new_rule(placement=home, starts_at=NOW + day, **pin)) == ["It has not begun yet."]
    assert len(texts(new_rule(placement=home, **pin))) == 1
    assert len(texts(new_rule(**pin))) == 1  # everywhere is on the home page too


def test_in_a_large_shop_it_is_said_that_not_all_was_looked_at(tea, pot, monkeypatch):
    monkeypatch.setattr(rule_conflicts, "MOST_TRIED", 1)
    kept(name="no pots", skus=["POT-1"])
    [said] = texts(new_rule(action="only", price_from_minor=1))
    assert "newest 1 that are looked at" in said
    assert "fits it" in texts(new_rule(action="only", price_from_minor=999_999))[0]


def test_a_page_of_rules_is_looked_at_together(tea, pot, django_assert_max_num_queries):
    child = Category.objects.create(code="c", name="C")
    rules = [kept(name=f"r{n}", skus=["TEA-1"]) for n in range(20)]
    rules.append(kept(name="category", category=child))
    with django_assert_max_num_queries(6):
        found = conflicts_among(rules, [], NOW)
    assert len(found) == 21
    assert found[0] == []
    assert "fits it" in found[20][0].text
