"""What answers of ours have shown where, of the receipts that events name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from django.db import connection
from django.db.models import Func, JSONField
from django.db.models.fields.json import KT

from decisions.models import Decision
from recommendations.ml.people import codes_of
from recommendations.models import KIND
from shop.services.events.event_rows import as_array

CHUNK = 5_000
CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHOWN = """
SELECT d.id::text, d.inputs->>'placement',
       jsonb_path_query_array(d.output, '$.items[*].product_id')::text
FROM decisions_decision d WHERE d.id = ANY(%s::uuid[]) AND d.kind = %s ORDER BY d.id"""


@dataclass(frozen=True)
class Answers:
    """Answers of ours, and what each showed where: entries in order of (answer, product).

    answer: index into receipts. product, position: int64, one per entry.
    """

    receipts: list[str]
    placements: list[str]
    answer: np.ndarray
    product: np.ndarray
    position: np.ndarray

    def place_of(self, answer: np.ndarray, product: np.ndarray) -> np.ndarray:
        """int64 per event: which entry it is of, −1 for none."""
        keys, number = np.unique(self.product, return_inverse=True)
        if not len(keys):
            return np.full(len(answer), -1, dtype=np.int64)
        mine = self.answer * len(keys) + number
        known = np.minimum(np.searchsorted(keys, product), len(keys) - 1)
        wanted = np.where((answer >= 0) & (keys[known] == product), answer * len(keys) + known, -1)
        found = np.minimum(np.searchsorted(mine, wanted), len(mine) - 1)
        return np.where(mine[found] == wanted, found, -1)


def answers_of(texts: list[str]) -> tuple[Answers, np.ndarray]:
    """What the receipts that events name have shown; per event the answer, or why there is none."""
    known: dict[str, int] = {}
    code = codes_of([str(text) for text in texts], known)
    named = [_receipt(text) for text in known]
    wanted = list(dict.fromkeys(one for one in named if one))
    receipts: dict[str, int] = {}
    placements: list[str] = []
    shown: list[list[int]] = []
    for receipt, placement, product_ids in _shown_by(wanted):
        receipts[receipt] = len(placements)
        placements.append(placement)
        shown.append(product_ids)
    answer = np.array([receipts.get(one, -1) if one else -2 for one in named], dtype=np.int64)
    found = Answers(list(receipts), placements, *_entries(shown))
    return found, answer[code] if len(code) else code


def _entries(shown: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(answer, product, position), in order of the first two; what an answer holds twice is there
    once, in its last place."""
    counts = np.array([len(one) for one in shown], dtype=np.int64)
    answer = np.repeat(np.arange(len(shown)), counts)
    product = np.fromiter(chain.from_iterable(shown), dtype=np.int64, count=int(counts.sum()))
    position = np.arange(1, len(answer) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
    order = np.lexsort((position, product, answer))
    answer, product, position = answer[order], product[order], position[order]
    again = (answer[1:] == answer[:-1]) & (product[1:] == product[:-1])
    last = np.append(~again, True)[: len(answer)]
    return answer[last], product[last], position[last]


def _receipt(text: str) -> str | None:
    """As a receipt's key is written; None for what is none."""
    if CANONICAL.fullmatch(text):
        return text
    try:
        return str(UUID(text))
    except ValueError:
        return None


class ProductsShown(Func):
    """The product keys of an answer in its order, without the rest of what its receipt says."""

    output_field = JSONField()
    template = "jsonb_path_query_array(%(expressions)s, '$.items[*].product_id')"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "(SELECT json_group_array(json_extract(item.value, '$.product_id'))"
            " FROM json_each(%(expressions)s, '$.items') AS item)"
        )
        return self.as_sql(compiler, connection, template=template, **context)


def _shown_by(receipts: list[str]) -> Iterable[tuple[str, str, list[int]]]:
    """(receipt, placement, products in order) of those that are answers of ours, by their key."""
    if connection.vendor == "postgresql":
        # By hand: one list of keys, not a mark for each, which takes longer to spell than to answer.
        with connection.cursor() as cursor:
            cursor.execute(SHOWN, [as_array(receipts), KIND])
            rows = cursor.fetchall()
        return [(key, place, msgspec.json.decode(shown)) for key, place, shown in rows]
    found = Decision.objects.filter(kind=KIND).order_by("pk")
    named = found.annotate(place=KT("inputs__placement"), shown=ProductsShown("output"))
    return [
        (str(key), place, shown)
        for start in range(0, len(receipts), CHUNK)
        for key, place, shown in named.filter(pk__in=receipts[start : start + CHUNK]).values_list(
            "pk", "place", "shown"
        )
    ]
