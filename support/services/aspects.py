"""The night reads what reviews and customers' messages speak of; each text once by each reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from decisions.jobs import Progress
from language.aspects import Mention, mentions_of, reader_version
from shop.models import OrderLine, Review
from support.models import AspectMention, Message, MessageKind, TextReading

BATCH = 200
MOST_A_NIGHT = 10_000  # some ten minutes; the rest follows the next night
MOST_CHARACTERS = 20_000


def read_aspects(progress: Progress, as_of: datetime, *, most: int = MOST_A_NIGHT) -> dict:
    """Newest first, in batches that are kept one by one: a killed night goes on where it stopped."""
    version = reader_version()
    unread = Q(reading__isnull=True) | ~Q(reading__version=version)
    reviews = Review.objects.filter(unread, written_at__lt=as_of)
    messages = Message.objects.filter(unread, kind=MessageKind.INBOUND, written_at__lt=as_of)
    review_ids = list(reviews.order_by("-written_at", "-pk").values_list("pk", flat=True)[:most])
    left = most - len(review_ids) // 2
    message_ids = list(messages.order_by("-written_at", "-pk").values_list("pk", flat=True)[:left])
    total, done, found = len(review_ids) + len(message_ids), 0, 0
    for ids, read in ((review_ids, _read_reviews), (message_ids, _read_messages)):
        for start in range(0, len(ids), BATCH):
            progress(done, total)
            found += read(progress, ids[start : start + BATCH], version)
            done += len(ids[start : start + BATCH])
    progress(total, total)
    return {"reviews": len(review_ids), "messages": len(message_ids), "mentions": found}


def text_of(review: Review) -> str:
    """What a review's places count in: title, line break, body."""
    return f"{review.title}\n{review.body}"[:MOST_CHARACTERS]


def _read_reviews(progress: Progress, ids: Sequence[int], version: str) -> int:
    reviews = list(Review.objects.filter(pk__in=ids))
    found = mentions_of([text_of(review) for review in reviews])
    with transaction.atomic():
        progress.still_mine()
        TextReading.objects.filter(review__in=ids).delete()
        readings = [TextReading(review=review, version=version) for review in reviews]
        products = [review.product_id for review in reviews]
        return _write(readings, found, products, [review.written_at for review in reviews])


def _read_messages(progress: Progress, ids: Sequence[int], version: str) -> int:
    messages = list(Message.objects.filter(pk__in=ids).select_related("ticket"))
    found = mentions_of([message.body[:MOST_CHARACTERS] for message in messages])
    only = _only_products({m.ticket.order_id for m in messages if m.ticket.order_id})
    with transaction.atomic():
        progress.still_mine()
        TextReading.objects.filter(message__in=ids).delete()
        readings = [TextReading(message=message, version=version) for message in messages]
        products = [only.get(message.ticket.order_id or 0) for message in messages]
        return _write(readings, found, products, [message.written_at for message in messages])


def _only_products(orders: set[int]) -> dict[int, int]:
    """order → its product, where it has one only: of two nobody knows which is meant."""
    pairs = OrderLine.objects.filter(order__in=orders).order_by()
    products: dict[int, set[int]] = {}
    for order, product in pairs.values_list("order", "variant__product").distinct():
        if product is not None:
            products.setdefault(order, set()).add(product)
    return {order: min(found) for order, found in products.items() if len(found) == 1}


def _write(
    readings: list[TextReading],
    found: list[list[Mention]],
    products: Sequence[int | None],
    written: Sequence[datetime],
) -> int:
    TextReading.objects.bulk_create(readings)
    mentions = [
        AspectMention(
            reading=reading,
            product_id=product,
            aspect=mention.aspect,
            polarity=mention.polarity,
            confidence=round(mention.confidence, 4),
            start=mention.start,
            end=mention.end,
            written_at=at,
        )
        for reading, row, product, at in zip(readings, found, products, written, strict=True)
        for mention in row
    ]
    return len(AspectMention.objects.bulk_create(mentions, batch_size=1000))
