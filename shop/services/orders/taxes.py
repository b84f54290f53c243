"""Which tax applies: by country, class of goods and day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.conf import settings

from shop.models import TaxRate

STANDARD = "standard"
SHIPPING = "shipping"


def taxed_in(country: str) -> str:
    """The country whose tax applies: where it goes, else the shop's own first country."""
    return (country or settings.SHOP_COUNTRIES[0]).strip().upper()


def rates_at(country: str, tax_classes: Iterable[str], on: date) -> dict[str, int]:
    """Basis points per class in a country on a day. A class without a rate is absent."""
    wanted = set(tax_classes)
    rows = TaxRate.objects.filter(
        country=taxed_in(country), tax_class__in=wanted, valid_from__lte=on
    ).order_by("valid_from", "pk")
    return dict(rows.values_list("tax_class", "basis_points"))
