"""How many parts an SMS takes: what a provider charges, and what a phone puts together again.

Source: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table, UCS-2) and TS 23.040,
9.2.3.24.1 (concatenated messages: six octets of header in each part).
"""

from __future__ import annotations

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")  # an escape before each: two septets
GSM_ONE, GSM_MORE = 160, 153  # septets in a single message, and in each of several
UCS_ONE, UCS_MORE = 70, 67  # 16-bit units, the same


@dataclass(frozen=True)
class SmsLength:
    """encoding: GSM-7 or UCS-2. units: septets or 16-bit units. left: units free in the last part.

    culprits: the characters that keep the text out of GSM-7, each once.
    """

    encoding: str
    units: int
    parts: int
    left: int
    culprits: str = ""


def sms_length(text: str) -> SmsLength:
    """Parts of this finished text. A part never splits an escape pair or a surrogate pair."""
    culprits = "".join(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENSION))
    if culprits:
        sizes = [len(character.encode("utf-16-be")) // 2 for character in text]
        one, more, encoding = UCS_ONE, UCS_MORE, "UCS-2"
    else:
        sizes = [2 if character in EXTENSION else 1 for character in text]
        one, more, encoding = GSM_ONE, GSM_MORE, "GSM-7"
    units = sum(sizes)
    if units <= one:
        return SmsLength(encoding, units, 1, one - units, culprits)
    parts, used = _fill(sizes, more)
    return SmsLength(encoding, units, parts, more - used, culprits)


def _fill(sizes: list[int], most: int) -> tuple[int, int]:
    """Parts needed when none holds more than `most`, and what the last one holds."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > most:
            parts, used = parts + 1, 0
        used += size
    return parts, used
