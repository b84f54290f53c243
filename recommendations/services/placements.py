"""What stands in each placement now: its row and its rules, as the calculation wants them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from decisions.models import Experiment
from recommendations.kept import changes
from recommendations.ml.chains import ORDER
from recommendations.ml.policy import Settings
from recommendations.ml.rules import Rule as Wanted
from recommendations.models import Placement, Rule, RuleAction
from recommendations.services.trials import running_trials
from shop.models import Category, Product, Variant

KEPT_SECONDS = 1.0
MOST_RULES = 1_000
MOST_BROUGHT = 200
RATES = ("diversity_rate", "exploration_rate", "margin_rate", "stock_rate")


@dataclass(frozen=True)
class Standing:
    """All placements, rules and running experiments as they were read."""

    rows: dict[str, Settings]
    rules: list[tuple[Rule, Wanted]]
    trials: dict[str, Experiment]


@dataclass(frozen=True)
class _Kept:
    standing: Standing
    until: float  # on the monotonic clock
    at_change: int


_kept: _Kept | None = None


def make_placements(using: str = "default", model: type[Placement] = Placement) -> None:
    """A row for each code that has none yet; a row that is there stays as it is."""
    rows = [model(code=code) for code in ORDER]
    model.objects.using(using).bulk_create(rows, ignore_conflicts=True)


def settings_at(placement: str, at: datetime) -> Settings:
    """The placement's settings with the rules that stand there at that time.

    Read at most once a second in a process, and again at once after a change made in it.
    """
    standing = _standing()
    row = standing.rows.get(placement) or Settings(placement, ORDER[placement])
    rules = tuple(wanted for rule, wanted in standing.rules if _stands(rule, placement, at))
    return replace(row, rules=rules) if rules else row


def experiment_at(placement: str) -> Experiment | None:
    """What runs in this placement, as it was at most a second ago."""
    return _standing().trials.get(placement)


def with_arm(settings: Settings, arm: Mapping[str, Any]) -> Settings:
    """The placement's settings with those of an experiment's arm laid over them."""
    rates: dict[str, Any] = {name: float(arm[name]) for name in RATES if name in arm}
    rules = () if arm.get("rules") is False else settings.rules
    return replace(settings, **rates, rules=rules)


def settings_with(
    placement: str,
    at: datetime,
    *,
    row: Placement | None = None,
    rules: Iterable[Rule] | None = None,
) -> Settings:
    """For a preview: as `settings_at`, with unsaved settings or rules in the place of those saved.

    rules: all that are to stand, for this placement or for all; those switched off or outside
    their window at `at` are left out.
    """
    settings = settings_at(placement, at)
    if row is not None:
        settings = replace(_settings_of(row), rules=settings.rules)
    if rules is not None:
        pairs = resolved(list(rules))
        standing = [wanted for rule, wanted in pairs if _stands(rule, placement, at)]
        settings = replace(settings, rules=tuple(standing))
    return settings


def resolved(rules: Sequence[Rule]) -> list[tuple[Rule, Wanted]]:
    """Each rule with what it asks for: SKUs as products, a category with all below it.

    Two queries, and one for each pin or `only` that names no SKU.
    """
    skus = {sku for rule in rules for sku in rule.skus}
    found = Variant.objects.filter(sku__in=skus).values_list("sku", "product_id") if skus else []
    products = dict(found)
    below = _below() if any(rule.category_id for rule in rules) else {}
    return [
        # Unsaved ones of a preview are told apart by numbers below zero.
        (rule, _wanted(rule, rule.pk or -place, products, below))
        for place, rule in enumerate(rules, start=1)
    ]


def _standing() -> Standing:
    global _kept
    kept, now = _kept, time.monotonic()
    if kept and kept.until > now and kept.at_change == changes():
        return kept.standing
    at_change = changes()
    rows = {row.code: _settings_of(row) for row in Placement.objects.filter(code__in=ORDER)}
    rules = Rule.objects.filter(is_on=True).select_related("placement", "attribute")
    resolved_rules = resolved(list(rules.order_by("pk")[:MOST_RULES]))
    standing = Standing(rows, resolved_rules, running_trials(timezone.now()))
    _kept = _Kept(standing, now + KEPT_SECONDS, at_change)
    return standing


def _settings_of(row: Placement) -> Settings:
    return Settings(
        row.code,
        tuple(row.sources) or ORDER[row.code],
        row.diversity_rate,
        row.exploration_rate,
        row.margin_rate,
        row.hide_bought_days,
        stock_rate=row.stock_rate,
    )


def _stands(rule: Rule, placement: str, at: datetime) -> bool:
    if not rule.is_on or (rule.placement is not None and rule.placement.code != placement):
        return False
    begun = rule.starts_at is None or rule.starts_at <= at
    return begun and (rule.ends_at is None or rule.ends_at > at)


def _below() -> dict[int, tuple[int, ...]]:
    """Category → itself and all below it."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Category.objects.order_by("pk").values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found: dict[int, tuple[int, ...]] = {}
    for pk in [pk for several in children.values() for pk in several]:
        tree = [pk]
        for one in tree:
            tree += children.get(one, [])
        found[pk] = tuple(tree)
    return found


def _wanted(
    rule: Rule, pk: int, products: dict[str, int], below: dict[int, tuple[int, ...]]
) -> Wanted:
    named = tuple(dict.fromkeys(products[sku] for sku in rule.skus if sku in products))
    category = rule.category_id
    inside = below.get(category, (category,)) if category else None
    return Wanted(
        pk=pk,
        name=rule.name,
        action=str(rule.action),
        product_ids=named if rule.skus else None,
        category_ids=inside,
        brand_id=rule.brand_id,
        attribute=(rule.attribute.code, rule.attribute_value) if rule.attribute else None,
        price_from_minor=rule.price_from_minor,
        price_to_minor=rule.price_to_minor,
        position=rule.position,
        factor=rule.factor,
        brings=_brought(rule, named, inside),
    )


def _brought(
    rule: Rule, named: tuple[int, ...], category_ids: tuple[int, ...] | None
) -> tuple[int, ...]:
    """What pins and `only` ask for must be among the candidates, also where no source names it."""
    if rule.action not in (RuleAction.PIN, RuleAction.ONLY):
        return ()
    if rule.skus:
        return named[:MOST_BROUGHT]
    found = Product.objects.filter(state=Product.State.ACTIVE)
    if category_ids:
        found = found.filter(category__in=category_ids)
    if rule.brand_id:
        found = found.filter(brand=rule.brand_id)
    return tuple(found.order_by("-pk").values_list("pk", flat=True)[:MOST_BROUGHT])
