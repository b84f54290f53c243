"""Write the merchant's rules; a rule that cannot mean anything is refused with what to change."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from recommendations.ml.chains import ABOUT_PRODUCTS
from recommendations.models import Rule, RuleAction
from recommendations.services.asking import MAX_LIMIT
from recommendations.services.placements import MOST_RULES
from shop.models import Variant
from shop.services.events.event_rows import among

MOST_SKUS = 200
YEARS = (2000, 2200)  # what every zone can write
CONDITIONS = (
    "skus", "category_id", "brand_id", "attribute_id", "price_from_minor", "price_to_minor",
    "same_category", "same_brand", "price_than",
)  # fmt: skip


class RuleError(Exception):
    """problems: field → what to change."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(problems)
        self.problems = problems


def save_rule(rule: Rule, *, by: Any = None) -> Rule:
    """Write a rule; whoever makes it is its author. What its action does not use is emptied.

    Raises RuleError.
    """
    if problems := problems_of(rule) | too_many(rule):
        raise RuleError(problems)
    if rule.action != RuleAction.PIN:
        rule.position = None
    if rule.action not in (RuleAction.BOOST, RuleAction.BURY):
        rule.factor = None
    if rule.pk is None:
        rule.author = by
    with transaction.atomic():
        rule.save()
    return rule


def switch_rule(rule: Rule, *, on: bool) -> Rule:
    """Switch it on or off; everything else of it stays as it is. Raises RuleError."""
    before, rule.is_on = rule.is_on, on
    if problems := too_many(rule):
        rule.is_on = before
        raise RuleError(problems)
    rule.save(update_fields=["is_on"])
    return rule


def too_many(rule: Rule) -> dict[str, str]:
    """Rules that stand at one time are read for every answer, so there is an end to them: the newest
    is refused, where it would silently not count."""
    if not rule.is_on or (rule.ends_at and rule.ends_at <= timezone.now()):
        return {}
    begins = max(rule.starts_at or timezone.now(), timezone.now())
    beside = Rule.objects.beside(begins, rule.ends_at).exclude(pk=rule.pk).count()
    if beside < MOST_RULES:
        return {}
    text = _(
        "%(n)s rules are switched on at that time already, and no more are kept: switch off or delete some that are not needed."
    )
    return {"is_on": text % {"n": beside}}


def problems_of(rule: Rule) -> dict[str, str]:
    """Field → what to change; empty for a rule that can be kept."""
    found = _of_action(rule) | _of_conditions(rule)
    if rule.is_of_page and rule.placement and rule.placement.code not in ABOUT_PRODUCTS:
        found["placement"] = _(
            "There is no page's product here: choose a placement on a product's page, in the cart or after the order, or everywhere."
        )
    if not rule.name.strip():
        found["name"] = _("Give it a name that others understand.")
    for field in ("starts_at", "ends_at"):
        moment = getattr(rule, field)
        if moment and not YEARS[0] <= moment.year <= YEARS[1]:
            found[field] = _("A year from %(a)s to %(b)s.") % {"a": YEARS[0], "b": YEARS[1]}
    if rule.starts_at and rule.ends_at and rule.ends_at <= rule.starts_at:
        found["ends_at"] = _("It would be over before it begins: choose a later end.")
    return found


def _of_action(rule: Rule) -> dict[str, str]:
    found = {}
    if rule.action == RuleAction.PIN and not 1 <= (rule.position or 0) <= MAX_LIMIT:
        found["position"] = _("Say which place, from 1 to %(most)s.") % {"most": MAX_LIMIT}
    if rule.action == RuleAction.BOOST and rule.factor is not None and rule.factor <= 1:
        found["factor"] = _("A boost multiplies by more than 1.")
    if rule.action == RuleAction.BURY and rule.factor is not None and not 0 <= rule.factor < 1:
        found["factor"] = _("To bury multiplies by less than 1; 0 sends it to the end.")
    if rule.action not in RuleAction.values:
        found["action"] = _("Choose what it does.")
    return found


def _of_conditions(rule: Rule) -> dict[str, str]:
    found = {}
    if not any(getattr(rule, name) not in (None, [], "", False) for name in CONDITIONS):
        found["skus"] = _("Say which products: SKUs, a category, a brand, an attribute or a price.")
    if unknown := _unknown_skus(rule.skus):
        found["skus"] = _("There is no SKU %(skus)s.") % {"skus": ", ".join(unknown[:5])}
    if len(rule.skus) > MOST_SKUS:
        found["skus"] = _("At most %(most)s SKUs; a category or brand says more in one word.") % {
            "most": MOST_SKUS
        }
    if rule.attribute_id and not rule.attribute_value.strip() and not rule.same_attribute:
        found["attribute_value"] = _("Say which value.")
    if rule.same_attribute and rule.attribute_value.strip():
        found["attribute_value"] = _("The page's product says which value: leave this empty.")
    if rule.same_attribute and not rule.attribute_id:
        found["attribute"] = _("Say which attribute is to have the same value.")
    if rule.attribute_value.strip() and not rule.attribute_id:
        found["attribute"] = _("Say which attribute has this value.")
    lowest, highest = rule.price_from_minor, rule.price_to_minor
    if lowest is not None and highest is not None and lowest > highest:
        found["price_to_minor"] = _("The highest price is below the lowest one.")
    return found


def _unknown_skus(skus: list[str]) -> list[str]:
    if not skus:
        return []
    known = Variant.objects.filter(sku__in=among(skus[:MOST_SKUS])).values_list("sku", flat=True)
    return [sku for sku in skus[:MOST_SKUS] if sku not in set(known)]
