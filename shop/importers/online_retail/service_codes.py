"""Stock codes that are no goods: postage, discounts, fees. Decided per code, once per file."""

from __future__ import annotations

import re

from shop.models import LineKind

# Whole words of a code or of what it is usually called.
SHIPPING = {"POST", "POSTAGE", "CARRIAGE", "SHIPPING", "DELIVERY", "FREIGHT", "COURIER"}
DISCOUNT = {"DISCOUNT", "REBATE", "COUPON"}
FEE = {
    "FEE", "FEES", "CHARGE", "CHARGES", "COMMISSION", "BANK", "MANUAL", "ADJUST", "ADJUSTMENT",
    "DEBT", "SAMPLES", "SURCHARGE", "TAX", "VAT", "TEST", "DONATION", "VOUCHER",
}  # fmt: skip
PREPAID = {"VOUCHER", "GIFTCARD"}  # money paid in advance is no goods, whatever its code
GOODS_DIGITS = 3  # article numbers have at least three: 85123A, DCGS0003, SP1002
SHORT = 2  # M, D, S, B, C2: a letter for the clerk, never an article


def service_kind(code: str, name: str) -> str | None:
    """The kind of line a code makes, or None for goods.

    A code that begins with a digit and has three or more is goods, whatever it is called: a
    "POSTAGE STAMP MUG" stays a mug. Of the others those are services whose words say so, and
    those of one or two characters.
    """
    digits = sum(letter.isdigit() for letter in code)
    words = set(re.findall(r"[A-Z]+", f"{code} {name}".upper()))
    if code[:1].isdigit() and digits >= GOODS_DIGITS:
        return None
    if words & PREPAID:
        return LineKind.FEE
    if digits >= GOODS_DIGITS:
        return None
    for kind, of_kind in (
        (LineKind.SHIPPING, SHIPPING),
        (LineKind.DISCOUNT, DISCOUNT),
        (LineKind.FEE, FEE),
    ):
        if words & of_kind or any(code.upper().endswith(word) for word in of_kind if len(word) > 2):
            return kind
    return LineKind.FEE if len(code) <= SHORT else None
