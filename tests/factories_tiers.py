"""A programme of three tiers by what was spent in a year, and customers who spend."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from marketing.models import TierProgramme
from marketing.services.tiers.programmes import Terms, TierTerms, create_programme
from shop.models import Variant
from tests.factories import NOW, make_customer, make_order, make_variant

DAY = timedelta(days=1)
BRONZE = TierTerms("bronze", "Bronze", 10_000, 8_000, "铜卡")
SILVER = TierTerms("silver", "Silver", 30_000, 25_000, "银卡")
GOLD = TierTerms("gold", "Gold", 90_000, 70_000, "金卡")


def make_terms(**said) -> Terms:
    usual = {
        "name": "Friends of the house",
        "name_zh": "本店之友",
        "figure": "net_spend",
        "starts_on": date(2026, 1, 1),
        "tiers": (BRONZE, SILVER, GOLD),
    }
    return Terms(**usual | said)


def make_programme(code: str = "friends", *, live: bool = True, **said) -> TierProgramme:
    """Started without the job that looks at once: tests look themselves."""
    made = create_programme(code, make_terms(**said))
    if live:
        TierProgramme.objects.filter(pk=made.pk).update(state="live")
        made.refresh_from_db()
    return made


def make_spender(code: str, amount_minor: int, *, at: datetime = NOW - DAY):
    """One order of that much."""
    who = make_customer(code)
    spend(who, amount_minor, at=at)
    return who


def spend(who, amount_minor: int, *, at: datetime = NOW - DAY):
    ware = Variant.objects.filter(sku="W").first() or make_variant("W")
    return make_order([(ware, 1)], customer=who, at=at, unit_price_minor=amount_minor)
