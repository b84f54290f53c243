"""Counts of praise and blame per aspect, product and month; and the texts behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from shop.models import Product
from support.ml.shares import FLOOR, Share, share_of
from support.models import Aspect, AspectMention, Polarity
from support.services.aspects import text_of

MONTHS = 6
MOST_PAIRS = 2000


@dataclass(frozen=True)
class AspectLine:
    """Share of blame among praise and blame: over all months, and in each, oldest first."""

    aspect: str
    name: str
    total: Share
    months: list[tuple[date, Share]]


@dataclass(frozen=True)
class ProductLine:
    product: Product
    aspect: str
    name: str
    share: Share


def opinions(*, with_tickets: bool, product: Product | None = None) -> QuerySet[AspectMention]:
    """Praise and blame; of tickets only for those who may read tickets."""
    rows = AspectMention.objects.exclude(polarity=Polarity.NEUTRAL).order_by()
    if not with_tickets:
        rows = rows.filter(reading__review__isnull=False)
    return rows if product is None else rows.filter(product=product)


def months_until(now: datetime) -> list[date]:
    """First days of the last six months, this one the last."""
    first = timezone.localtime(now).date().replace(day=1)
    found = [first]
    while len(found) < MONTHS:
        year, month = divmod(found[0].year * 12 + found[0].month - 2, 12)
        found.insert(0, date(year, month + 1, 1))
    return found


def month_start(month: date) -> datetime:
    return timezone.make_aware(datetime.combine(month, time()))


def aspect_lines(rows: QuerySet[AspectMention], months: list[date]) -> list[AspectLine]:
    """All eight aspects, one query."""
    counts: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    found = (
        rows.filter(written_at__gte=month_start(months[0]))
        .annotate(month=TruncMonth("written_at"))
        .values_list("aspect", "month")
        .annotate(n=Count("pk"), blame=_blame())
    )
    for aspect, month, n, blame in found:
        cell = counts[aspect, month.date()]
        cell[0] += blame
        cell[1] += n
    return [
        AspectLine(
            aspect,
            str(name),
            share_of(
                sum(counts[aspect, month][0] for month in months),
                sum(counts[aspect, month][1] for month in months),
            ),
            [(month, share_of(*counts[aspect, month])) for month in months],
        )
        for aspect, name in Aspect.choices
    ]


def product_lines(rows: QuerySet[AspectMention], months: list[date]) -> list[ProductLine]:
    """Products and aspects with enough opinions, surest blame first: by the interval's lower end."""
    found = (
        rows.filter(written_at__gte=month_start(months[0]), product__isnull=False)
        .values_list("product", "aspect")
        .annotate(n=Count("pk"), blame=_blame())
        .filter(n__gte=FLOOR, blame__gt=0)
        .order_by("-blame", "product", "aspect")[:MOST_PAIRS]
    )
    pairs = list(found)
    products = Product.objects.in_bulk({product for product, *_rest in pairs})
    names = dict(Aspect.choices)
    lines = [
        ProductLine(products[product], aspect, str(names[aspect]), share_of(blame, n))
        for product, aspect, n, blame in pairs
    ]
    return sorted(lines, key=lambda line: (-(line.share.low or 0.0), -line.share.n, line.aspect))


def quoted(mentions: Iterable[AspectMention]) -> list[dict]:
    """Each with its text cut in three: before, the clause, after; `reading` must be joined."""
    found = []
    for mention in mentions:
        reading = mention.reading
        text = text_of(reading.review) if reading.review else reading.message.body
        before, after = text[: mention.start], text[mention.end :]
        found.append(
            {
                "mention": mention,
                "before": before[-240:].lstrip(),
                "clause": text[mention.start : mention.end],
                "after": after[:240],
                "is_cut": len(before) > 240 or len(after) > 240,
            }
        )
    return found


def _blame() -> Count:
    return Count("pk", filter=Q(polarity=Polarity.NEGATIVE))
