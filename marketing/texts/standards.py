"""What a text of this channel, language and market is held to, read from the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db.models import Max, QuerySet
from django.db.models.functions import Length
from django.utils import translation
from django.utils.translation import gettext as _

from marketing.definitions.readers import meant_by
from marketing.definitions.rules import customers_of, reachable
from marketing.delivery.mail import address
from marketing.models import (
    Brief,
    Campaign,
    Channel,
    GlossaryTerm,
    Market,
    PolicyRule,
    Send,
)
from marketing.texts.facts import GREETINGS, LOCALES, greeting
from marketing.texts.review import Standard
from shop.models import Customer, Product

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)
MOST_RULES, MOST_TERMS, LONGEST_NAMES = 200, 500, 20
OUTSIDE_ASCII = r"[^ -~]"
People = Callable[[], QuerySet[Customer]]  # asked only where somebody's name matters


def markets_of(market: str) -> list[str]:
    """The chosen market, or those of the countries in which the shop sells."""
    if market:
        return [market]
    found = [Market.EU if country in EU else country for country in settings.SHOP_COUNTRIES]
    return sorted({country for country in found if country in Market.values})


def standard_of_brief(brief: Brief) -> Standard:
    return _standard(
        brief.channel,
        brief.language,
        brief.market,
        partial(customers_of, brief.segment.rule) if brief.segment else None,
        {
            "required": brief.required,
            "forbidden": brief.forbidden,
            "max_characters": brief.max_characters,
        },
    )


def standard_of_campaign(campaign: Campaign, language: str) -> Standard:
    return _standard(campaign.channel, language, campaign.market, partial(meant_by, campaign), {})


def lives_elsewhere(country: str, market: str) -> bool:
    """Whether a customer's country is known, by its two letters, to lie in no such market."""
    code = country.strip().upper()
    if not market or len(code) != 2:
        return False
    named = {"UK": "GB"}.get(code, Market.EU if code in EU else code)
    return named != market


def standard_of_journey(channel: str, language: str, market: str = "") -> Standard:
    """A journey writes to whoever comes: its market, else those in which the shop sells, and of the
    names of products the longest that may stand in it."""
    standard = _standard(channel, language, market, None, {})
    if channel != Channel.SMS:
        return standard
    field = "name_zh" if language == "zh" else "name"
    names = Product.objects.filter(state=Product.State.ACTIVE).exclude(**{field: ""})
    longest = list(names.order_by(Length(field).desc()).values_list(field, flat=True)[:1])
    return replace(standard, longest={**standard.longest, "product": longest})


def _standard(
    channel: str, language: str, market: str, people: People | None, wishes: dict
) -> Standard:
    rules = PolicyRule.objects.filter(is_active=True, market__in=markets_of(market))
    is_sms = channel == Channel.SMS
    return Standard(
        channel,
        language,
        rules=list(rules[:MOST_RULES]),
        terms=list(GlossaryTerm.objects.all()[:MOST_TERMS]),
        longest=_longest(people, language) if is_sms else {},
        tail=_tail(language) if is_sms else "",
        **wishes,
    )


def _longest(people: People | None, language: str) -> dict[str, list[str]]:
    """What a recipient's own slots will hold at most: her name, and the link of her message.

    A name outside ASCII may turn the whole message into UCS-2, so the longest of those count too.
    """
    readers = reachable(people() if people else Customer.objects.all(), Channel.SMS)
    names = readers.exclude(name="").order_by(Length("name").desc()).values_list("name", flat=True)
    found = [*names[:1], *names.filter(name__regex=OUTSIDE_ASCII)[:LONGEST_NAMES]]
    greetings = [greeting(name, language) for name in found] or [GREETINGS[language][1]]
    return {"greeting": greetings, "link": [address("link", _next_send())]}


def _tail(language: str) -> str:
    with translation.override(LOCALES[language]):
        return f"\n{_('Unsubscribe')}: {address('unsubscribe', _next_send())}"


def _next_send() -> int:
    """A number with as many digits as any send of the next campaign will have."""
    newest = Send.objects.aggregate(pk=Max("pk"))["pk"] or 0
    return 10 ** (len(str(newest)) + 1) - 1
