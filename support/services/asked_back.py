"""Tickets that ask when something is there again: evidence of demand, which inventory counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.utils import timezone

from shop.models import Product, Variant
from support.ml.triage import sku_candidates
from support.models import Intent, Message, MessageKind

CHUNK = 2_000
LONGEST_NAME = 12  # words; of Chinese, characters times two
SHORTEST_NAME = 4  # characters: a shorter name stands in many texts by chance


def asked_back(begins_at: datetime, ends_at: datetime) -> dict[tuple[int, date], int]:
    """(variant, local day) → people who asked for it that day in tickets about what is back in stock.

    A SKU counts that the text names, and the SKU of a product that it names in full, where that has
    one SKU alone: more would be a guess. Who asks twice on a day counts once. Nobody's words are kept.
    """
    names = _single_skus()
    asked: set[tuple[int, date, str]] = set()
    for rows in _chunks(begins_at, ends_at):
        skus = {sku for *_rest, text in rows for sku in sku_candidates(text)}
        known = dict(Variant.objects.filter(sku__in=skus).values_list("sku", "pk"))
        for who, at, text in rows:
            day = timezone.localtime(at).date()
            named = {known[sku] for sku in sku_candidates(text) if sku in known}
            named |= {names[part] for part in _parts(text) if part in names}
            asked |= {(variant, day, who) for variant in named}
    counted: dict[tuple[int, date], int] = {}
    for variant, day, _who in asked:
        counted[variant, day] = counted.get((variant, day), 0) + 1
    return counted


def _chunks(begins_at: datetime, ends_at: datetime) -> Iterator[list[tuple[str, datetime, str]]]:
    """(who, when, text) of what customers wrote in such tickets, a bounded number at a time."""
    found = Message.objects.filter(
        kind=MessageKind.INBOUND,
        ticket__intent=Intent.RESTOCK,
        written_at__gte=begins_at,
        written_at__lt=ends_at,
    ).order_by("pk")
    rows = []
    for ticket, customer, email, subject, body, at in found.values_list(
        "ticket_id", "ticket__customer_id", "ticket__email", "ticket__subject", "body", "written_at"
    ).iterator(CHUNK):
        who = f"customer {customer}" if customer else email.casefold() or f"ticket {ticket}"
        rows.append((who, at, f"{subject}\n{body}"))
        if len(rows) == CHUNK:
            yield rows
            rows = []
    if rows:
        yield rows


def _single_skus() -> dict[str, int]:
    """A product's name in either language → its SKU, where both are the only ones."""
    found = Product.objects.filter(state=Product.State.ACTIVE).values_list(
        "pk", "name", "name_zh", "variants"
    )
    skus: dict[int, set[int]] = {}
    products: dict[str, set[int]] = {}
    for product, name, name_zh, variant in found.order_by().iterator(CHUNK):
        if variant is not None:
            skus.setdefault(product, set()).add(variant)
            for said in (_plain(name), _plain(name_zh)):
                if len(said) >= SHORTEST_NAME:
                    products.setdefault(said, set()).add(product)
    return {
        said: next(iter(skus[product]))
        for said, mine in products.items()
        if len(mine) == 1 and len(skus[product := next(iter(mine))]) == 1
    }


def _plain(text: str) -> str:
    """One spelling: NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _parts(text: str) -> Iterable[str]:
    """Every run of words, or of characters where words are not parted, that could be a name."""
    words = "".join(c if c.isalnum() or c in "-'" else " " for c in _plain(text)).split()
    for first in range(len(words)):
        for last in range(first + 1, min(first + LONGEST_NAME, len(words)) + 1):
            yield " ".join(words[first:last])
    for word in words:
        if not word.isascii():
            for first in range(len(word)):
                for last in range(
                    first + SHORTEST_NAME, min(first + 2 * LONGEST_NAME, len(word)) + 1
                ):
                    yield word[first:last]
