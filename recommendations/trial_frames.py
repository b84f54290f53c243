"""Who was shown which arm, added up in the database: one row per arm, however many people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import BigIntegerField, F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils import timezone

from decisions.models import Allocation, Experiment
from inventory.profit_frames import ArmSums, Members, Window, arm_sums
from shop.models import Event, EventKind
from shop.models.events import VisitorLink, owner_of_browser

# What a person spent in the weeks before tells most of what she would have spent anyway.
BEFORE = timedelta(days=90)
# Between an arm's name and the batch of shares under which it was given: no name holds it.
JOINT = "\x1f"
LEAST_OUT = timedelta(hours=1)
MOST_GONE = 2_000


@dataclass(frozen=True)
class Shown:
    """persons: arm → who was shown it, known or not. crossed: shown more than one arm (signed in
    on the way); left out, but with shares that change, where the first arm counts."""

    persons: dict[str, int]
    crossed: int


def shown(experiment: Experiment, until: datetime) -> Shown:
    """Sizes of the arms, in one query."""
    inner, params = _exposed(experiment, until)
    sql = f"""
    SELECT CASE WHEN first = last THEN first ELSE '' END AS arm, COUNT(*)
    FROM (SELECT person, MIN(arm) AS first, MAX(arm) AS last FROM ({inner}) e GROUP BY person) p
    GROUP BY 1
    """
    if experiment.allocation == Allocation.THOMPSON:
        sql = f"SELECT arm, COUNT(*) FROM ({_first_arm(inner)}) f GROUP BY arm"
        params = [*params, *params]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        sizes = dict(cursor.fetchall())
    return Shown(sizes, sizes.pop("", 0))


def profit_sums(
    experiment: Experiment, until: datetime, gone: Mapping[int, datetime]
) -> dict[str, ArmSums]:
    """Arm → what its people brought after they were first shown it; with shares that change,
    `arm␟batch` → the same. Everybody shown counts, whatever she did then; orders of people that
    nobody knows are not hers. gone: as of `Window`."""
    if experiment.starts_at is None:
        return {}
    return arm_sums(members_of(experiment, until), window_of(experiment.starts_at, until, gone))


def window_of(begin: datetime, until: datetime, gone: Mapping[int, datetime]) -> Window:
    return Window(until, (begin - BEFORE, begin), gone)


def ran_out(variant_ids: Iterable[int], since: datetime, until: datetime) -> dict[int, datetime]:
    """SKU → when it ran out first after `since`, by the stock ledger over all warehouses, soonest
    first; at most MOST_GONE. What was out already then did not run out; nor did what was out for
    less than LEAST_OUT: a cart that holds the last unit for minutes empties no shelf."""
    import numpy as np

    from inventory import evidence  # numeric: not at start-up

    rows = evidence.Rows(np.array(sorted({*variant_ids}), dtype=np.int64))
    if not len(rows.variant_ids) or until <= since:
        return {}
    days = evidence.Window(
        timezone.localtime(since).date(), timezone.localtime(until).date(), until
    )
    spans = evidence.out_spans(days, rows)
    long = (spans.end - spans.start >= LEAST_OUT.total_seconds()) | (spans.end >= until.timestamp())
    mine = np.flatnonzero(long & (spans.start > since.timestamp()))
    first = mine[np.unique(spans.row[mine], return_index=True)[1]]
    first = first[np.argsort(spans.start[first], kind="stable")][:MOST_GONE]
    keys, moments = rows.variant_ids[spans.row[first]].tolist(), spans.start[first].tolist()
    return {
        key: datetime.fromtimestamp(at, since.tzinfo) for key, at in zip(keys, moments, strict=True)
    }


def members_of(experiment: Experiment, until: datetime) -> Members:
    inner, params = _exposed(experiment, until)
    if experiment.allocation == Allocation.THOMPSON:
        joint = f"arm || '{JOINT}' || batch"
        return Members(
            f"SELECT owner AS customer_id, {joint} AS arm, since FROM ({_first_arm(inner)}) f",
            [*params, *params],
        )
    return Members(
        f"SELECT owner AS customer_id, MIN(arm) AS arm, MIN(since) AS since FROM ({inner}) e "
        "GROUP BY person, owner HAVING MIN(arm) = MAX(arm)",
        params,
    )


def unsubscribes(members: Members, until: datetime) -> Mapping[str, int]:
    """Arm → people who took back a consent after they were shown it."""
    sql = f"""
    SELECT m.arm, COUNT(DISTINCT c.customer_id) FROM ({members.sql}) m
    JOIN shop_consent c ON c.customer_id = m.customer_id AND NOT c.granted
         AND c.recorded_at >= m.since AND c.recorded_at < %s
    GROUP BY m.arm
    """
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(until)
        cursor.execute(sql, [*members.params, moment])
        return dict(cursor.fetchall())


def _exposed(experiment: Experiment, until: datetime) -> tuple[str, list]:
    """SQL of (id, owner, arm, batch, since, person): one row per exposure. The owner of a browser is
    whom the log's rule says (VisitorLink), so that a guest who signs in stays one person."""
    owner = Coalesce(
        "customer_id",
        owner_of_browser(VisitorLink.objects.all()),
        output_field=BigIntegerField(),
    )
    events = (
        Event.objects.filter(
            ~Q(visitor="") | Q(customer__isnull=False),
            kind=EventKind.EXPOSURE,
            received_at__gte=experiment.starts_at,
            received_at__lt=until,
            properties__experiment=experiment.key,
        )
        .order_by()
        .annotate(
            owner=owner, arm=KT("properties__arm"), batch=KT("properties__batch"),
            since=F("received_at"),
        )
        .values("id", "owner", "arm", "batch", "since", "visitor")
    )  # fmt: skip
    sql, params = events.query.sql_with_params()
    person = "CASE WHEN owner IS NULL THEN 'v:' || visitor ELSE 'c:' || owner END"
    wrapped = f"SELECT id, owner, arm, COALESCE(batch, '0') AS batch, since, {person} AS person FROM ({sql}) x"
    return wrapped, list(params)


def _first_arm(inner: str) -> str:
    """One row per person: the arm that she was shown first."""
    return f"""
    SELECT e.person, e.owner, e.arm, e.batch, e.since FROM ({inner}) e
    JOIN (SELECT MIN(id) AS id FROM ({inner}) g GROUP BY person) f ON f.id = e.id
    """
