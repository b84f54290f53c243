"""Kept lists as pages, files and programs show them: plain values in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from access.figures import percent
from decisions.models import Job, JobState
from marketing.definitions.rules import reachable, sentences
from marketing.models import Audience, AudienceMember, Campaign, Channel, Segment
from marketing.models.campaigns import ADDRESS_OF
from marketing.services.audiences import frozen
from marketing.services.audiences.frozen_standing import standing
from shop.models import Customer

MAY_SEE_PEOPLE = "shop.view_customer"
STATES = ("writing", "failed", "ready", "archived")
STOPPED = (JobState.FAILED, JobState.CANCELLED)
CAMPAIGNS_SHOWN = 50
FILE_PAGE = 2_000
FILE_HEADS = ["customer_code", "arm", "chance", "channel", "may_be_written_to", "address"]
MEMBER_COLUMNS = ("customer_id", "customer__code", "is_holdout", "propensity")


def with_uses(rows: QuerySet[Audience]) -> QuerySet[Audience]:
    return rows.select_related("segment", "frozen_by").annotate(
        uses=Count("campaigns_for_it", distinct=True)
    )


def reasons_of(audiences: Sequence[Audience]) -> dict[int, str]:
    """Why a list could not be written: what the job said last. One query where one is not."""
    waiting = {frozen.job_key(one): one.pk for one in audiences if not one.is_complete}
    if not waiting:
        return {}
    stopped = Job.objects.filter(key__in=list(waiting), state__in=STOPPED)
    return {
        waiting[str(key)]: error.strip().rpartition("\n")[2][:300]
        for key, error in stopped.values_list("key", "error")
    }


def states_of(audiences: Sequence[Audience]) -> dict[int, str]:
    """One of STATES each. One query, where a list is not written yet; else none."""
    waiting = {frozen.job_key(one): one.pk for one in audiences if not one.is_complete}
    found = {
        one.pk: ("archived" if one.archived_at else "ready") if one.is_complete else "writing"
        for one in audiences
    }
    if waiting:
        stopped = Job.objects.filter(key__in=list(waiting), state__in=STOPPED)
        for key in stopped.values_list("key", flat=True):
            found[waiting[str(key)]] = "failed"
    return found


def lines_of(audiences: Sequence[Audience]) -> list[dict[str, Any]]:
    states, names = states_of(audiences), _names(audiences)
    return [
        {
            "audience": one,
            "state": states[one.pk],
            "origin": _origin(one, names),
            "held_out": percent(one.holdout_count / one.customer_count)
            if one.holdout_count and one.customer_count
            else "",
            "uses": getattr(one, "uses", 0),
        }
        for one in audiences
    ]


def _names(audiences: Sequence[Audience]) -> dict[str, str]:
    """Of the segments that lists combine, as they are called today."""
    codes = {code for one in audiences for code in one.combined}
    return {one.code: str(one) for one in Segment.objects.filter(code__in=codes)} if codes else {}


def _origin(audience: Audience, names: dict[str, str]) -> str:
    if audience.segment:
        return str(audience.segment)
    if audience.combined:
        return " + ".join(names.get(code, code) for code in audience.combined)
    return _("a rule of its own")


def frozen_page(audience: Audience) -> dict[str, Any]:
    """One list: what it is, how it stands now, and the campaigns for it."""
    state = states_of([audience])[audience.pk]
    found: dict[str, Any] = {
        "audience": audience,
        "state": state,
        "origin": _origin(audience, _names([audience])),
        "sentences": sentences(audience.rule),
        "job": frozen.job_of(audience),
        "reason": reasons_of([audience]).get(audience.pk, ""),
        "campaigns": _campaigns(audience),
    }
    if not audience.is_complete:
        return found
    return found | {"standing": standing_lines(audience)} | _shares(audience)


def _shares(audience: Audience) -> dict[str, str]:
    held = audience.holdout_count / audience.customer_count if audience.customer_count else 0
    return {
        "held_share": percent(held) if held else "",
        "drawn_share": percent(audience.holdout_rate),
    }


def standing_lines(audience: Audience) -> dict[str, Any] | None:
    """None: nobody has counted it yet."""
    shown = standing(audience)
    if shown is None:
        return None
    kept, recipients = shown.payload, audience.recipient_count
    labels = dict(Channel.choices)
    return {
        "as_of": shown.as_of,
        "is_stored": shown.is_stored,
        "is_refreshing": shown.is_refreshing,
        "members": kept["members"],
        "erased": max(audience.customer_count - kept["members"], 0),
        "left": kept["left"],
        "left_share": percent(kept["left"] / kept["members"])
        if kept["left"] is not None and kept["members"]
        else "",
        "why_not_left": kept["why_not_left"],
        "reachable": [
            {
                "channel": name,
                "label": labels[name],
                "customers": n,
                "share": percent(n / recipients) if recipients else "",
            }
            for name, n in kept["reachable"].items()
        ],
    }


def _campaigns(audience: Audience) -> list[Campaign]:
    rows = Campaign.objects.filter(frozen_audience=audience).select_related("audience")
    return list(rows.order_by("-pk")[:CAMPAIGNS_SHOWN])


def member_rows(
    members: Sequence[dict[str, Any]], channel: str, *, may_see: bool
) -> list[dict[str, Any]]:
    """Members by their code. An address leaves the house only for whoever may see customers, and
    only of members who may be written to there now and are not held out. One query."""
    keys = [row["customer_id"] for row in members]
    column = ADDRESS_OF[Channel(channel)]
    agreed = dict(
        reachable(Customer.objects.filter(pk__in=keys), channel).values_list("pk", column)
    )
    return [_member_row(row, channel, agreed, may_see=may_see) for row in members]


def _member_row(
    row: dict[str, Any], channel: str, agreed: dict[int, str], *, may_see: bool
) -> dict[str, Any]:
    may_write = row["customer_id"] in agreed and not row["is_holdout"]
    found = {
        "customer": row["customer__code"],
        "arm": "holdout" if row["is_holdout"] else "written_to",
        "chance": row["propensity"],
        "channel": channel,
        "may_be_written_to": may_write,
    }
    return found | ({"address": agreed[row["customer_id"]]} if may_see and may_write else {})


def file_rows(audience: Audience, channel: str, *, may_see: bool) -> Iterator[list[Any]]:
    """The list as lines, page by page: a million customers are never held at once."""
    yield FILE_HEADS if may_see else FILE_HEADS[:-1]
    rows, last = AudienceMember.objects.filter(audience=audience).order_by("customer_id"), 0
    while page := list(rows.filter(customer_id__gt=last).values(*MEMBER_COLUMNS)[:FILE_PAGE]):
        last = page[-1]["customer_id"]
        for found in member_rows(page, channel, may_see=may_see):
            line = list(found.values())
            yield line if "address" in found or not may_see else [*line, ""]
