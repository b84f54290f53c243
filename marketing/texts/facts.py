"""What a campaign may say: one fact per slot, read from prices, catalogue and published reviews."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext_noop

from language.claims import Fact
from language.figures import figures
from language.providers import SlotNote
from marketing.models import (
    Brief,
    BriefChannel,
    Campaign,
    Evidence,
    EvidenceUse,
    RulingState,
    WordingRuling,
)
from marketing.texts.coupons import coupon_facts
from marketing.texts.dates import DATE_FORMATS, LOCALES
from marketing.texts.ratings import rating_facts
from marketing.texts.recommended import RECOMMENDED, recommended_facts
from shop.models import Attribute, Price, Variant
from shop.money import format_money
from shop.services.prices import prices_at
from shop.services.prior_prices import Reduction, reductions_of
from shop.services.reviews.ratings import UNRATED, Rating, ratings_of

GREETINGS = {"en": ("Hello %s,", "Hello,"), "zh": ("%s，您好：", "您好：")}
MEANINGS = {
    "shop": gettext_noop("the shop's name"),
    "greeting": gettext_noop("the greeting line, filled per customer"),
    "product": gettext_noop("the product's name"),
    "price": gettext_noop("its price today, with currency"),
    "was_price": gettext_noop("its lowest price in the 30 days before the reduction"),
    "discount": gettext_noop("the reduction in per cent, with the sign"),
    "until": gettext_noop("the last day of the reduction"),
    "rating": gettext_noop("its mean rating by published reviews: “rated … out of 5” or “… stars”"),
    "review_count": gettext_noop("how many published reviews it has: “… reviews”"),
    "link": gettext_noop("the web address"),
    "coupon_code": gettext_noop("the customer's own coupon code, filled per customer"),
    "coupon_value": gettext_noop("what the coupon takes off, as a percentage or an amount"),
    "coupon_until": gettext_noop("the last day of the customer's coupon, filled per customer"),
    "spec": gettext_noop("a property from the catalogue, with its label"),
    "recommended": gettext_noop(
        "products chosen for the customer, each with price and link, in lines of their own"
    ),
}
MOST_SPECS, MOST_EVIDENCE = 12, 100
YES_NO = {"en": ("yes", "no"), "zh": ("是", "否")}
WITHOUT_GREETING = frozenset({"social", "description", "landing"})
# What changes per recipient or with the address is no claim about the shop.
NOT_COMPARED = frozenset({"greeting", "link", "coupon_code", "coupon_until", RECOMMENDED})
NUMBERED_OTHERWISE = frozenset({"spec", "evidence", "ruling"})  # than by featured product


def campaign_facts(campaign: Campaign, language: str, at: datetime) -> list[Fact]:
    """All slots that can be filled now. A SKU without a price has no {price}; nothing is guessed."""
    items = campaign.items.select_related("variant__product")
    facts = shop_facts(language)
    if campaign.link_url:
        facts.append(Fact("link", "link", campaign.link_url, f"campaign:{campaign.pk}"))
    variants = [item.variant for item in items]
    facts += coupon_facts(campaign.coupon_offer, language, at)
    facts += recommended_facts(campaign.channel, language)
    facts += variant_facts(variants, language, at) + spec_facts(variants[:1], language)
    return facts + evidence_facts(variants, language, at) + ruling_facts(language)


def brief_facts(brief: Brief, at: datetime) -> list[Fact]:
    """What a text of this brief may say. A description stays for years: it gets no price."""
    items = brief.items.select_related("variant__product")
    variants, language = [item.variant for item in items], brief.language
    facts = shop_facts(language)
    if brief.channel in WITHOUT_GREETING:
        facts = [fact for fact in facts if fact.slot != "greeting"]
    if brief.channel == BriefChannel.DESCRIPTION:
        facts += name_facts(variants, language)
    else:
        link = brief.campaign.link_url if brief.campaign else settings.STOREFRONT_URL
        facts += [Fact("link", "link", link, "settings:STOREFRONT_URL")] if link else []
        facts += variant_facts(variants, language, at) + recommended_facts(brief.channel, language)
    facts += spec_facts(variants[:1], language)
    return facts + evidence_facts(variants, language, at) + ruling_facts(language)


def shop_facts(language: str) -> list[Fact]:
    """What is true whatever is featured; the greeting is filled per customer."""
    return [
        Fact("shop", "name", settings.SHOP_NAME, "settings:SHOP_NAME"),
        Fact("greeting", "person", greeting("", language)),
    ]


@dataclass(frozen=True)
class ShopFigures:
    """What is asked now and the reduction, where there is one, by SKU's key; ratings by product's."""

    asked: Mapping[int, Price]
    reduced: Mapping[int, Reduction]
    ratings: Mapping[int, Rating]


def figures_of(variants: Iterable[Variant], at: datetime) -> ShopFigures:
    product_ids = {variant.pk: variant.product_id for variant in variants}
    return ShopFigures(
        prices_at(product_ids.keys(), at),
        reductions_of(product_ids.keys(), at),
        ratings_of(set(product_ids.values())),
    )


def variant_facts(
    variants: list[Variant], language: str, at: datetime, known: ShopFigures | None = None
) -> list[Fact]:
    """Name, price, reduction and rating of the SKUs, the first without a number: {product}, {product_2}.

    known: figures of these SKUs and perhaps others, where they were read already.
    """
    known = known or figures_of(variants, at)
    facts = []
    with translation.override(LOCALES[language]):
        for place, variant in enumerate(variants, start=1):
            suffix = "" if place == 1 else f"_{place}"
            facts.append(_name(variant, language, suffix))
            if price := known.asked.get(variant.pk):
                facts += _price_facts(price, known.reduced.get(variant.pk), language, suffix)
            rating = known.ratings.get(variant.product_id, UNRATED)
            facts += rating_facts(variant.product, rating, suffix, at)
    return facts


def name_facts(variants: list[Variant], language: str) -> list[Fact]:
    return [
        _name(variant, language, "" if place == 1 else f"_{place}")
        for place, variant in enumerate(variants, start=1)
    ]


def spec_facts(variants: list[Variant], language: str) -> list[Fact]:
    """What the catalogue says of the first product: each property with its label, {spec_1} …"""
    if not variants:
        return []
    product = variants[0].product
    known = Attribute.objects.filter(code__in=list(product.attributes)).order_by("code")
    facts: list[Fact] = []
    for attribute in known[:MOST_SPECS]:
        if words := _spec(attribute, product.attributes[attribute.code], language):
            source = f"product:{product.code}.{attribute.code}"
            facts.append(Fact(f"spec_{len(facts) + 1}", "spec", words, source))
    return facts


def evidence_facts(variants: list[Variant], language: str, at: datetime) -> list[Fact]:
    """Sentences for which a person attached a document that is approved and valid now."""
    products = {variant.product_id for variant in variants}
    uses = EvidenceUse.objects.filter(
        Q(product__isnull=True) | Q(product__in=products),
        evidence__in=Evidence.objects.valid(at),
        language=language,
    ).order_by("-pk")
    return [
        Fact(f"evidence_{use.pk}", "evidence", use.sentence, f"evidence:{use.evidence_id}")
        for use in uses[:MOST_EVIDENCE]
    ]


def ruling_facts(language: str) -> list[Fact]:
    """Wordings that a person ruled to state nothing, of the whole shop. None is left out: what was
    approved counts until somebody withdraws it."""
    rulings = WordingRuling.objects.filter(language=language, state=RulingState.APPROVED)
    return [
        Fact(f"ruling_{pk}", "ruling", words, f"ruling:{pk}")
        for pk, words in rulings.order_by("pk").values_list("pk", "words")
    ]


def _spec(attribute: Attribute, value: Any, language: str) -> str:
    label = (attribute.name_zh if language == "zh" else "") or attribute.name
    if value in (None, "", []):
        return ""
    if isinstance(value, bool):
        value = YES_NO[language][0 if value else 1]
    colon = {"en": ": ", "zh": "："}[language]
    unit = f" {attribute.unit}" if attribute.unit else ""
    words = " ".join(f"{label}{colon}{value}{unit}".split())[:300]
    return words[:1].upper() + words[1:]


def greeting(name: str, language: str) -> str:
    """`Hello Ana,` or, for a customer whose name nobody knows, `Hello,`."""
    named, nameless = GREETINGS[language]
    return named % name if name else nameless


def slot_notes(facts: list[Fact]) -> tuple[SlotNote, ...]:
    """Facts as a provider may see them: names and plain properties are shown, figures are not.

    Of several sizes of one product only the first is offered: “the dish goes with the dish”.
    """
    seen: set[str] = set()
    repeated: set[str] = set()
    for fact in facts:
        if fact.kind == "name" and fact.slot.startswith("product"):
            if fact.text in seen:
                repeated.add(fact.slot.removeprefix("product"))
            seen.add(fact.text)
    return tuple(
        SlotNote(fact.slot, _meaning(fact.slot), _shown(fact))
        for fact in facts
        if fact.fills_a_slot and _place(fact.slot) not in repeated
    )


def _place(slot: str) -> str:
    """`price_2` → `_2`: which product a slot speaks of; empty for the first and for none."""
    name, _, place = slot.rpartition("_")
    return f"_{place}" if place.isdigit() and name not in NUMBERED_OTHERWISE else ""


def _shown(fact: Fact) -> str:
    if fact.kind == "name":
        return fact.text
    if fact.kind == "spec":
        return fact.text if not figures(fact.text) else re.split("[:：]", fact.text)[0]
    return ""


def snapshot(facts: list[Fact], slots: set[str]) -> dict[str, str]:
    """What these slots say now, to be compared with what was approved."""
    return {
        fact.slot: fact.text
        for fact in facts
        if fact.slot in slots and fact.slot not in NOT_COMPARED
    }


def _meaning(slot: str) -> str:
    name, _, place = slot.rpartition("_")
    if name == "spec":
        return MEANINGS[name]
    if place.isdigit():
        return f"{MEANINGS[name]} (product {place})"
    return MEANINGS[slot]


def _name(variant: Variant, language: str, suffix: str) -> Fact:
    product = variant.product
    name = product.name_zh if language == "zh" else product.name
    name = name or product.name or product.name_zh or variant.sku
    name = " ".join(name.split())  # a line break would break the subject of a mail
    return Fact(f"product{suffix}", "name", name, f"variant:{variant.sku}")


def _price_facts(
    price: Price, reduction: Reduction | None, language: str, suffix: str
) -> list[Fact]:
    shown = format_money(price.amount_minor, price.currency)
    facts = [Fact(f"price{suffix}", "money", shown, f"price:{price.pk}")]
    if reduction is None or price.valid_until is None:
        return facts  # not lower than what was asked before: there is no reduction to speak of
    prior, percent = reduction.prior, reduction.percent
    was = format_money(prior.amount_minor, prior.currency)
    facts.append(Fact(f"was_price{suffix}", "prior_money", was, f"price:{prior.pk}"))
    facts.append(
        Fact(
            f"until{suffix}", "date", _last_moment(price.valid_until, language), f"price:{price.pk}"
        )
    )
    if percent:
        source = f"price:{price.pk},{prior.pk}"
        facts.append(Fact(f"discount{suffix}", "percent", f"{percent}%", source))
    return facts


def _last_moment(valid_until: datetime, language: str) -> str:
    """The last whole day; with the hour when the reduction ends in the middle of a day."""
    local = timezone.localtime(valid_until)
    if local.time() == time():
        return date_format(local - timedelta(days=1), DATE_FORMATS[language])
    return f"{date_format(local, DATE_FORMATS[language])} {local:%H:%M}"
