"""The audience explorer as pages and files show it: figures of segments, overlap, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.figures import figure, percent, points
from decisions.models import Snapshot
from decisions.text import render
from marketing.definitions.rules import RuleError
from marketing.models import Channel, Segment
from marketing.services.audiences import segment_comparisons as comparisons
from marketing.services.audiences.audience_figures import refreshing, stored
from shop.money import format_money, from_minor

MONEY = ("revenue", "margin")


def lines_of(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """One per segment, with what was counted last. Two queries."""
    kept, busy = stored(segments), refreshing(segments)
    return [_line(one, kept.get(one.pk), one.pk in busy) for one in segments]


def _line(segment: Segment, row: Snapshot | None, is_refreshing: bool) -> dict[str, Any]:
    line: dict[str, Any] = {
        "segment": segment,
        "is_refreshing": is_refreshing,
        "is_counted": row is not None,
        "compare": f"{reverse('admin:marketing_audience_compare')}?{urlencode({'s': segment.code})}",
    }
    if row is None:
        return line
    kept = row.payload
    forecast = kept["forecast"]
    return line | {
        "as_of": row.as_of,
        "is_old_rule": kept["rule"] != segment.rule,
        "size": kept["size"],
        "reachable": kept["reachable"],
        "reachable_share": percent(kept["reachable"] / kept["size"]) if kept["size"] else "",
        "reachable_by": [
            (label, kept["reachable_by"][name])
            for name, label in Channel.choices
            if name != Channel.EMAIL and "reachable_by" in kept
        ],
        "sample": kept["sample"],
        "revenue": _money(kept["revenue"]),
        "margin": _money(kept["margin"]),
        "spend": _money(forecast.get("spend")),
        "silent": _share(forecast.get("silent")),
        "why_no_spend": _why(forecast.get("refusal")),
        "why_not_silent": _why(forecast.get("silent_refusal") or forecast.get("refusal")),
        "changes": _sums(kept["changes"]),
    }


def _why(text: dict | None) -> str:
    return render(text) if text else ""


def _money(found: dict | None) -> dict[str, str] | None:
    if found is None or found["value"] is None:
        return None
    low, high = (figure(from_minor(round(found[end]))) for end in ("low", "high"))
    return {"text": format_money(round(found["value"])), "interval": f"{low}–{high}"}


def _share(found: dict | None) -> dict[str, str] | None:
    if found is None:
        return None
    return {
        "text": percent(found["value"]),
        "interval": f"{points(found['low'])}–{percent(found['high'])}",
    }


def _sums(changes: dict | None) -> dict[str, int] | None:
    if changes is None:
        return None
    week, month = changes["days"][-7:], changes["days"]
    return {
        "entered_7": sum(one[1] for one in week), "left_7": sum(one[2] for one in week),
        "entered_28": sum(one[1] for one in month), "left_28": sum(one[2] for one in month),
    }  # fmt: skip


FILE_HEADS = [
    "code", "name", "counted_at", "customers", "reachable_email",
    "reachable_sms", "reachable_push", "sample",
    "revenue_365", "revenue_low", "revenue_high", "margin_365", "margin_low", "margin_high",
    "spend_90", "spend_low", "spend_high", "margin_90", "margin_90_low", "margin_90_high",
    "no_order_90", "no_order_low", "no_order_high", "entered_7", "left_7", "entered_28", "left_28",
]  # fmt: skip


def file_rows(segments: Sequence[Segment]) -> Iterator[list[Any]]:
    """One line per segment; money in the shop's currency, shares 0 to 1, empty: not known."""
    yield FILE_HEADS
    kept = stored(segments)
    for one in segments:
        row = kept.get(one.pk)
        if row is None:
            yield [one.code, str(one)]
            continue
        found, ahead = row.payload, row.payload["forecast"]
        money = [found["revenue"], found["margin"], ahead.get("spend"), ahead.get("margin")]
        changes = _sums(found["changes"])
        yield [
            one.code, str(one), row.as_of.isoformat(), found["size"], found["reachable"],
            *(found.get("reachable_by", {}).get(name, "") for name in ("sms", "push")), found["sample"],
            *(_amount(figure, end) for figure in money for end in ("value", "low", "high")),
            *((ahead["silent"][end] if "silent" in ahead else "") for end in ("value", "low", "high")),
            *(changes.values() if changes else [""] * 4),
        ]  # fmt: skip


def _amount(figure: dict | None, end: str) -> Any:
    return "" if figure is None or figure[end] is None else from_minor(round(figure[end]))


def overlap_of(segments: Sequence[Segment]) -> dict[str, Any] | None:
    """table: Jaccard and count in both, per two; parts: each combination that holds somebody."""
    found = comparisons.overlap_report(segments)
    if found is None:
        return None
    cells = found.payload["cells"]
    by_pair = {
        (one["first"], one["second"]): one for one in comparisons.pairs(cells, len(segments))
    }
    sizes = [sum(n for bits, n in cells if bits >> place & 1) for place in range(len(segments))]

    def cell(row: int, column: int) -> dict[str, Any]:
        if row == column:
            return {"own": sizes[row]}
        pair = by_pair[min(row, column), max(row, column)]
        return pair | {"share": percent(pair["jaccard"]), "heat": _heat(pair["jaccard"])}

    places = range(len(segments))
    total = sum(n for _bits, n in cells)
    return {
        "as_of": found.as_of,
        "rows": [(segments[row], [cell(row, column) for column in places]) for row in places],
        "parts": [
            {
                "names": [str(segments[place]) for place in places if bits >> place & 1],
                "customers": n,
                "share": percent(n / total),
            }
            for bits, n in sorted(cells, key=lambda one: -one[1])
        ],
        "total": total,
        "cells": cells,
    }


def _heat(share: float | None) -> int:
    return min(int((share or 0) * 6 + 0.5), 6)


def curves_of(segments: Sequence[Segment], weeks: int) -> list[dict[str, Any]]:
    """Per segment: its curve, or why its members of then are not known, or that nobody counted it."""
    from marketing.ml.cohorts import wilson

    found = []
    for one in segments:
        line: dict[str, Any] = {"segment": one}
        try:
            report = comparisons.curve_report(one, weeks)
        except RuleError as error:
            found.append(line | {"refusal": str(error)})
            continue
        if report is not None:
            kept = report.payload
            n = kept["sample"]
            ends = [wilson(active, n) for active in kept["active"]] if n else []
            line |= {
                "size": kept["size"],
                "sample": n,
                "points": [
                    {"share": active / n, "low": float(low), "high": float(high),
                     "text": percent(active / n),
                     "interval": f"{points(low)}–{percent(high)}"}
                    for active, (low, high) in zip(kept["active"], ends, strict=True)
                ] if n else [],
            }  # fmt: skip
        found.append(line | {"is_counted": report is not None})
    return found


def curve_chart(curves: Sequence[dict[str, Any]]) -> SafeString:
    """A line per segment with its interval as a band; empty where none has two points."""
    drawn = [(place, one) for place, one in enumerate(curves) if len(one.get("points", [])) > 1]
    if not drawn:
        return SafeString("")
    width, height, right = 720, 220, 150
    top = max(point["high"] for _place, one in drawn for point in one["points"]) or 1.0
    longest = max(len(one["points"]) for _place, one in drawn)

    def at(k: int, share: float) -> str:
        x = 40 + (width - 40 - right) * k / max(longest - 1, 1)
        return f"{x:.1f},{height - 24 - (height - 40) * share / top:.1f}"

    ends = sorted(drawn, key=lambda one: -one[1]["points"][-1]["share"])
    heights: dict[int, float] = {}
    for place, one in ends:  # labels keep 14 from each other
        wanted = float(at(0, one["points"][-1]["share"]).split(",")[1])
        heights[place] = max([wanted, *(taken + 14 for taken in heights.values())])
    parts = []
    for place, one in drawn:
        points = one["points"]
        band = [at(k, point["high"]) for k, point in enumerate(points)]
        band += [at(k, point["low"]) for k, point in reversed(list(enumerate(points)))]
        line = [at(k, point["share"]) for k, point in enumerate(points)]
        x = float(line[-1].split(",")[0]) + 6
        parts.append(
            format_html(
                '<g class="mk-c{}"><polygon points="{}"/><polyline points="{}"/>'
                '<text x="{}" y="{}">{}</text></g>',
                place,
                " ".join(band),
                " ".join(line),
                f"{x:.0f}",
                f"{heights[place] + 4:.0f}",
                str(one["segment"])[:22],
            )
        )
    marks = format_html_join(
        "",
        '<text class="mk-axis" x="{}" y="{}">{}</text>',
        [
            (at(k, 0).split(",")[0], height - 6, str(k + 1))
            for k in range(longest)
        ] + [("2", f"{float(at(0, top).split(',')[1]) + 4:.0f}", percent(top)), ("2", f"{height - 20}", "0 %")],
    )  # fmt: skip
    body = format_html_join("", "{}", [(part,) for part in parts])
    label = _("Share with an order, by period of 28 days")
    return format_html(
        '<svg class="mk-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        width, height, label, marks, body,
    )  # fmt: skip


def growth_of(segments: Sequence[Segment], by: str) -> list[dict[str, Any]]:
    """Entered and left per day or week of the tracked segments; one query."""
    kept = stored(segments)
    found = []
    for one in segments:
        row = kept.get(one.pk)
        changes = row and row.payload["changes"]
        bars = changes["days" if by == "day" else "weeks"] if changes else []
        line = {
            "segment": one, "is_counted": row is not None, "bars": _bars(bars),
            "entered": sum(bar[1] for bar in bars), "left": sum(bar[2] for bar in bars),
            "rows": [(date.fromisoformat(bar[0]), bar[1], bar[2], bar[1] - bar[2]) for bar in reversed(bars)],
        }  # fmt: skip
        found.append(line)
    return found


def _bars(bars: Sequence[Sequence[Any]]) -> SafeString:
    """Entered above the line, left below it. Empty where nothing changed."""
    top = max((max(bar[1], bar[2]) for bar in bars), default=0)
    if not top:
        return SafeString("")
    step, half = 560 / len(bars), 44
    shapes = []
    for place, (begin, entered, left) in enumerate(bars):
        title = _("%(day)s: %(entered)s entered, %(left)s left") % {
            "day": date_format(date.fromisoformat(begin)), "entered": entered, "left": left
        }  # fmt: skip
        for name, value, y in (
            ("in", entered, half - half * entered / top),
            ("out", left, half + 1),
        ):
            shapes.append(
                (name, f"{place * step + 1:.1f}", f"{y:.1f}", f"{step - 2:.1f}",
                 f"{half * value / top:.1f}", title)
            )  # fmt: skip
    rects = format_html_join(
        "",
        '<rect class="mk-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        shapes,
    )
    return format_html(
        '<svg class="mk-chart mk-bars" viewBox="0 0 560 90" role="img" aria-label="{}">{}'
        '<line x1="0" x2="560" y1="44.5" y2="44.5"/></svg>',
        _("Entered and left"), rects,
    )  # fmt: skip


def comparison_rows(
    segments: Sequence[Segment],
    overlap: dict | None,
    curves: Sequence[dict],
    growth: Sequence[dict],
) -> Iterator[list[Any]]:
    """Everything on the page as lines: what, segments, key, value, low, high."""
    yield ["what", "segments", "key", "value", "low", "high"]
    codes = [one.code for one in segments]
    for bits, n in overlap["cells"] if overlap else []:
        names = [code for place, code in enumerate(codes) if bits >> place & 1]
        yield ["customers in exactly these", " ".join(names), "", n, "", ""]
    for pair in comparisons.pairs(overlap["cells"], len(codes)) if overlap else []:
        both = f"{codes[pair['first']]} {codes[pair['second']]}"
        yield ["jaccard", both, "", pair["jaccard"] if pair["jaccard"] is not None else "", "", ""]
    for line in curves:
        for k, point in enumerate(line.get("points", [])):
            ends = [round(point[end], 6) for end in ("share", "low", "high")]
            yield ["share with an order", line["segment"].code, f"period {k + 1}", *ends]
    for line in growth:
        for begin, entered, left, _net in line["rows"]:
            yield ["entered", line["segment"].code, begin.isoformat(), entered, "", ""]
            yield ["left", line["segment"].code, begin.isoformat(), left, "", ""]
