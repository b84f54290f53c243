"""What a request asks of PostgreSQL, in statements whose plans the connection keeps.

By hand, and several in one journey: the queryset API needs longer to write these statements than the
database to answer them, and every plan would be made anew (docs/recommendations.md, Serving).
SQLite is asked through the queryset API (reading.py, gates.py); a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from recommendations.frames import LATECOMERS
from shop.models import OrderState, PriceKind, Purpose
from shop.models.stock import FLASH_SALE
from shop.services.prices import RANK

TYPES = {
    "customer": "bigint",
    "code": "text",
    "visitor": "text",
    "at": "timestamptz",
    "most": "integer",
    "shown": "integer",
    "skus": "text[]",
    "number": "text",
    "ids": "bigint[]",
    "channel": "bigint",
    "facts": "boolean",
}
# Whose request it is: the customer named, else whose browser it is now. Once in each statement: the
# planner would ask it anew at every place.
CUSTOMER = "COALESCE(:customer, (SELECT id FROM shop_customer WHERE code = :code))"
VISITOR = """COALESCE(:customer, (SELECT id FROM shop_customer WHERE code = :code),
    (SELECT customer_id FROM shop_visitorlink WHERE visitor = :visitor AND linked_at < :at
     ORDER BY linked_at DESC, id DESC LIMIT 1))"""

LIVE = """
SELECT p.run_id, r.artefact_sha256
FROM decisions_liveperiod p JOIN decisions_modelrun r ON r.id = p.run_id
WHERE p.task = 'recommender' AND p.ended_at IS NULL"""

# Whether anything may read otherwise than when her list was made: `frames.changed_customers` of one
# customer, and orders of which a rest was cancelled. What was under way at the reading counts too.
_LATE = f"interval '{LATECOMERS.total_seconds():.0f} seconds'"
_SINCE = f"LEAST(l.published_at, d.data_until) - {_LATE}"
_NOTICED = "e.kind IN ('view', 'cart_add') AND e.consent AND e.received_at >= since.at AND e.received_at < :at"
_NEWS = f"""
word.recorded_at >= since.at
OR EXISTS (SELECT 1 FROM shop_order o WHERE o.customer_id = c.id AND (
    o.placed_at >= since.at OR o.created_at >= since.at OR EXISTS (
        SELECT 1 FROM shop_ordertransition t WHERE t.order_id = o.id AND t.at >= since.at
        AND (t.to_state = '{OrderState.CANCELLED}' OR t.from_state = '{OrderState.PART_SHIPPED}'))))
OR word.granted AND (
    EXISTS (SELECT 1 FROM shop_event e WHERE e.customer_id = c.id AND {_NOTICED})
    OR EXISTS (SELECT 1 FROM shop_visitorlink k WHERE k.customer_id = c.id AND (
        k.linked_at >= since.at OR EXISTS (
            SELECT 1 FROM shop_event e WHERE e.visitor = k.visitor AND e.visitor <> ''
            AND e.customer_id IS NULL AND {_NOTICED}))))"""

# One row, with nothing of her where nobody is known.
_PERSON = f"""
SELECT live.run_id, live.artefact_sha256, c.id, c.code, l.run_id,
       LEAST(l.published_at, d.data_until), l.products, word.granted,
       CASE WHEN l.because IS NOT NULL THEN COALESCE({_NEWS}, false) END, d.hide_bought_days
FROM (SELECT WHO AS id OFFSET 0) who LEFT JOIN shop_customer c ON c.id = who.id
LEFT JOIN (recommendations_publishedlist l
    JOIN recommendations_listpublication d ON d.run_id = l.run_id) ON l.customer_id = c.id
LEFT JOIN LATERAL (SELECT {_SINCE} AS at OFFSET 0) since ON true
LEFT JOIN LATERAL (
    SELECT granted, recorded_at FROM shop_consent WHERE customer_id = c.id
    AND purpose = '{Purpose.PERSONALISATION}' AND recorded_at <= :at
    ORDER BY recorded_at DESC, id DESC LIMIT 1) word ON true
LEFT JOIN ({LIVE}) live ON true"""

_SOLD_TO_HER = """
FROM shop_order o JOIN shop_orderline l ON l.order_id = o.id
JOIN shop_variant v ON v.id = l.variant_id JOIN shop_product p ON p.id = v.product_id
WHERE o.customer_id = (SELECT id FROM who) AND o.placed_at < :at AND o.state <> 'cancelled'
  AND l.kind = 'item' AND l.units > l.cancelled_units"""
_PURCHASES = f"""
SELECT v.product_id, extract(epoch FROM o.placed_at)::float8, p.name, p.name_zh, p.category_id,
       'purchase', ''
{_SOLD_TO_HER} ORDER BY o.placed_at DESC, l.id DESC LIMIT :most"""

# As EventQuerySet.of_customer, and what a visitor did whom nobody has named. Each part reads its newest
# rows alone, by their index: a browser in a shop window has fifty thousand. While a browser is hers is found
# once a link, not once an event; the first customer of a browser owns what came before, too.
_NEWEST = """
    SELECT v.product_id, g.received_at, g.kind, g.session, g.id
    FROM shop_event g JOIN shop_variant v ON v.id = g.variant_id
    WHERE g.kind IN ('view', 'cart_add') AND g.consent AND g.received_at < :at AND {}
    ORDER BY g.received_at DESC, g.id DESC LIMIT :most"""
_SPANS = """
    SELECT k.visitor, CASE WHEN EXISTS (
            SELECT 1 FROM shop_visitorlink b WHERE b.visitor = k.visitor
            AND (b.linked_at, b.id) < (k.linked_at, k.id)) THEN k.linked_at ELSE '-infinity' END AS begins,
        COALESCE((SELECT n.linked_at FROM shop_visitorlink n WHERE n.visitor = k.visitor
            AND n.linked_at < :at AND (n.linked_at, n.id) > (k.linked_at, k.id)
            ORDER BY n.linked_at, n.id LIMIT 1), 'infinity') AS ends
    FROM shop_visitorlink k WHERE k.customer_id = (SELECT id FROM who) AND k.linked_at < :at
    ORDER BY k.linked_at DESC, k.id DESC LIMIT :most"""
_GUEST = "g.visitor = {} AND g.visitor <> '' AND g.customer_id IS NULL"
_IN_SPAN = _GUEST.format("span.visitor") + (
    " AND g.received_at >= span.begins AND g.received_at < span.ends"
)
_OF_CUSTOMER = f"""
    ({_NEWEST.format("g.customer_id = (SELECT id FROM who)")})
    UNION ALL
    SELECT theirs.* FROM ({_SPANS}) span CROSS JOIN LATERAL ({_NEWEST.format(_IN_SPAN)}) theirs"""
_OF_NOBODY = f"""
    UNION ALL
    ({_NEWEST.format(f"(SELECT id FROM who) IS NULL AND {_GUEST.format(':visitor')}")})"""


def _history(who: str, events: str) -> str:
    """What she bought, newest first, then what she looked at, newest first."""
    return f"""
WITH who AS MATERIALIZED (SELECT {who} AS id)
({_PURCHASES})
UNION ALL
(SELECT e.product_id, extract(epoch FROM e.received_at)::float8, p.name, p.name_zh, p.category_id,
        e.kind, e.session
 FROM ({events}) e JOIN shop_product p ON p.id = e.product_id
 ORDER BY e.received_at DESC, e.id DESC LIMIT :most)"""


def _bought(who: str) -> str:
    """All that she ever bought, and when last."""
    return f"""
WITH who AS MATERIALIZED (SELECT {who} AS id)
SELECT v.product_id, extract(epoch FROM max(o.placed_at))::float8 {_SOLD_TO_HER} GROUP BY v.product_id"""


NAMED = """
SELECT v.sku, v.product_id, p.category_id, p.name, p.name_zh
FROM shop_variant v JOIN shop_product p ON p.id = v.product_id WHERE v.sku = ANY(:skus)"""

ORDERED = """
SELECT v.product_id, p.category_id, p.name, p.name_zh
FROM shop_order o JOIN shop_orderline l ON l.order_id = o.id
JOIN shop_variant v ON v.id = l.variant_id JOIN shop_product p ON p.id = v.product_id
WHERE o.number = :number ORDER BY l.position LIMIT :most"""

_RANK = " ".join(f"WHEN '{kind}' THEN {rank}" for kind, rank in RANK.items())
_FREE = "sum(s.on_hand - s.allocated - s.reserved - s.ring_fenced)"
# Uncorrelated on purpose: holds are few, so the database hashes them once for all SKUs; asked of each
# SKU it reads the small table again every time, two fifths of the whole statement with a hundred holds.
_STANDS = "h.began_at <= :at AND (h.ended_at IS NULL OR h.ended_at > :at)"
_HELD = f"""SELECT h.variant_id FROM shop_sellinghold h WHERE {_STANDS}
        UNION ALL SELECT k.kit_id FROM shop_kitcomponent k
        JOIN shop_sellinghold h ON h.variant_id = k.component_id WHERE {_STANDS}"""
# The quota of a flash sale that a SKU may be sold from. OFFSET 0, here and below: once a SKU.
_FENCE = f"""
    CROSS JOIN LATERAL (SELECT (
        SELECT f.id FROM shop_ringfence f WHERE f.variant_id = v.id AND f.released_at IS NULL
        AND f.units_left > 0 AND (f.ends_at IS NULL OR f.ends_at > :at)
        AND starts_with(f.purpose, '{FLASH_SALE}') ORDER BY f.units_left DESC, f.id LIMIT 1
    ) AS id OFFSET 0) fence"""


def _offer(*, in_flash_sale: bool) -> str:
    """The best SKU of one product of the `pool` that can be sold now. An inner LIMIT and an outer one:
    the database stops at the first so many products that pass, and looks at no others."""
    fence, quota, or_quota, sale = "", "NULL::bigint", "", ""
    if in_flash_sale:
        fence, quota, or_quota = _FENCE, "fence.id", " OR fence.id IS NOT NULL"
        sale = f"AND price.kind = '{PriceKind.FLASH}'"
    return f"""
CROSS JOIN LATERAL (
    SELECT v.sku, p.name, p.name_zh, price.amount_minor, price.currency, p.category_id, p.brand_id,
           v.cost_minor, CASE WHEN :facts THEN p.attributes || v.attributes END, {quota}
    FROM shop_product p JOIN shop_variant v ON v.product_id = p.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (SELECT 1 FROM shop_kitcomponent k WHERE k.kit_id = v.id)
            THEN (SELECT min(COALESCE((SELECT {_FREE} FROM shop_stocklevel s
                                       WHERE s.variant_id = k.component_id), 0)::bigint / k.units)
                  FROM shop_kitcomponent k JOIN shop_variant c ON c.id = k.component_id
                  WHERE k.kit_id = v.id AND c.tracks_stock)
            ELSE (SELECT {_FREE} FROM shop_stocklevel s WHERE s.variant_id = v.id)::bigint
        END AS units OFFSET 0) free
    CROSS JOIN LATERAL (
        SELECT amount_minor, currency, kind FROM shop_price
        WHERE variant_id = v.id AND valid_from <= :at AND (valid_until IS NULL OR valid_until > :at)
          AND (channel_id IS NULL OR channel_id = :channel)
        ORDER BY CASE kind {_RANK} END, channel_id NULLS LAST, valid_from DESC, id DESC LIMIT 1
    ) price{fence}
    WHERE p.id = pool.id AND p.state = 'active' AND v.is_active
      AND (free.units > 0 OR NOT v.tracks_stock{or_quota}) {sale}
      AND v.id NOT IN ({_HELD})
    ORDER BY COALESCE(free.units, 0) DESC, v.sku LIMIT 1
) offer
ORDER BY pool.place LIMIT :shown"""


_GIVEN = """
SELECT pool.id, offer.* FROM (
    SELECT id, place FROM unnest(:ids) WITH ORDINALITY AS given (id, place) ORDER BY place
) pool"""

# With each product what speaks most for it, and that one's names.
_LISTED = f"""
SELECT pool.id, offer.*, pool.because, b.name, b.name_zh FROM (
    SELECT given.id::bigint, given.because::bigint, given.place FROM recommendations_publishedlist l
    CROSS JOIN LATERAL ROWS FROM (
        jsonb_array_elements_text(l.products), jsonb_array_elements_text(l.because)
    ) WITH ORDINALITY AS given (id, because, place)
    WHERE l.customer_id = (SELECT WHO) ORDER BY given.place
) pool LEFT JOIN shop_product b ON b.id = abs(pool.because) {_offer(in_flash_sale=False)}"""

# Of somebody who is named as a customer, and of somebody of whom a browser is known.
STATEMENTS = {
    "live": LIVE,
    "customer": _PERSON.replace("WHO", CUSTOMER),
    "visitor": _PERSON.replace("WHO", VISITOR),
    "customer_history": _history(CUSTOMER, _OF_CUSTOMER),
    "visitor_history": _history(VISITOR, _OF_CUSTOMER + _OF_NOBODY),
    "customer_bought": _bought(CUSTOMER),
    "visitor_bought": _bought(VISITOR),
    "customer_listed": _LISTED.replace("WHO", CUSTOMER),
    "visitor_listed": _LISTED.replace("WHO", VISITOR),
    "named": NAMED,
    "ordered": ORDERED,
    "offers": _GIVEN + _offer(in_flash_sale=False),
    "flash_offers": _GIVEN + _offer(in_flash_sale=True),
}
_NEEDS_NO_QUOTING = re.compile(r"[\w.:@+ -]*\Z", re.ASCII)
_MARK = re.compile(r"(?<!:):([a-z]+)")
NAMES = {name: list(dict.fromkeys(_MARK.findall(sql))) for name, sql in STATEMENTS.items()}
EXECUTE = {
    name: f"EXECUTE backroom_{name}"
    + (f"({', '.join(f'{{{n}}}' for n in names)})" if names else "")
    for name, names in NAMES.items()
}
_prepared: WeakSet[Any] = WeakSet()  # connections that have the plans


def journey(*asked: str, **values: Any) -> list[list[tuple]]:
    """The rows of each statement asked for, in one way to PostgreSQL and back.

    values: what the statements' marks stand for; a mark without a value is NULL. A kept connection is
    not asked first whether it is still there, which would be a second way: where it is not, nothing
    was written yet and a new one is asked the same.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]  # looked up once: a lookup is no small part of this
    if here.in_atomic_block or here.health_check_done:
        return _journey(here, asked, values)
    here.health_check_done = True
    try:
        return _journey(here, asked, values)
    except OperationalError:
        if here.is_usable():
            raise
        here.close()
        return _journey(here, asked, values)


def _journey(here: Any, asked: Sequence[str], values: Mapping[str, Any]) -> list[list[tuple]]:
    with here.cursor() as cursor:
        if keeps_plans(here):
            _prepare(here, cursor)
            cursor.execute(_executed(here, asked, values))
        else:
            given = [values.get(m) for name in asked for m in _MARK.findall(STATEMENTS[name])]
            cursor.execute(";".join(_plain(name) for name in asked), given)
        rows = [cursor.fetchall()]
        while cursor.nextset():
            rows.append(cursor.fetchall())
    return rows


def _executed(here: Any, asked: Sequence[str], values: Mapping[str, Any]) -> str:
    """The text of the journey. Each value is written as a literal once: most statements ask for the
    same four, and the driver would do it anew for each of their places."""
    marks = {mark for name in asked for mark in NAMES[name]}
    literals = {mark: _literal(here, values.get(mark)) for mark in marks}
    return ";".join(EXECUTE[name].format_map(literals) for name in asked)


def _literal(here: Any, value: Any) -> str:
    """The driver's own quoting takes as long as a short statement: what needs none goes past it."""
    if value is None:
        return "NULL"
    if isinstance(value, str) and _NEEDS_NO_QUOTING.match(value):
        return f"'{value}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'"
    if isinstance(value, list) and (array := _array(value)):
        return array
    from psycopg.sql import quote  # not where SQLite is all there is

    return quote(value, here.connection)


def _array(values: list[Any]) -> str:
    """The driver quotes each element for itself; empty where one of them needs it."""
    if values and isinstance(values[0], int):
        return f"'{{{','.join(map(int.__repr__, values))}}}'"  # raises at what is no whole number
    if all(isinstance(value, str) and _NEEDS_NO_QUOTING.match(value) for value in values):
        return f"""'{{"{'","'.join(values)}"}}'""" if values else "'{}'"
    return ""


def keeps_plans(here: Any) -> bool:
    """Not behind a pooler that hands each transaction another connection, which is what this
    setting is for: https://docs.djangoproject.com/en/5.2/ref/databases/#transaction-pooling"""
    return not here.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")


def _prepare(here: Any, cursor: Any) -> None:
    if here.connection in _prepared:
        return
    # One plan for all values: these are looked up by key, and planning costs more than running.
    texts = ["SET plan_cache_mode = force_generic_plan"]
    for name, sql in STATEMENTS.items():
        types = ", ".join(TYPES[mark] for mark in NAMES[name])
        body = _MARK.sub(partial(_number, NAMES[name]), sql)
        texts.append(f"PREPARE backroom_{name}{f' ({types})' if types else ''} AS {body}")
    cursor.execute(";".join(texts))
    _prepared.add(here.connection)


def _number(names: list[str], found: re.Match[str]) -> str:
    return f"${names.index(found[1]) + 1}"


def _plain(name: str) -> str:
    return _MARK.sub(lambda found: f"%s::{TYPES[found[1]]}", STATEMENTS[name].replace("%", "%%"))
