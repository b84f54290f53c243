"""Money as an integer number of minor units. SQLite sums decimals as floats; integers stay exact."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.conf import settings

from access.figures import figure

# ISO 4217: currencies whose minor unit is not a hundredth.
DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "JOD": 3, "TND": 3}
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "CNY": "¥", "JPY": "¥"}


class MoneyError(ValueError):
    """The text is not an amount in this currency."""


def minor_digits(currency: str) -> int:
    return DIGITS.get(currency, 2)


def to_minor(amount: str | Decimal | int, currency: str = "") -> int:
    """`"12.345"` GBP → 1235: half away from zero. Raises MoneyError for what is not a number."""
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise MoneyError(f"{amount!r} is not an amount of money") from error
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise MoneyError(f"{amount!r} is not an amount of money")
    scaled = value.scaleb(minor_digits(currency or settings.SHOP_CURRENCY))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_minor(amount_minor: int, currency: str = "") -> Decimal:
    return Decimal(amount_minor).scaleb(-minor_digits(currency or settings.SHOP_CURRENCY))


def format_money(amount_minor: int | None, currency: str = "") -> str:
    """`£1,234.50` in the reader's number format; an en dash for a missing amount."""
    if amount_minor is None:
        return "–"
    currency = currency or settings.SHOP_CURRENCY
    digits = minor_digits(currency)
    sign = "−" if amount_minor < 0 else ""
    number = figure(from_minor(abs(amount_minor), currency), digits)
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency}"
