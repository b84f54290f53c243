"""Each night: what the orders say of every customer, and how many each segment holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from marketing.definitions.rules import customers_of
from marketing.frames.orders import order_history
from marketing.models import Audience, CustomerProfile, Segment, Stage
from marketing.services.audiences.counting import counting
from marketing.services.audiences.memberships import refresh_memberships
from shop.models import Customer
from shop.services.events.latest_events import refresh_latest

if TYPE_CHECKING:
    from marketing.ml.lifecycle import Borders

ROWS_PER_TRANSACTION = 500
UNUSED_AFTER = timedelta(days=1)
FIELDS = [
    "as_of",
    "recency_days",
    "frequency",
    "monetary_minor",
    "tenure_days",
    "last_order_at",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "stage",
]
BUILTINS: list[tuple[str, str, str, str, str]] = [
    ("prospect", "Prospects", "潜在客户", "Known, but no order yet.", "已有资料，尚未下单。"),
    ("new", "New customers", "新客户", "One order, not long ago.", "近期首次下单。"),
    ("active", "Active customers", "活跃客户", "Come back in the shop's usual rhythm.", "按店铺的通常节奏回购。"),
    ("loyal", "Loyal customers", "忠诚客户", "Active, and among the two top fifths in orders and money.", "活跃，且订单数与金额均在前两个五分位。"),
    ("at_risk", "At risk", "流失风险客户", "Used to come back; four of five would have by now.", "曾经回购；五分之四的人此时应已回来。"),
    ("lapsed", "Lapsed customers", "流失客户", "Used to come back; nineteen of twenty would have by now.", "曾经回购；二十分之十九的人此时应已回来。"),
    ("one_time", "One order only", "仅下过一单", "One order, and nothing since for longer than usual.", "只下过一单，且已超过通常的回购间隔。"),
]  # fmt: skip


def refresh_segments(progress: Callable[..., None], as_of: datetime) -> dict:
    """Profiles of all customers from orders before `as_of`, then the count of every segment.

    Run twice with the same data it changes nothing but `counted_at`.
    """
    written, borders, missing = refresh_profiles(progress, as_of)
    ensure_builtin_segments()
    refresh_latest(timezone.now())
    counts = count_segments()
    changes = refresh_memberships(progress)
    delete_unused_audiences(timezone.now() - UNUSED_AFTER)
    summary: dict[str, Any] = {"customers": written, "segments": counts}
    if changes:
        summary["changes"] = changes
    if borders:
        summary["at_risk_after_days"] = round(borders.at_risk_after_days)
        summary["lapsed_after_days"] = round(borders.lapsed_after_days)
    return summary | ({"missing": missing} if missing else {})


def refresh_profiles(
    progress: Callable[..., None], as_of: datetime
) -> tuple[int, Borders | None, str]:
    """One row per customer. Returns how many, the borders, and what is missing for stages."""
    rows, borders, missing = profile_rows(as_of)
    total = Customer.objects.count()
    done, last = 0, 0
    while chunk := list(
        Customer.objects.filter(pk__gt=last, is_pseudonym=False)
        .order_by("pk")
        .values_list("pk", flat=True)[:ROWS_PER_TRANSACTION]
    ):
        last = chunk[-1]
        with transaction.atomic():
            CustomerProfile.objects.bulk_create(
                [_profile(pk, rows.get(pk), as_of) for pk in chunk],
                update_conflicts=True,
                unique_fields=["customer"],
                update_fields=FIELDS,
            )
        done += len(chunk)
        progress(done, max(total, done), gettext_noop("customer profiles"))
    return done, borders, missing


def profile_rows(as_of: datetime) -> tuple[dict[int, dict], Borders | None, str]:
    """Fields per customer with an order; scores and stages only where the history allows them."""
    from marketing.ml import lifecycle, rfm  # numpy: not before a job needs it

    history = order_history(as_of)
    if not history.customer_ids.size:
        return {}, None, ""
    found = rfm.metrics(
        history.customer_ids,
        history.placed_at,
        history.amount_minor,
        refunds=history.refunds,
        as_of=as_of.timestamp(),
    )
    scores = limits = stages = None
    missing = ""
    try:
        scores = rfm.scores(found)
        limits = lifecycle.borders(
            lifecycle.repurchase_gaps(history.customer_ids, history.placed_at)
        )
        stages = lifecycle.stages(
            found.recency_days,
            found.frequency,
            scores=(scores.frequency, scores.monetary),
            limits=limits,
        )
    except rfm.ShortHistoryError as error:
        missing = str(error)
    return _rows(found, scores, stages), limits, missing


def shop_rhythm(as_of: datetime) -> Borders | None:
    """The shop's own repurchase gaps; None while the history is too short."""
    from marketing.ml import lifecycle, rfm

    history = order_history(as_of)
    gaps = lifecycle.repurchase_gaps(history.customer_ids, history.placed_at)
    try:
        return lifecycle.borders(gaps)
    except rfm.ShortHistoryError:
        return None


def ensure_builtin_segments() -> None:
    """The stages as segments. A name that a person changed stays.

    Tracked from the start, so that retention and who enters and leaves are known: everybody has one
    stage, so that their members are no more rows than there are customers.
    """
    for code, name, name_zh, description, description_zh in BUILTINS:
        Segment.objects.get_or_create(
            code=code.replace("_", "-"),
            defaults={
                "name": name,
                "name_zh": name_zh,
                "description": description,
                "description_zh": description_zh,
                "rule": {"all": [{"field": "stage", "op": "is", "value": code}]},
                "is_builtin": True,
                "is_tracked": True,
            },
        )


def count_segments() -> dict[str, int]:
    counts = {}
    for segment in Segment.objects.all():
        with counting():
            counts[segment.code] = customers_of(segment.rule).count()
        Segment.objects.filter(pk=segment.pk).update(
            last_count=counts[segment.code], counted_at=timezone.now()
        )
    return counts


def delete_unused_audiences(before: datetime) -> int:
    """Lists that no campaign uses any more: half-written ones of a killed worker, replaced
    ones. Lists that are kept for themselves go only when somebody deletes them."""
    unused = Audience.objects.filter(key=None, campaigns__isnull=True, frozen_at__lt=before)
    found = list(unused.values_list("pk", flat=True)[:5])
    Audience.objects.filter(pk__in=found).delete()
    return len(found)


def _rows(found: Any, scores: Any, stages: Any) -> dict[int, dict]:
    rows = {}
    for place, customer_id in enumerate(found.customer_ids.tolist()):
        row = {
            "recency_days": int(found.recency_days[place]),
            "frequency": int(found.frequency[place]),
            "monetary_minor": int(found.monetary_minor[place]),
            "tenure_days": int(found.tenure_days[place]),
            "last_order_at": datetime.fromtimestamp(float(found.last_order_at[place]), UTC),
        }
        if scores is not None:
            for name in ("recency", "frequency", "monetary"):
                row[f"{name}_score"] = int(getattr(scores, name)[place])
        if stages is not None:
            row["stage"] = str(stages[place])
        rows[customer_id] = row
    return rows


def _profile(customer_id: int, row: dict | None, as_of: datetime) -> CustomerProfile:
    if row is None:
        return CustomerProfile(customer_id=customer_id, as_of=as_of, stage=Stage.PROSPECT)
    return CustomerProfile(customer_id=customer_id, as_of=as_of, **row)
