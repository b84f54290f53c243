"""Every customer's best products by the live model, written in one stream and kept fresh.

Nothing is written for who refused personalisation or of whom nothing usable is known; what was
written before is taken away. A run that died is simply run again: the record of what is published
is gone while it is being written.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.models import Job, JobState
from decisions.text import SentenceError, sentence
from recommendations.frames import changed_customers, refused_customers, shop_interactions
from recommendations.ml.batch import Scorer, lists_in_blocks
from recommendations.ml.interactions import Histories, interactions
from recommendations.ml.reasons import can_say, reasons_of_lists
from recommendations.ml.sources import Popular
from recommendations.models import ListPublication, ListWriter, Placement, PublishedList
from recommendations.services.live_model import Serving, serving_model
from recommendations.services.readings import Reading, forget, read_history
from recommendations.services.repeats import again_of_items, still_hidden
from shop.models import Customer
from shop.services.events.event_rows import among

LISTED_FOR = "home"  # whose days without what was bought the lists keep to
MOST = 50  # products per list: what the largest request asks for
# Rows in one transaction: other writers wait that long on SQLite, not at all on PostgreSQL.
ROWS = {"postgresql": 8_192, "sqlite": 1_000}
WRITER = "lists"
UNDER_WAY = [JobState.QUEUED, JobState.RUNNING]
NO_MODEL = gettext_noop("No model serves that knows persons apart.")
NOT_YET = gettext_noop(
    "The lists of the model that serves are not written yet: the night does that."
)
OVERTAKEN = gettext_noop("A newer writing of lists has begun; it writes these too.")
UNCHANGED = gettext_noop("The model and what it reads are the same as at the last time.")

EMPTY_STAGING = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS list_staging"
    " (customer_id bigint, products jsonb, because jsonb) ON COMMIT DELETE ROWS"
)
STAGE = "COPY list_staging (customer_id, products, because) FROM STDIN"
NOTHING = "\\N"  # as COPY reads it
# The customer's row is held until the commit: she may be erased at this moment.
KEEP_STAGED = (
    "INSERT INTO recommendations_publishedlist"
    " (customer_id, run_id, products, because, published_at)"
    " SELECT c.id, %s, s.products, s.because, %s FROM list_staging s"
    " JOIN shop_customer c ON c.id = s.customer_id FOR KEY SHARE OF c"
    " ON CONFLICT (customer_id) DO UPDATE SET run_id = EXCLUDED.run_id,"
    " products = EXCLUDED.products, because = EXCLUDED.because,"
    " published_at = EXCLUDED.published_at"
)


class Written(NamedTuple):
    """Customer keys and each one's product keys, with what speaks for them where that is said."""

    customers: np.ndarray
    products: list[list[int]]
    because: list[list[int] | None]


class NothingToListError(SentenceError):
    """No lists can or need be written; `sentence` says why."""


@dataclass(frozen=True)
class _Asked:
    """One writing. customers: whose lists; None: everybody's. began_at: on the wall's clock.
    hide_bought_days: of what was bought, where nothing is learnt or said of the product.

    still_mine: called first in every transaction; token: asked for right after it.
    """

    model: Serving
    as_of: datetime
    began_at: datetime
    token: str
    still_mine: Callable[[], None]
    customers: set[int] | None = None
    hide_bought_days: int | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction of this writing. Raises NothingToListError once another has begun."""
        with transaction.atomic():
            self.still_mine()
            if not _holds(self.token):
                raise NothingToListError(sentence(OVERTAKEN))
            yield


def no_check() -> None:
    """What a caller without a lease passes for `still_mine`."""


def publish_lists(as_of: datetime, still_mine: Callable[[], None] = no_check) -> dict:
    """Everybody's lists once per model, then only those of customers of whom something changed.

    still_mine: called first in every transaction. Raises NothingToListError.
    """
    model = serving_model()
    if model is None or not _knows_persons(model):
        with transaction.atomic():
            still_mine()
            _take_over()
            _let_go()
            PublishedList.objects.all().delete()
            ListPublication.objects.all().delete()
        raise NothingToListError(sentence(NO_MODEL))
    row = Placement.objects.filter(code=LISTED_FOR)
    days = row.values_list("hide_bought_days", flat=True).first()
    known = ListPublication.objects.filter(run=model.run).first()
    if known and known.hide_bought_days == days:
        return refresh_lists(as_of, still_mine)
    with transaction.atomic():
        still_mine()
        token = _take_over()
        ListPublication.objects.all().delete()
    reading = read_history(as_of)
    forget()
    asked = _Asked(model, as_of, reading.read_at, token, still_mine, hide_bought_days=days)
    found = _write_lists(asked, reading)
    with asked.writing():
        PublishedList.objects.exclude(published_at=asked.began_at).delete()
        _record(asked)
        _let_go()
    return found


def refresh_lists(as_of: datetime, still_mine: Callable[[], None] = no_check) -> dict:
    """Fold in the customers of whom something changed since the lists were written.

    Raises NothingToListError when nothing did, or when the live model's lists are not written yet.
    """
    model = serving_model()
    known = ListPublication.objects.filter(run=model.run).first() if model else None
    if model is None or known is None:
        raise NothingToListError(sentence(NOT_YET))
    began_at = timezone.now()
    changed = changed_customers(known.data_until, known.read_at, as_of)
    if not changed:
        raise NothingToListError(sentence(UNCHANGED))
    with transaction.atomic():
        still_mine()
        token = _take_over()
        if not ListPublication.objects.filter(run=model.run).exists():  # everybody's are begun
            raise NothingToListError(sentence(NOT_YET))
    asked = _Asked(model, as_of, began_at, token, still_mine, changed, known.hide_bought_days)
    reading = Reading(as_of, began_at, shop_interactions(as_of, changed))
    found = _write_lists(asked, reading)
    with asked.writing():
        theirs = PublishedList.objects.filter(customer_id__in=among(changed))
        theirs.exclude(published_at=began_at).delete()
        _record(asked)
        _let_go()
    return found


def _take_over() -> str:
    """A new token, in the caller's transaction: what another wrote is visible by then, and it writes
    nothing after this."""
    token = secrets.token_hex(16)
    writer, held = (
        ListWriter.objects.filter(name=WRITER),
        {"token": token, "began_at": timezone.now()},
    )
    if not writer.update(**held):  # the first writing of a shop
        ListWriter.objects.get_or_create(name=WRITER, defaults=held)
        writer.update(**held)
    return token


def _let_go() -> None:
    """Nobody writes any more, in the caller's transaction."""
    ListWriter.objects.filter(name=WRITER).update(token="")


def _holds(token: str) -> bool:
    """Whether this writing is the newest; holds the row until the commit."""
    return ListWriter.objects.select_for_update().filter(name=WRITER, token=token).exists()


def refresh_or_say_why(as_of: datetime, still_mine: Callable[[], None]) -> dict:
    """The job's result: nothing to do is an answer, not a failure."""
    try:
        return refresh_lists(as_of, still_mine)
    except NothingToListError as error:
        return {"refused": error.sentence}


def refresh_is_due(now: datetime) -> bool:
    """Whether anybody changed since the lists were written, and no refresh is on its way."""
    known = ListPublication.objects.first()
    under_way = Job.objects.filter(kind="refresh_lists", state__in=UNDER_WAY)
    if known is None or under_way.exists():
        return False
    return bool(changed_customers(known.data_until, known.read_at, now))


def _knows_persons(model: Serving) -> bool:
    return any(model.recommender.sources[name].personal for name in model.weights)


def _record(asked: _Asked) -> None:
    when: dict[str, Any] = {"data_until": asked.as_of, "read_at": asked.began_at}
    when |= {"hide_bought_days": asked.hide_bought_days}
    ListPublication.objects.update_or_create(run=asked.model.run, defaults=when)


def _write_lists(asked: _Asked, reading: Reading) -> dict:
    if refused := refused_customers(asked.as_of):
        PublishedList.objects.filter(customer_id__in=among(refused)).delete()
    customers, histories = _known_to(asked.model, reading)
    if refused:  # since the reading, too
        kept = np.flatnonzero(~np.isin(customers, refused))
        customers, histories = customers[kept], histories.take(kept)
    lists, rows = 0, len(reading.history.rows)
    offered = _offered(asked, histories)  # here: the thread that makes the lists asks no database
    for written in ahead(_streamed(asked.model, customers, histories, offered)):
        with asked.writing():
            _upsert(written, asked)
        lists += len(written.customers)
    changed = {} if asked.customers is None else {"changed": len(asked.customers)}
    return {"run": asked.model.run.pk, "lists": lists, "rows": rows, **changed}


def ahead(found: Iterator[Written]) -> Iterator[Written]:
    """The same, each made in a thread while the one before it is used.

    While the database writes a block, this process would only wait: it makes the next one.
    """
    nothing: Any = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, found, nothing)
        while (one := coming.result()) is not nothing:
            coming = pool.submit(next, found, nothing)
            yield one


def _known_to(model: Serving, reading: Reading) -> tuple[np.ndarray, Histories]:
    """Customer keys and their histories in the model's numbering, as a request would see them."""
    history = reading.history
    item = model.recommender.item_idx(history.product_ids)
    named = history.customer_ids > 0
    if (item >= 0).all():  # as it is after a training: nothing has to be left out
        found = reading.gathered.histories
        found = replace(found, item_idx=item[found.item_idx].astype(np.int32))
    else:
        rows = history.rows
        kept = rows.take((item[rows.item] >= 0) & named[rows.user])
        n_items = len(model.recommender.product_ids)
        found = interactions(replace(kept, item=item[kept.item], n_items=n_items)).histories
    users = np.flatnonzero(named & (np.diff(found.indptr) > 0))
    return history.customer_ids[users], found.take(users)


def source_of(model: Serving) -> Scorer:
    """What a request without a page or a cart is answered from: the ranker with its own weights."""
    own = model.weights == model.recommender.weights
    return (model.recommender.ranker if own else None) or model.shelf.blend


def _offered(asked: _Asked, histories: Histories) -> Histories:
    """The same, where what is due again bars itself no longer, as in a request."""
    again = again_of_items(asked.model.recommender.product_ids, asked.hide_bought_days)
    if not np.isfinite(again).any():
        return histories
    return replace(histories, bought=still_hidden(histories, again, asked.as_of))


def _streamed(
    model: Serving, customers: np.ndarray, histories: Histories, offered: Histories | None = None
) -> Iterator[Written]:
    """offered: the histories as they bar their own; None: all that was bought is barred."""
    popular = model.recommender.sources["popularity"]
    assert isinstance(popular, Popular)
    ids = model.recommender.product_ids
    step = ROWS[connection.vendor]
    ranked = histories if offered is None else offered
    for first, lists in lists_in_blocks(source_of(model), ranked, popular.popularity, MOST):
        products = [ids[row[row >= 0]].tolist() for row in lists]
        part = histories.take(np.arange(first, first + len(lists)))
        because = _because(model, part, lists)
        keys = customers[first : first + len(lists)]
        for start in range(0, len(lists), step):
            rows = slice(start, start + step)
            yield Written(keys[rows], products[rows], because[rows])


def _because(model: Serving, part: Histories, lists: np.ndarray) -> list[list[int] | None]:
    """What a request would say of each item: the product that speaks most for it, as in the model's
    field; None where a request has to find out."""
    if not can_say(model.shelf.blend):
        return [None] * len(lists)
    rows = reasons_of_lists(model.shelf.blend, part, lists)
    sign = np.where(part.bought, 1, -1) * model.recommender.product_ids[part.item_idx]
    named = np.where(rows >= 0, np.append(sign, 0)[rows], 0)
    return [own[row >= 0].tolist() for own, row in zip(named, lists, strict=True)]


def _upsert(written: Written, asked: _Asked) -> None:
    """Replace the lists of customers who are still there."""
    if connection.vendor == "postgresql":
        _copy(written, asked)
        return
    keys = written.customers.tolist()
    there = Customer.objects.filter(pk__in=among(keys))
    still = set(there.values_list("pk", flat=True))
    PublishedList.objects.bulk_create(
        [
            PublishedList(
                customer_id=customer,
                run=asked.model.run,
                products=products,
                because=because,
                published_at=asked.began_at,
            )
            for customer, products, because in zip(
                keys, written.products, written.because, strict=True
            )
            if customer in still
        ],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["run", "products", "because", "published_at"],
    )


def _copy(written: Written, asked: _Asked) -> None:
    rows = zip(written.customers.tolist(), written.products, written.because, strict=True)
    # What Python writes for a list of whole numbers is JSON.
    text = "".join(
        f"{customer}\t{products}\t{NOTHING if because is None else because}\n"
        for customer, products, because in rows
    )
    with connection.cursor() as cursor:
        cursor.execute(EMPTY_STAGING)
        cursor.execute("DELETE FROM list_staging")  # of an earlier block of one transaction
        with cursor.copy(STAGE) as stream:
            stream.write(text)
        cursor.execute(KEEP_STAGED, [asked.model.run.pk, asked.began_at])
