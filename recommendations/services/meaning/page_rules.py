"""Rules that refer to the product of the page, made plain once it is known which that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from recommendations.ml.policy import Settings
from recommendations.ml.rules import ONLY, USUAL_FACTOR, Facts, Rule, Within, bound
from recommendations.services.asking import Ask
from recommendations.services.gates import facts_of_page
from recommendations.services.meaning.resolving import matched, within_of

# Of a long cart those named first; and so many products that a rule about them can mean.
MOST_PAGES, MOST_MEANT = 20, 2_000


def for_page(settings: Settings, product_ids: Sequence[int], ask: Ask, at: datetime) -> Settings:
    """The settings with their rules about the page as plain ones; without them where there is no page.

    product_ids: of the page, the cart or the order. Two queries, and none where no rule asks.
    """
    if not any(rule.is_of_page for rule in settings.rules):
        return settings
    channel_id = ask.channel.pk if ask.channel else None
    asked = list(dict.fromkeys(product_ids))[:MOST_PAGES]
    pages: list[Facts] = facts_of_page(asked, ask.skus, at, channel_id) if asked else []
    # In their order, so that of two pins for one place the older has it.
    of_page = [one for rule in settings.rules if rule.is_of_page for one in bound(rule, pages)]
    moving = [
        rule for rule in of_page if rule.action in USUAL_FACTOR
    ]  # these bring and bar nothing
    pairs = matched([rule for rule in of_page if rule.action not in USUAL_FACTOR], most=MOST_MEANT)
    plain_of: dict[int, list[Rule]] = {}
    for plain in [*moving, *(rule for rule, _products in pairs)]:
        plain_of.setdefault(plain.pk, []).append(plain)
    rules = tuple(
        one
        for rule in settings.rules
        for one in (plain_of.get(rule.pk, []) if rule.is_of_page else [rule])
    )
    return replace(settings, rules=rules, within=_joined(settings, within_of(pairs), of_page))


def _joined(settings: Settings, own: Within, of_page: Sequence[Rule]) -> Within:
    """What both kinds of rules leave: one of all `only` rules must fit."""
    never = settings.within.never | own.never
    has_plain = any(rule.action == ONLY and not rule.is_of_page for rule in settings.rules)
    if not any(rule.action == ONLY for rule in of_page):
        return Within(settings.within.only, never)
    if not has_plain:
        return Within(own.only, never)
    if settings.within.only is None or own.only is None:
        return Within(None, never)
    return Within(settings.within.only | own.only, never)
