"""What the pages of tier programmes show, as plain values in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.figures import figure, with_sign
from marketing.models import TierGift, TierMembership, TierMove, TierProgramme
from marketing.services.tiers.previews import Preview
from shop.money import format_money, from_minor

MOVES_SHOWN, FILE_ROWS = 30, 50_000
WHY_NO_COUPON = {
    "not_paying": gettext_lazy("the uplift model expects no profit of it"),
    "left_again": gettext_lazy("she had left the tier again"),
    "stopped": gettext_lazy("the offer is not in force"),
    "used_up": gettext_lazy("the offer's uses or its budget are used up"),
    "had_one": gettext_lazy("she has had hers"),
}
REFUSED = {
    "few_customers": gettext_lazy(
        "Cannot tell: too few customers near the threshold (100 on each side are needed)."
    ),
    "few_values": gettext_lazy(
        "Cannot tell: the figure takes too few different values near the threshold for a line to be drawn."
    ),
    "differed_before": gettext_lazy(
        "Cannot tell: both sides already differed in the 90 days before, so they are not alike."
    ),
    "bunched": gettext_lazy(
        "Cannot tell: far more customers stand on one side of the threshold than chance would put there."
    ),
    "not_kept": gettext_lazy(
        "Cannot tell: what was foreseen of those who did not become members is not kept, so nobody can be "
        "put beside the members."
    ),
    "unknown_costs": gettext_lazy(
        "Cannot tell: units were sold whose cost nobody has entered, so there is no profit to compare."
    ),
    "too_many": gettext_lazy("Cannot tell: more than 300,000 customers; this is not counted."),
}


def amount(programme: TierProgramme, value: int | None) -> str:
    return format_money(value) if programme.is_money else figure(value)


def programme_page(programme: TierProgramme, *, may_see: bool) -> dict[str, Any]:
    counts = dict(
        TierMembership.objects.filter(programme=programme)
        .order_by()
        .values_list("tier")
        .annotate(n=Count("pk"))
    )
    grace = dict(
        TierMembership.objects.filter(programme=programme, below_since__isnull=False)
        .order_by()
        .values_list("tier")
        .annotate(n=Count("pk"))
    )
    return {
        "programme": programme,
        "tiers": [
            {
                "tier": one,
                "members": figure(counts.get(one.pk, 0)),
                "in_grace": figure(grace.get(one.pk, 0)),
                "enter_at": amount(programme, one.enter_at),
                "stay_at": amount(programme, one.stay_at),
            }
            for one in programme.tiers.order_by("-rank")
        ],
        "moves": _moves(programme, may_see),
        "gifts": _gifts(programme),
    }


def _moves(programme: TierProgramme, may_see: bool) -> list[dict[str, Any]]:
    related = ("customer", "from_tier", "to_tier", "gift__coupon")
    rows = TierMove.objects.filter(programme=programme).select_related(*related)
    return [
        {
            "move": one,
            "name": str(one.customer) if may_see else one.customer.code,
            "value": amount(programme, one.value),
            "basis": basis(programme, one),
            "gift": _gift(one),
        }
        for one in rows[:MOVES_SHOWN]
    ]


def basis(programme: TierProgramme, move: TierMove) -> str:
    """What the figure rests on, from the trace in the ledger."""
    trace = move.trace
    if trace.get("ended"):
        return _("the programme ended")
    if "kept_orders" in trace:
        said = _("%(orders)s orders, %(total)s, less %(back)s given back")
        return said % {
            "orders": figure(trace["orders"]),
            "total": format_money(trace["total_minor"]),
            "back": format_money(trace["given_back_minor"]),
        }
    if "low_minor" in trace:
        return _("lower end of the forecast of run %(run)s") % {"run": trace.get("run") or "–"}
    return "–"


def _gift(move: TierMove) -> str:
    gift = getattr(move, "gift", None)
    if gift is None:
        return ""
    return gift.coupon.code if gift.coupon else str(WHY_NO_COUPON.get(gift.reason, gift.reason))


def _gifts(programme: TierProgramme) -> list[tuple[str, str]]:
    """Why, how many: coupons of rises, issued and not."""
    rows = TierGift.objects.filter(move__programme=programme).order_by()
    counts = dict(rows.values_list("reason").annotate(n=Count("pk")))
    issued = counts.pop("", 0)
    found = [(_("coupons issued"), figure(issued))] if issued else []
    return found + [
        (str(WHY_NO_COUPON.get(why, why)), figure(n)) for why, n in sorted(counts.items())
    ]


def preview_lines(found: Preview) -> dict[str, Any]:
    """For the page: figures as they are read."""
    return {
        "figures": [
            (_("would enter"), figure(found.entered)),
            (_("would rise"), figure(found.rose)),
            (_("would fall"), figure(found.fell)),
            (_("would leave"), figure(found.left)),
            (_("below what keeps them, in grace"), figure(found.in_grace)),
            (_("coupons at most"), format_money(found.cost_minor)),
        ],
        "unknown": figure(found.unknown) if found.unknown else "",
        "tiers": [
            {
                "name": one.name,
                "now": figure(one.now),
                "then": figure(one.then),
                "coupons": "" if one.offer_live is None else figure(one.coupons),
                "cost": "" if one.offer_live is None else format_money(one.cost_minor),
                "is_stopped": one.offer_live is False,
            }
            for one in reversed(found.tiers)
        ],
    }


def payback_page(programme: TierProgramme) -> dict[str, Any]:
    """Each tier's jump with its interval, or why nobody can tell."""
    kept = programme.payback or {}
    names = {one.code: str(one) for one in programme.tiers.all()}
    start = parse_datetime(kept["from"]) if kept.get("from") else programme.first_checked_at
    return {
        "programme": programme,
        "start": start,
        "refused": REFUSED.get(kept.get("refused", ""), ""),
        "is_counted": bool(kept),
        "customers": figure(kept.get("customers")),
        "rows": [_payback_row(programme, names, row) for row in kept.get("tiers", [])],
    }


def _payback_row(
    programme: TierProgramme, names: dict[str, str], row: dict[str, Any]
) -> dict[str, Any]:
    shown = {
        "name": names.get(row["tier"], row["tier"]),
        "threshold": amount(programme, row["threshold"]),
        "below": figure(row["below"]),
        "above": figure(row["above"]),
        "later": figure(row["entered_later"]),
        "refused": REFUSED.get(row["refused"], ""),
    }
    if "value" not in row:
        return shown
    ends = f"{_signed(row['low'])} – {_signed(row['high'])}"
    return shown | {
        "value": _signed(row["value"]),
        "interval": ends,
        "mean_below": format_money(round(row["mean_below"])),
        "mean_above": format_money(round(row["mean_above"])),
        "before": f"{_signed(row['before'])} ({_signed(row['before_low'])} – {_signed(row['before_high'])})"
        if "before" in row
        else "–",
        "verdict": _verdict(row),
    }


def _verdict(row: dict[str, Any]) -> str:
    if row["refused"]:
        return ""
    if row["low"] > 0:
        return _("It brings more than it costs.")
    if row["high"] < 0:
        return _("It costs more than it brings.")
    return _("Cannot be told apart from nothing.")


def _signed(minor: float) -> str:
    return with_sign(minor, lambda size: format_money(round(size)))


FILE_HEADS = [
    "recorded_at", "at", "customer", "from_tier", "to_tier", "figure", "value", "revision", "by", "coupon",
]  # fmt: skip


def ledger_rows(programme: TierProgramme) -> Iterator[list[Any]]:
    """Money in the shop's currency; newest first; empty: none."""
    yield FILE_HEADS
    related = ("customer", "from_tier", "to_tier", "by", "gift__coupon")
    rows = TierMove.objects.filter(programme=programme).select_related(*related)
    for one in rows[:FILE_ROWS].iterator(2_000):
        gift = getattr(one, "gift", None)
        value = from_minor(one.value) if programme.is_money and one.value is not None else one.value
        yield [
            one.recorded_at.isoformat(), one.at.isoformat(), one.customer.code,
            one.from_tier.code if one.from_tier else "", one.to_tier.code if one.to_tier else "",
            one.figure, "" if value is None else value, one.revision, str(one.by or ""),
            gift.coupon.code if gift and gift.coupon else "",
        ]  # fmt: skip
