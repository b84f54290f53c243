"""Look for whom a journey lets in: everything that came up since the last search, page by page.

What a round has no time for is found by the next, from the keys on at which this one ended
(JourneySearch). Nearly always a search is of a few minutes; every few hours it is of the whole window, so
that what arrived late – an import, a batch of an app that had no line – is found too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from decisions.services.experiments import in_global_holdout, in_share
from marketing.definitions.journey_plan import Plan, read_plan
from marketing.models import Enrolment, EnrolmentState, Journey, JourneySearch, JourneyVersion
from marketing.services.journeys.causes import WINDOW, Cause, Span
from marketing.services.journeys.triggers import FIND
from marketing.services.journeys.wishes import who_refused
from marketing.texts.standards import lives_elsewhere
from shop.models import Customer
from shop.services.events.event_rows import among

MOST_PAGES = 20  # of one journey in one round
WHOLE_EVERY = timedelta(hours=6)
# What a search looks at once more: what was being written while the one before it looked.
OVERLAP = timedelta(minutes=30)
OVERLAP_OF = {
    "price_dropped": timedelta(minutes=5),  # each time asks the log of events
    "segment_entered": timedelta(hours=6),  # changes bear the time at which their job began
}


def enter(journey: Journey, at: datetime) -> int:
    """Write down whom causes let in; the same cause lets nobody in twice. Returns how many."""
    version = journey.live_version
    if version is None or journey.live_since is None:
        return 0
    plan = read_plan(version.definition)
    entered = 0
    for _page in range(MOST_PAGES):
        search = _under_way(journey, version, plan, at)
        if search is None:
            break
        found = _next_page(journey, plan, search, at)
        if found is None:
            break
        entered += found
        if search.until is None and search.found_until == at:
            break
    return entered


def _under_way(
    journey: Journey, version: JourneyVersion, plan: Plan, at: datetime
) -> JourneySearch | None:
    """The search that is not over yet, else a new one up to now."""
    search, _new = JourneySearch.objects.get_or_create(
        journey=journey, defaults={"version": version}
    )
    is_other = search.version_id != version.pk  # the keys may be those of another trigger
    if search.until is not None and not is_other:
        return search
    known = None if is_other else search.found_until
    whole_at = None if is_other else search.whole_at
    changes: dict[str, Any] = {"version": version, "found_until": known, "until": at, "after": []}
    if known is None or whole_at is None or at - whole_at >= WHOLE_EVERY:
        changes |= {"start": at - WINDOW, "whole_at": at}
    else:
        overlap = OVERLAP_OF.get(plan.trigger, OVERLAP)
        changes |= {"start": max(known - overlap, at - WINDOW)}
    return search if _moved(search, changes) else None


def _next_page(journey: Journey, plan: Plan, search: JourneySearch, at: datetime) -> int | None:
    """How many entered with it; None where another clock looks too, and has this page."""
    assert journey.live_since is not None
    assert search.start is not None
    assert search.until is not None
    # A clock that stood still in the middle of a search writes to nobody about long ago either.
    span = Span(journey.live_since, max(search.start, at - WINDOW), search.until, at)
    page = FIND[plan.trigger](plan.options, span, search.after)
    changes: dict[str, Any] = {"after": page.after or []}
    if page.after is None:
        changes |= {"found_until": search.until, "until": None, "start": None}
    with transaction.atomic():
        if not _moved(search, changes):
            return None
        return _write_down(journey, plan, page.causes, at)


def _moved(search: JourneySearch, changes: dict[str, Any]) -> bool:
    """Compare and set: of two clocks one goes on."""
    mine = JourneySearch.objects.filter(pk=search.pk, revision=search.revision)
    if not mine.update(**changes, revision=F("revision") + 1):
        return False
    search.revision += 1
    for name, value in changes.items():
        setattr(search, name, value)
    return True


def _write_down(journey: Journey, plan: Plan, causes: Sequence[Cause], at: datetime) -> int:
    if not causes:
        return 0
    people = _let_in(plan, {cause.customer_id for cause in causes})
    rows = [
        Enrolment(
            journey=journey, version=journey.live_version, customer_id=cause.customer_id,
            key=cause.key[:120], context=cause.context, entered_at=at, due_at=at,
            state=_side(journey, people[cause.customer_id]),
        )
        for cause in causes
        if cause.customer_id in people
        # What she asked for herself is owed to her, whoever is kept out of everything else.
        if cause.context.get("wished") or not in_global_holdout(f"customer:{cause.customer_id}")
    ]  # fmt: skip
    known = set(
        Enrolment.objects.filter(
            journey=journey, customer__in=among(people), key__in=among({row.key for row in rows})
        ).values_list("customer_id", "key")
    )
    new = {
        (row.customer_id, row.key): row for row in rows if (row.customer_id, row.key) not in known
    }
    Enrolment.objects.bulk_create(new.values(), ignore_conflicts=True)
    return len(new)


def _let_in(plan: Plan, customer_ids: set[int]) -> dict[int, str]:
    """Customer → code: who is there, lives where the texts may be read, and wants such a message."""
    people = Customer.objects.filter(pk__in=among(customer_ids)).values_list(
        "pk", "code", "country"
    )
    refused = who_refused(plan.trigger, customer_ids)
    return {
        pk: code
        for pk, code, country in people
        if pk not in refused and not lives_elsewhere(country, plan.market)
    }


def _side(journey: Journey, customer_code: str) -> str:
    held = in_share(f"journey:{journey.pk}", customer_code, journey.holdout_rate)
    return EnrolmentState.HELD_OUT if held else EnrolmentState.UNDER_WAY
