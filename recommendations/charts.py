"""The trend of past trainings, drawn on the server as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.figures import significant

WIDTH, HEIGHT = 900, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 110, 16, 28
ROOM = 0.08  # of the range, above and below


@dataclass(frozen=True)
class Point:
    """One training. value, baseline: of the gate's metric, None where it could not be measured."""

    at: datetime
    value: float | None
    baseline: float | None
    is_live: bool
    url: str
    text: str


def trend(points: Sequence[Point], metric: str) -> SafeString:
    """Trainings oldest first, a point each; a gap where nothing was measured. Empty under one."""
    known = [v for point in points for v in (point.value, point.baseline) if v is not None]
    if not known:
        return SafeString("")
    low, high = min(known), max(known)
    margin = ROOM * (high - low) or 0.05 * (high or 1.0)
    scale = _Scale(len(points), low - margin, high + margin)
    return format_html(
        '<svg class="rc-trend" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        _("%(metric)s of each training against its baseline") % {"metric": metric},
        _axis(scale, low, high, metric),
        _line([scale.y(point.baseline) for point in points], scale, "rc-base"),
        _line([scale.y(point.value) for point in points], scale, "rc-line"),
        _dots(points, scale),
        _labels(points, scale),
    )


@dataclass(frozen=True)
class _Scale:
    count: int
    low: float
    high: float

    def x(self, index: int) -> float:
        inside = WIDTH - LEFT - RIGHT
        return LEFT + inside * (index / (self.count - 1) if self.count > 1 else 0.5)

    def y(self, value: float | None) -> float | None:
        if value is None:
            return None
        inside = HEIGHT - TOP - BOTTOM
        return TOP + inside * (1 - (value - self.low) / (self.high - self.low))


def _axis(scale: _Scale, low: float, high: float, metric: str) -> SafeString:
    rows = [(scale.y(value), significant(value)) for value in dict.fromkeys((low, high))]
    lines = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (LEFT, WIDTH - RIGHT, f"{y:.1f}", f"{y:.1f}", LEFT - 8, f"{y + 4:.1f}", text)
            for y, text in rows
        ),
    )
    name = format_html('<text x="{}" y="{}">{}</text>', LEFT, TOP - 4, metric)
    return format_html('<g class="rc-axis">{}{}</g>', lines, name)


def _line(ys: list[float | None], scale: _Scale, name: str) -> SafeString:
    """One polyline per stretch without a gap."""
    stretches: list[list[str]] = [[]]
    for index, y in enumerate(ys):
        if y is None:
            stretches.append([])
        else:
            stretches[-1].append(f"{scale.x(index):.1f},{y:.1f}")
    return format_html_join(
        "",
        '<polyline class="{}" points="{}"/>',
        ((name, " ".join(stretch)) for stretch in stretches if len(stretch) > 1),
    )


def _dots(points: Sequence[Point], scale: _Scale) -> SafeString:
    return format_html_join(
        "",
        '<a href="{}"><title>{}</title><circle class="{}" cx="{}" cy="{}" r="{}"/></a>',
        (
            (
                point.url,
                point.text,
                "rc-dot rc-live" if point.is_live else "rc-dot",
                f"{scale.x(index):.1f}",
                f"{scale.y(point.value):.1f}",
                7 if point.is_live else 4.5,
            )
            for index, point in enumerate(points)
            if point.value is not None
        ),
    )


def _labels(points: Sequence[Point], scale: _Scale) -> SafeString:
    """The lines' names at their ends, and when the first and the last training were."""
    rows: list[tuple[Any, ...]] = []
    for name, text in (("value", _("model")), ("baseline", _("baseline"))):
        last = [getattr(point, name) for point in points if getattr(point, name) is not None]
        if last and (y := scale.y(last[-1])) is not None:
            rows.append((WIDTH - RIGHT + 12, f"{y + 4:.1f}", "start", text))
    if len(rows) == 2 and abs(float(rows[0][1]) - float(rows[1][1])) < 14:
        above, below = sorted(rows, key=lambda row: float(row[1]))
        rows = [above, (below[0], f"{float(above[1]) + 14:.1f}", *below[2:])]
    ends = {0: "start", len(points) - 1: "end"} if len(points) > 1 else {0: "middle"}
    rows += [
        (f"{scale.x(index):.1f}", HEIGHT - 8, anchor, f"{points[index].at:%Y-%m-%d}")
        for index, anchor in ends.items()
    ]
    return format_html(
        '<g class="rc-axis">{}</g>',
        format_html_join("", '<text x="{}" y="{}" text-anchor="{}">{}</text>', rows),
    )
