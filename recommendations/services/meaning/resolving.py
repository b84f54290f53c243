"""Rules as the calculation wants them: SKUs as products, a category with all below it, and which
products a rule can mean at all, asked of the database for all rules together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower, Trim
from django.utils import timezone

from recommendations.ml.rules import SAME, Within
from recommendations.ml.rules import Rule as Wanted
from recommendations.models import Rule, RuleAction
from shop.models import Category, Price, Product, Variant

MOST_BROUGHT = 200
# Of a rule that fits more products than this the first candidates hold enough, or few enough.
MOST_MATCHED = 20_000
RULES_ASKED = 100  # in one statement
BRINGING = (RuleAction.PIN, RuleAction.ONLY)
NARROWING = (RuleAction.ONLY, RuleAction.NEVER)


@dataclass(frozen=True)
class Matched:
    """Products on sale that a rule can mean, the newest first. is_all: there are no others."""

    product_ids: tuple[int, ...]
    is_all: bool


Meaning = tuple[Any, ...]
Known = Mapping[Meaning, Matched]


@dataclass(frozen=True)
class Resolved:
    """A rule with what it asks for. matched: None where that was not asked."""

    rule: Rule
    wanted: Wanted
    matched: Matched | None = None


def resolved(
    rules: Sequence[Rule], known: Known | None = None, *, most: int | None = None
) -> list[Resolved]:
    """Each rule with what it asks for, in three queries at most per RULES_ASKED rules.

    known: what was found a moment ago and need not be asked again. most: of the products of every
    rule without SKUs, also of those that bring or bar nothing; None: as many as serving needs.
    """
    skus = {sku for rule in rules for sku in rule.skus}
    rows = Variant.objects.filter(sku__in=skus).values_list("sku", "product_id") if skus else []
    products = dict(rows)
    named = any(rule.category_id or rule.page_category_id for rule in rules)
    below = categories_below() if named else {}
    wanted = [
        # Unsaved ones of a preview are told apart by numbers below zero.
        _wanted(rule, rule.pk or -place, products, below)
        for place, rule in enumerate(rules, start=1)
    ]
    found = matched(wanted, known, most=most)
    return [
        Resolved(rule, one, products_of)
        for rule, (one, products_of) in zip(rules, found, strict=True)
    ]


def matched(
    rules: Sequence[Wanted], known: Known | None = None, *, most: int | None = None
) -> list[tuple[Wanted, Matched | None]]:
    """Each with the products that it can mean, and those that it brings among the candidates."""
    now, known = timezone.now(), known or {}
    asked: dict[Meaning, tuple[int, QuerySet]] = {}
    for rule in rules:
        limit, meaning = most or _limit_of(rule), meaning_of(rule)
        # What a rule about the page's product means is not known before there is a page.
        if limit and rule.product_ids is None and meaning not in known and not rule.is_of_page:
            asked[meaning] = (limit, _products_of(rule, now))
    found = dict(known)
    every = list(asked.items())
    for start in range(0, len(every), RULES_ASKED):
        found |= _asked_together(every[start : start + RULES_ASKED])
    return [_with_brought(rule, found.get(meaning_of(rule))) for rule in rules]


def _with_brought(rule: Wanted, products: Matched | None) -> tuple[Wanted, Matched | None]:
    """What is asked for must be among the candidates, also where no source names it."""
    brings = rule.product_ids or (products.product_ids if products else ())
    if rule.action not in BRINGING or rule.is_of_page or not brings:
        return rule, products
    return replace(rule, brings=brings[:MOST_BROUGHT]), products


def meaning_of(rule: Wanted) -> Meaning:
    """What decides which products a rule without SKUs can mean, and how many of them are asked for."""
    conditions = (rule.category_ids, rule.brand_id, rule.attribute)
    return (_limit_of(rule), *conditions, rule.price_from_minor, rule.price_to_minor)


def within_of(rules: Iterable[tuple[Wanted, Matched | None]]) -> Within:
    """What these rules leave, as far as it is known before a gate is asked."""
    only: set[int] | None = None
    never: set[int] = set()
    knows_only = True
    for rule, products in rules:
        said = rule.product_ids
        if said is None and products and products.is_all:
            said = products.product_ids
        if rule.action == RuleAction.ONLY:
            knows_only = knows_only and said is not None
            only = (only or set()).union(said or ())
        elif rule.action == RuleAction.NEVER and said and _is_exact(rule):
            never.update(said)
    return Within(frozenset(only) if only is not None and knows_only else None, frozenset(never))


def _is_exact(rule: Wanted) -> bool:
    """Whether what it can mean is what it means: prices move, and of several SKUs of a product the
    one that is offered decides whether an attribute fits."""
    if rule.attribute or rule.price_from_minor is not None or rule.price_to_minor is not None:
        return False
    return rule.product_ids is None or (rule.category_ids is None and rule.brand_id is None)


def _wanted(
    rule: Rule, pk: int, products: Mapping[str, int], below: Mapping[int, tuple[int, ...]]
) -> Wanted:
    named = tuple(dict.fromkeys(products[sku] for sku in rule.skus if sku in products))
    said = rule.attribute and (rule.attribute.code, rule.attribute_value)
    return Wanted(
        pk=pk,
        name=rule.name,
        action=str(rule.action),
        product_ids=named if rule.skus else None,
        category_ids=_inside(rule.category_id, below),
        brand_id=rule.brand_id,
        attribute=said or None,
        price_from_minor=rule.price_from_minor,
        price_to_minor=rule.price_to_minor,
        position=rule.position,
        factor=rule.factor,
        same=tuple(name for name in SAME if getattr(rule, f"same_{name}")),
        price_than=str(rule.price_than),
        page_categories=_inside(rule.page_category_id, below),
    )


def _inside(category: int | None, below: Mapping[int, tuple[int, ...]]) -> tuple[int, ...] | None:
    return below.get(category, (category,)) if category else None


def categories_below() -> dict[int, tuple[int, ...]]:
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


def _limit_of(rule: Wanted) -> int:
    """A rule that changes nothing of the candidates needs none."""
    if rule.action in NARROWING:
        return MOST_MATCHED
    return MOST_BROUGHT if rule.action in BRINGING else 0


def _asked_together(
    asked: Sequence[tuple[Meaning, tuple[int, QuerySet]]],
) -> dict[Meaning, Matched]:
    """One statement: a limited SELECT per meaning. SQLite wants each of them wrapped."""
    parts: list[str] = []
    values: list[Any] = []
    for place, (_meaning, (limit, products)) in enumerate(asked):
        newest = products.order_by("-pk").values_list("pk")[: limit + 1]
        sql, params = newest.query.sql_with_params()
        parts.append(f"SELECT {place}, of_{place}.* FROM ({sql}) AS of_{place}")
        values += params
    found: list[list[int]] = [[] for _one in asked]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for place, product_id in cursor.fetchall():
            found[place].append(product_id)
    return {
        meaning: Matched(tuple(sorted(ids, reverse=True)[:limit]), len(ids) <= limit)
        for (meaning, (limit, _products)), ids in zip(asked, found, strict=True)
    }


def _products_of(rule: Wanted, now: datetime) -> QuerySet[Any]:
    """What it can mean: all that fits now, and little else."""
    found = Product.objects.filter(state=Product.State.ACTIVE)
    if rule.category_ids:
        found = found.filter(category__in=rule.category_ids)
    if rule.brand_id:
        found = found.filter(brand=rule.brand_id)
    if rule.attribute:
        found = _with_value(found, *rule.attribute)
    lowest, highest = rule.price_from_minor, rule.price_to_minor
    if lowest is not None or highest is not None:
        stands = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
        later = Price.objects.filter(
            stands,
            variant=OuterRef("variant"),
            kind=OuterRef("kind"),
            channel__isnull=True,
            valid_from__gt=OuterRef("valid_from"),
            valid_from__lte=now,
        )
        prices = Price.objects.filter(
            stands,
            Q(channel__isnull=False) | ~Exists(later),  # the newest of its kind stands
            variant__product=OuterRef("pk"),
        )
        prices = prices if lowest is None else prices.filter(amount_minor__gte=lowest)
        prices = prices if highest is None else prices.filter(amount_minor__lte=highest)
        found = found.filter(Exists(prices))
    return found


def _with_value(found: QuerySet[Any], code: str, value: str) -> QuerySet[Any]:
    """Products that say so themselves or of a SKU of theirs, as `Rule.fits` compares."""
    wanted = value.strip().casefold()
    words = [wanted, *{"yes": ["true"], "no": ["false"]}.get(wanted, [])]
    fits = Q(said__in=words)
    if not wanted.isascii() and wanted.upper() != wanted.lower():
        # Not every database can lower it: all that have the attribute, and the gates look again.
        fits = Q(attributes__has_key=code)
    said = Lower(Trim(KeyTextTransform(code, "attributes")))
    of_sku = Variant.objects.alias(said=said).filter(fits).values("product_id")
    return found.alias(said=said).filter(fits | Q(pk__in=of_sku))
