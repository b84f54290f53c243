"""Why a rule does not do what it says: other rules, nothing that fits, or its time is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from recommendations.ml.rules import Facts
from recommendations.models import Rule, RuleAction
from recommendations.services.gates import offers
from recommendations.services.meaning.resolving import Resolved, resolved

# So many products of each rule that names no SKU are looked at, and of all rules together; of a rule
# that fits more it is said.
MOST_TRIED, MOST_ASKED = 1_000, 5_000
MOST_RULES = 200


@dataclass(frozen=True)
class Conflict:
    """text: what is wrong and what to do. is_bad: it stops the rule from doing what it says."""

    text: str
    is_bad: bool = True
    other: Rule | None = None


@dataclass(frozen=True)
class _Tried:
    """One rule with the products that can be sold now and fit it; `sure`: all that it can mean were
    tried, else the newest `looked_at` of them."""

    rule: Rule
    fitting: frozenset[int]
    sure: bool
    looked_at: int


def conflicts_of(rule: Rule, others: Iterable[Rule], at: datetime) -> list[Conflict]:
    """What is wrong with this rule, saved or not, beside the others (itself left out)."""
    beside = [one for one in others if one.pk != rule.pk or one.pk is None]
    return conflicts_among([rule], beside, at)[0]


def conflicts_among(
    rules: Sequence[Rule], others: Sequence[Rule], at: datetime
) -> list[list[Conflict]]:
    """For each of the rules, beside the rest of them and the others; MOST_RULES are looked at."""
    rest = [one for one in others if one.pk not in {rule.pk for rule in rules}]
    every = _tried([*rules, *rest][:MOST_RULES], at)
    return [
        [*_of_time(mine.rule, at), *_of_itself(mine), *_of_others(mine, every)]
        for mine in every[: len(rules)]
    ]


def _of_time(rule: Rule, at: datetime) -> list[Conflict]:
    if rule.ends_at and rule.ends_at <= at:
        return [
            Conflict(_("Its time is over: it does nothing. Give it a later end, or delete it."))
        ]
    if rule.starts_at and rule.starts_at > at:
        return [Conflict(_("It has not begun yet."), is_bad=False)]
    return []


def _of_itself(mine: _Tried) -> list[Conflict]:
    if mine.rule.is_of_page:
        text = _(
            "What it is about depends on the page's product, and so does what it collides with: try it with a SKU beside."
        )
        return [Conflict(text, is_bad=False)]
    if not mine.sure:
        text = _(
            "It fits more products than the newest %(n)s that are looked at here: what it has in common with other rules may be more than is said."
        )
        return [Conflict(text % {"n": mine.looked_at}, is_bad=False)]
    if mine.fitting:
        return []
    return [
        Conflict(
            _("No product that can be sold now fits it. Check its conditions, stock and prices.")
        )
    ]


def _of_others(mine: _Tried, every: list[_Tried]) -> list[Conflict]:
    beside = [one for one in every if one is not mine and _meet(mine.rule, one.rule)]
    beside = [one for one in beside if not one.rule.is_of_page]
    if not mine.rule.is_on or mine.rule.is_of_page:
        return []
    if mine.rule.action == RuleAction.PIN:
        return [*_same_place(mine, beside), *_barred(mine, beside), *_outside(mine, beside)]
    if mine.rule.action == RuleAction.NEVER:
        return _bars(mine, beside)
    if mine.rule.action == RuleAction.ONLY:
        return _leaves_nothing(mine, beside)
    return _barred(mine, beside)


def _same_place(mine: _Tried, beside: list[_Tried]) -> list[Conflict]:
    found = []
    for one in beside:
        if one.rule.action == RuleAction.PIN and one.rule.position == mine.rule.position:
            first = _is_older(one.rule, mine.rule)
            text = (
                _(
                    "“%(name)s” was made first and has place %(n)s: this one comes into play only where that one finds nothing. Choose another place."
                )
                if first
                else _("“%(name)s” wants place %(n)s too: this one was made first and has it.")
            )
            said = {"name": one.rule.name, "n": mine.rule.position}
            found.append(Conflict(text % said, first, one.rule))
    return found


def _barred(mine: _Tried, beside: list[_Tried]) -> list[Conflict]:
    found = []
    for one in beside:
        both = mine.fitting & one.fitting
        if one.rule.action != RuleAction.NEVER or not both:
            continue
        said = {"name": one.rule.name, "n": len(both), "all": len(mine.fitting)}
        if both == mine.fitting:
            text = _("“%(name)s” never offers any of these products: change one of the two.")
            found.append(Conflict(text % said, True, one.rule))
        else:
            text = _("“%(name)s” never offers %(n)s of these %(all)s products.")
            found.append(Conflict(text % said, False, one.rule))
    return found


def _bars(mine: _Tried, beside: list[_Tried]) -> list[Conflict]:
    wanting = (RuleAction.PIN, RuleAction.BOOST)
    return [
        Conflict(
            _("“%(name)s” asks for products that this one bars: never goes before it.")
            % {"name": one.rule.name},
            False,
            one.rule,
        )
        for one in beside
        if one.rule.action in wanting and mine.fitting & one.fitting
    ]


def _outside(mine: _Tried, beside: list[_Tried]) -> list[Conflict]:
    only = [one for one in beside if one.rule.action == RuleAction.ONLY]
    if not only or not mine.fitting or mine.fitting & _union(only):
        return []
    text = _("“%(name)s” offers only other products here, so that this pin has nothing to place.")
    return [Conflict(text % {"name": only[0].rule.name}, True, only[0].rule)]


def _leaves_nothing(mine: _Tried, beside: list[_Tried]) -> list[Conflict]:
    only = [mine, *(one for one in beside if one.rule.action == RuleAction.ONLY)]
    never = [one for one in beside if one.rule.action == RuleAction.NEVER]
    if not all(one.sure for one in only) or _union(only) - _union(never):
        return []
    if not _union(only):
        text = _("With it nothing at all is left to show here.")
        return [Conflict(text)]
    names = ", ".join(f"“{one.rule.name}”" for one in never if one.fitting & mine.fitting)
    text = _("Nothing is left to show here: %(names)s bars all that this offers.")
    return [Conflict(text % {"names": names})]


def _meet(one: Rule, other: Rule) -> bool:
    """Whether both can stand in one placement at one time."""
    same = not one.placement_id or not other.placement_id or one.placement_id == other.placement_id
    early, late = _begins_first(one, other), _begins_first(other, one)
    return bool(one.is_on and other.is_on and same and early and late)


def _begins_first(one: Rule, other: Rule) -> bool:
    return not one.starts_at or not other.ends_at or one.starts_at < other.ends_at


def _is_older(one: Rule, other: Rule) -> bool:
    return one.pk is not None and (other.pk is None or one.pk < other.pk)


def _union(tried: list[_Tried]) -> frozenset[int]:
    return frozenset().union(*(one.fitting for one in tried))


def _tried(rules: list[Rule], at: datetime) -> list[_Tried]:
    """Each rule on the products that it can mean: four queries for all of them together."""
    every = resolved(rules, most=MOST_TRIED)
    asked: dict[int, None] = {}  # as a set that keeps its order
    for one in every:
        asked.update(dict.fromkeys(one.wanted.product_ids or ()))
    for one in every:
        if one.matched and len(asked) < MOST_ASKED + MOST_TRIED:
            asked.update(dict.fromkeys(one.matched.product_ids))
    attributes = any(one.wanted.attribute for one in every)
    facts = {pk: offer.facts for pk, offer in offers(asked, at, with_attributes=attributes).items()}
    return [_on_these(one, asked, facts) for one in every]


def _on_these(one: Resolved, asked: dict[int, None], facts: dict[int, Facts]) -> _Tried:
    meant = one.wanted.product_ids
    if meant is None:
        meant = one.matched.product_ids if one.matched else ()
    fitting = frozenset(pk for pk in meant if pk in facts and one.wanted.fits(pk, facts[pk]))
    looked_at = sum(pk in asked for pk in meant)
    whole = one.matched is None or one.matched.is_all
    return _Tried(one.rule, fitting, whole and looked_at == len(meant), looked_at)
