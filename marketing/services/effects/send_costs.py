"""What the messages of a report cost: as written down when they left; of those from before that was
kept, the settings of now, an SMS as one part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from marketing.delivery.costs import cost_minor
from marketing.models import Channel, Send

LEFT = Q(sent_at__isnull=False)
UNKEPT = {channel: f"unkept_{channel}" for channel in Channel.values}
NO_COST: dict[str, int] = dict.fromkeys(["kept_cost", *UNKEPT.values()], 0)


def cost_columns() -> dict[str, Any]:
    """Aggregates over sends, to be read by `cost_of`."""
    unkept = {
        name: Count("pk", filter=LEFT & Q(channel=channel, cost_minor__isnull=True))
        for channel, name in UNKEPT.items()
    }
    return {"kept_cost": Sum("cost_minor", filter=LEFT, default=0), **unkept}


def cost_of(row: Mapping[str, Any]) -> int:
    return row["kept_cost"] + sum(
        row[name] * cost_minor(channel) for channel, name in UNKEPT.items()
    )


def cost_of_sends(sends: QuerySet[Send]) -> int:
    return cost_of(sends.order_by().aggregate(**cost_columns()))
