"""A look at everybody: who enters, changes and leaves a tier, in chunks that may die at any line.

A chunk of customers is one transaction under the programme's lock: memberships and moves together.
Killed, the next run finds the customers that were done where they stand and changes nothing about
them; run twice as of the same moment, the second writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from marketing.frames.tiers import Measured, candidates, data_ends, measured
from marketing.ml.tiers import Standing, next_standing
from marketing.models import ProgrammeState, Tier, TierMembership, TierMove, TierProgramme
from marketing.services.tiers.gifts import give_gifts
from marketing.services.tiers.payback import count_payback
from marketing.services.tiers.programmes import lock, terms_of
from shop.models import Customer
from shop.services.events.event_rows import among

CHUNK = 1_000


def refresh_tiers(progress: Callable[..., None], as_of: datetime) -> dict[str, Any]:
    """Every programme that is live or still has members. Code → what moved."""
    rows = TierProgramme.objects.filter(
        Q(state=ProgrammeState.LIVE) | Q(memberships__isnull=False)
    ).distinct()
    found: dict[str, Any] = {}
    for programme in rows.order_by("pk"):
        found[programme.code] = look(programme, as_of, progress)
        count_payback(programme, as_of)
    return found


def look_now(progress: Callable[..., None], programme_id: int) -> dict[str, Any]:
    """The job behind a start, a stop and changed terms. A programme that is gone has nobody."""
    programme = TierProgramme.objects.filter(pk=programme_id).first()
    return look(programme, data_ends(timezone.now()), progress) if programme else {}


def look(
    programme: TierProgramme, at: datetime, progress: Callable[..., None] | None = None
) -> dict[str, int]:
    """Bring everybody to where she stands as of `at`. An earlier moment than the last look's is
    refused: nothing is rewritten."""
    if programme.checked_at and at < programme.checked_at:
        return {"entered": 0, "changed": 0, "left": 0, "coupons": 0}
    done = {"entered": 0, "changed": 0, "left": 0}
    seen = 0
    for chunk in _chunks(programme, at):
        for name, count in _move(programme, chunk, at).items():
            done[name] += count
        seen += len(chunk)
        if progress:
            progress(seen, seen, gettext_noop("customers of tier programmes"))
    rows = TierProgramme.objects.filter(pk=programme.pk)
    if _is_running(programme, at):
        rows.filter(first_checked_at=None).update(first_checked_at=at)
    rows.filter(Q(checked_at=None) | Q(checked_at__lt=at)).update(checked_at=at)
    programme.refresh_from_db()
    return done | {"coupons": give_gifts(programme, timezone.now())}


def _is_running(programme: TierProgramme, at: datetime) -> bool:
    day = timezone.localdate(at)
    is_over = programme.ends_on is not None and day > programme.ends_on
    return programme.state == ProgrammeState.LIVE and programme.starts_on <= day and not is_over


def _chunks(programme: TierProgramme, at: datetime) -> Iterator[list[int]]:
    last = 0
    people = candidates(programme, at)
    if not _is_running(programme, at):
        people = Customer.objects.filter(tier_memberships__programme=programme)
    while chunk := list(
        people.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        last = chunk[-1]
        yield chunk


def _move(programme: TierProgramme, customers: Sequence[int], at: datetime) -> dict[str, int]:
    with transaction.atomic():
        fresh = lock(programme)
        tiers = list(fresh.tiers.order_by("rank"))
        held = TierMembership.objects.filter(programme=fresh, customer__in=among(customers))
        known = {one.customer_id: one for one in held.select_related("tier")}
        if _is_running(fresh, at):
            figures = measured(fresh, customers, at)
            after = _after(fresh, known, figures, at)
        else:
            figures = {pk: Measured(None, {"ended": True}) for pk in customers}
            after = {pk: Standing() for pk in customers}
        return _write(
            fresh, {0: None} | {one.rank: one for one in tiers}, known, after, figures, at
        )


def _after(
    programme: TierProgramme,
    known: Mapping[int, TierMembership],
    figures: Mapping[int, Measured],
    at: datetime,
) -> dict[int, Standing]:
    ladder = terms_of(programme).ladder
    return {
        pk: next_standing(ladder, standing_of(known.get(pk)), found.value, at)
        for pk, found in figures.items()
    }


def standing_of(membership: TierMembership | None) -> Standing:
    if membership is None:
        return Standing()
    return Standing(membership.tier.rank, membership.below_since)


def _write(
    programme: TierProgramme,
    tiers: Mapping[int, Tier | None],
    known: Mapping[int, TierMembership],
    after: Mapping[int, Standing],
    figures: Mapping[int, Measured],
    at: datetime,
) -> dict[str, int]:
    moves, new, gone = [], [], []
    done = {"entered": 0, "changed": 0, "left": 0}
    for pk, then in after.items():
        row = known.get(pk)
        before = standing_of(row)
        if then.rank != before.rank:
            moves.append(_row(programme, pk, tiers[before.rank], tiers[then.rank], figures[pk], at))
            done["left" if not then.rank else "changed" if before.rank else "entered"] += 1
        if row is None and then.rank:
            new.append(
                TierMembership(programme=programme, customer_id=pk, tier=tiers[then.rank], since=at)
            )
        elif row is not None and (tier := tiers[then.rank]) is None:
            gone.append(row.pk)
        elif row is not None and tier and then != before:
            if then.rank != before.rank:
                row.since = at
            row.tier, row.below_since = tier, then.below_since
            row.save(update_fields=["tier", "since", "below_since"])
    TierMove.objects.bulk_create(moves)
    TierMembership.objects.bulk_create(new)
    TierMembership.objects.filter(pk__in=gone).delete()
    return done


def _row(
    programme: TierProgramme,
    customer_id: int,
    before: Tier | None,
    then: Tier | None,
    found: Measured,
    at: datetime,
) -> TierMove:
    steps = [
        {"tier": one.code, "enter_at": one.enter_at, "stay_at": one.stay_at}
        for one in (before, then)
        if one
    ]
    return TierMove(
        programme=programme,
        customer_id=customer_id,
        from_tier=before,
        to_tier=then,
        is_rise=then is not None and (before is None or then.rank > before.rank),
        at=at,
        recorded_at=timezone.now(),
        key=f"{programme.pk}:{customer_id}:{programme.revision}{programme.state[0]}:{at.isoformat()}",
        figure=programme.figure,
        value=found.value,
        trace=found.trace | {"thresholds": steps, "grace_days": programme.grace_days},
        revision=programme.revision,
        by=programme.decided_by if programme.state == ProgrammeState.STOPPED else None,
    )
