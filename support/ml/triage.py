"""What a message asks of us before anybody reads it: order numbers in it, and how it presses."""

from __future__ import annotations

import re
import unicodedata

_ORDER_LIKE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{0,6}[-_]?\d[A-Za-z0-9_-]{0,40}(?![A-Za-z0-9])")
_SKU_LIKE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*(?![A-Za-z0-9])")
MOST_CANDIDATES = 20

_PRESSING = re.compile(
    r"\b(urgent|urgently|asap|immediately|right now|today|emergency|last chance)\b"
    r"|尽快|马上|立刻|立即|紧急|着急|急用|今天必须|赶紧",
    re.IGNORECASE,
)
_RISK = re.compile(
    r"\b(lawyer|solicitor|legal action|sue|court|police|chargeback|allerg\w*|injur\w+|hospital"
    r"|caught fire|on fire|burn(?:t|ed) (?:me|my)|electric shock|explod\w+|recall(?:ed)?)\b"
    r"|律师|起诉|法院|报警|12315|消费者协会|过敏|受伤|医院|起火|着火|烫伤|触电|爆炸",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(speak|talk|chat)\s+(?:to|with)\s+(?:a|an|some|your)?\s*"
    r"(?:real\s+|human\s+)?(?:person|human|someone|somebody|agent|manager|representative)\b"
    r"|\b(?:real|human) (?:person|agent)\b|\bcall me\b|人工|真人|找你们?经理|给我打电话|转接",
    re.IGNORECASE,
)
# What cannot wait: once the parcel has left, neither can be granted.
_BEFORE_DISPATCH = ("cancel", "change_address")
_WEIGHTY = ("damaged", "payment", "complaint")


def order_candidates(text: str) -> list[str]:
    """Tokens that look like an order number, in reading order, at most twenty, as written and in
    capitals. Which of them is one, only the orders of this customer can say."""
    found: dict[str, None] = {}
    for match in _ORDER_LIKE.finditer(unicodedata.normalize("NFKC", text)):
        token = match.group().strip("-_")
        digits = sum(letter.isdigit() for letter in token)
        if digits >= 3 or (digits and not token[0].isdigit()):
            found |= {token: None, token.upper(): None}
        if len(found) >= MOST_CANDIDATES:
            break
    return list(found)[:MOST_CANDIDATES]


def sku_candidates(text: str) -> list[str]:
    """Tokens that look like a SKU: letters or digits with a digit or a hyphen in them."""
    found: dict[str, None] = {}
    for match in _SKU_LIKE.finditer(unicodedata.normalize("NFKC", text)):
        token = match.group()
        if len(token) >= 3 and ("-" in token or any(letter.isdigit() for letter in token)):
            found |= {token: None, token.upper(): None}
    return list(found)[:MOST_CANDIDATES]


def wants_person(text: str) -> bool:
    return bool(_PERSON.search(text))


def carries_risk(text: str) -> bool:
    """Safety or law: never for a draft."""
    return bool(_RISK.search(text))


def urgency_of(text: str, intent: str, sentiment: float, order_is_unsent: bool) -> int:
    """1 low, 2 normal, 3 high, 4 urgent. sentiment: −1 … 1.

    A point each for: a weighty kind of question, a clearly bad mood, pressing words, and a wish
    that only holds before dispatch; safety and law are urgent whatever else is said.
    """
    if carries_risk(text):
        return 4
    points = (intent in _WEIGHTY) + (sentiment < -0.3) + bool(_PRESSING.search(text))
    points += intent in _BEFORE_DISPATCH and order_is_unsent
    if intent == "praise" and not points:
        return 1
    return min(4, 2 + points)
