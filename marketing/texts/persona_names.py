"""A persona in words: its name from what sets it apart, and what a writer hears of its readers.

Only what stands here and names of categories and channels that may be read ever get into one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext

from decisions.text import both, render
from marketing.frames.personas import excluded_categories, is_sensitive
from shop.models import Category, Channel

LOCALES = {"en": "en", "zh": "zh-hans"}
MOST_CATEGORIES, MOST_MANNERS = 2, 1
SECOND_WEIGHT = 0.3  # of the first trait's, or a trait gives no part of a name
MOST_TOLD = 5
LONGEST = 200
PLAIN = gettext_noop("No strong habit")
# Trait → how it stands in a name, when there is more of it and when less; empty: never in a name.
MANNERS: dict[str, tuple[str, str]] = {
    "morning": (gettext_noop("in the morning"), ""),
    "midday": (gettext_noop("by day"), ""),
    "evening": (gettext_noop("in the evening"), ""),
    "night": (gettext_noop("at night"), ""),
    "weekend": (gettext_noop("at weekends"), gettext_noop("on workdays")),
    "discount": (gettext_noop("on discount"), gettext_noop("at full price")),
    "price": (gettext_noop("higher price band"), gettext_noop("lower price band")),
    "lines": (gettext_noop("full baskets"), gettext_noop("single items")),
    "units": (gettext_noop("in quantity"), ""),
}
LABELS = {
    "morning": gettext_lazy("orders between 5 and 11"),
    "midday": gettext_lazy("orders between 11 and 17"),
    "evening": gettext_lazy("orders between 17 and 22"),
    "night": gettext_lazy("orders between 22 and 5"),
    "weekend": gettext_lazy("orders at weekends"),
    "discount": gettext_lazy("lines bought with a discount"),
    "price": gettext_lazy("price against the usual one of its category"),
    "lines": gettext_lazy("lines per order"),
    "units": gettext_lazy("units per line"),
}
MEANS = frozenset({"price", "lines", "units"})  # the rest are shares
# For whoever writes: what readers do more, and less, than other customers.
TOLD: dict[str, tuple[str, str]] = {
    "morning": ("They often order in the morning.", "They seldom order in the morning."),
    "midday": ("They often order by day.", "They seldom order by day."),
    "evening": ("They often order in the evening.", "They seldom order in the evening."),
    "night": ("They often order at night.", "They seldom order at night."),
    "weekend": ("They often order at weekends.", "They order on workdays."),
    "discount": ("They like to buy reduced goods.", "They buy at full price."),
    "price": (
        "They choose the dearer goods of a kind.",
        "They choose the cheaper goods of a kind.",
    ),
    "lines": ("They put many things into one basket.", "They buy one thing at a time."),
    "units": ("They buy several of the same.", "They buy one of each."),
}


def names(evidence: Sequence[dict], taken: Iterable[dict[str, str]] = ()) -> dict[str, str]:
    """{"en": …, "zh": …} from the most telling traits; a further one where the name is taken.

    evidence: rows of a snapshot, most telling first.
    """
    known = _Names()
    others = [set(one.values()) for one in taken]
    parts = _parts(evidence, known)
    for extra in range(len(evidence) + 1):
        more = _further(evidence, parts, known)[:extra]
        found = {lang: _joined([*parts, *more], known, lang) for lang in LOCALES}
        if not any(set(found.values()) & other for other in others):
            return found
    number = 2 + sum(bool(set(found.values()) & other) for other in others)
    return {lang: f"{text[: LONGEST - 5]} {number}" for lang, text in found.items()}


class _Names:
    """Names of categories and channels, by what stands in a trait. What may not be read has none."""

    def __init__(self) -> None:
        banned = excluded_categories()
        self._categories = {
            code: both(name, name_zh)
            for pk, code, name, name_zh in Category.objects.order_by("pk").values_list(
                "pk", "code", "name", "name_zh"
            )
            if pk not in banned
        }
        self._channels = {
            str(pk): both(name, name)
            for pk, name in Channel.objects.order_by("pk").values_list("pk", "name")
            if not is_sensitive(name)
        }

    def of(self, trait: str) -> dict[str, str] | None:
        kind, _colon, key = trait.partition(":")
        return (self._categories if kind == "category" else self._channels).get(key)


def _parts(evidence: Sequence[dict], known: _Names) -> list[dict]:
    """Up to two categories and one manner, each telling enough beside the first."""
    found: list[dict] = []
    least = SECOND_WEIGHT * (evidence[0]["weight"] if evidence else 0)
    categories = manners = 0
    for one in evidence:
        if one["weight"] < least or not _said_in_name(one, known):
            continue
        if one["trait"].startswith("category:"):
            categories += 1
            found += [one] if categories <= MOST_CATEGORIES else []
        else:
            manners += 1
            found += [one] if manners <= MOST_MANNERS else []
    return found


def _further(evidence: Sequence[dict], used: list[dict], known: _Names) -> list[dict]:
    return [one for one in evidence if one not in used and _said_in_name(one, known)]


def _said_in_name(one: dict, known: _Names) -> bool:
    if ":" in one["trait"]:
        return one["lift"] > 1 and known.of(one["trait"]) is not None
    return bool(MANNERS[one["trait"]][one["lift"] < 1])


def _joined(parts: list[dict], known: _Names, language: str) -> str:
    with translation.override(LOCALES[language]):
        categories = [_part(one, known) for one in parts if one["trait"].startswith("category:")]
        manners = [_part(one, known) for one in parts if not one["trait"].startswith("category:")]
        pair = pgettext("two categories in a name", "%(one)s and %(other)s")
        if len(categories) > 1:
            categories = [pair % {"one": categories[0], "other": categories[1]}, *categories[2:]]
        groups = [*categories, *manners]
        said = _(", ").join(groups) if groups else _(PLAIN)
    return (said[:1].upper() + said[1:])[:LONGEST]


def _part(one: dict, known: _Names) -> str:
    if name := known.of(one["trait"]):
        return name[language_key()]
    return _(MANNERS[one["trait"]][one["lift"] < 1])


def language_key() -> str:
    return "zh" if (translation.get_language() or "").startswith("zh") else "en"


def labels(traits: Iterable[str]) -> dict[str, str]:
    """Trait → its words for the reader; two queries."""
    known = _Names()
    found = {}
    for trait in traits:
        kind, _colon, key = trait.partition(":")
        if kind == "category":
            found[trait] = _("lines from %(category)s") % {
                "category": render(known.of(trait) or both(key, key))
            }
        elif kind == "channel":
            found[trait] = _("orders through %(channel)s") % {
                "channel": render(known.of(trait) or both(key, key))
            }
        else:
            found[trait] = str(LABELS[trait])
    return found


def in_words(evidence: Sequence[dict], language: str) -> str:
    """Evidence as a prompt hears it: no figure, no customer, no name that a person gave."""
    known = _Names()
    told, liked = [], []
    for one in evidence[:MOST_TOLD]:
        if one["trait"].startswith("category:"):
            name = known.of(one["trait"])
            if one["lift"] > 1 and name and not re.search(r"\d", name[language]):
                liked.append(name[language])
        elif not one["trait"].startswith("channel:"):
            told.append(TOLD[one["trait"]][one["lift"] < 1])
    first = [f"They buy more from {', '.join(liked)} than other customers."] if liked else []
    return " ".join([*first, *told])


def as_rows(found: Sequence[Any]) -> list[dict]:
    """`Index` rows as a snapshot keeps them."""
    return [
        {
            name: round(float(getattr(one, name)), 4)
            for name in ("inside", "outside", "lift", "low", "high")
        }
        | {"trait": one.trait, "weight": round(one.weight, 5)}
        for one in found
    ]
