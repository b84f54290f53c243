"""An experiment day by day, drawn on the server as SVG: the difference and its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT = 900, 230
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 16, 28
# Wide first intervals would press everything that matters into a line: the axis ends here, in
# multiples of the last interval's width, and the band is cut off.
WIDEST = 4.0


@dataclass(frozen=True)
class Day:
    """difference: of the arm to the control. low, high: its always-valid interval."""

    on: date
    difference: float | None
    low: float | None
    high: float | None


def effect_curve(days: Sequence[Day], arm: str, written: Callable[[float], str]) -> SafeString:
    """Band, line and zero. Empty under two days with a difference."""
    known = [day for day in days if day.difference is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = _range(known)
    scale = _Scale(len(known), low, high)
    return format_html(
        '<svg class="rc-trend rc-effect" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        _("Difference of “%(arm)s”, day by day, with its interval") % {"arm": arm},
        _band(known, scale),
        _axis(known, scale, written),
        _line(known, scale),
        _dots(known, scale, written),
    )


@dataclass(frozen=True)
class _Scale:
    count: int
    low: float
    high: float

    def x(self, index: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * index / (self.count - 1)

    def y(self, value: float) -> float:
        inside = min(self.high, max(self.low, value))
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (inside - self.low) / (self.high - self.low))


def _range(days: Sequence[Day]) -> tuple[float, float]:
    last = days[-1]
    values = [day.difference for day in days if day.difference is not None] + [0.0]
    if last.low is not None and last.high is not None:
        reach = WIDEST * (last.high - last.low) / 2
        middle = (last.low + last.high) / 2
        edges = [v for day in days for v in (day.low, day.high) if v is not None]
        values = [min(max(v, middle - reach), middle + reach) for v in [*values, *edges]] + [0.0]
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _band(days: Sequence[Day], scale: _Scale) -> SafeString:
    inside = [
        (scale.x(n), scale.y(day.low), scale.y(day.high))
        for n, day in enumerate(days)
        if day.low is not None and day.high is not None
    ]
    above = [f"{x:.1f},{high:.1f}" for x, _low, high in inside]
    below = [f"{x:.1f},{low:.1f}" for x, low, _high in reversed(inside)]
    return format_html('<polygon class="rc-band" points="{}"/>', " ".join([*above, *below]))


def _line(days: Sequence[Day], scale: _Scale) -> SafeString:
    points = " ".join(
        f"{scale.x(n):.1f},{scale.y(day.difference or 0.0):.1f}" for n, day in enumerate(days)
    )
    return format_html('<polyline class="rc-line" points="{}"/>', points)


def _dots(days: Sequence[Day], scale: _Scale, written: Callable[[float], str]) -> SafeString:
    return format_html_join(
        "",
        '<g><title>{}</title><circle class="rc-dot" cx="{}" cy="{}" r="3.5"/></g>',
        (
            (
                f"{day.on:%Y-%m-%d}: {written(day.difference or 0.0)}",
                f"{scale.x(n):.1f}",
                f"{scale.y(day.difference or 0.0):.1f}",
            )
            for n, day in enumerate(days)
        ),
    )


def _axis(days: Sequence[Day], scale: _Scale, written: Callable[[float], str]) -> SafeString:
    zero = format_html(
        '<line class="rc-zero" x1="{}" x2="{}" y1="{}" y2="{}"/>',
        LEFT, WIDTH - RIGHT, f"{scale.y(0):.1f}", f"{scale.y(0):.1f}",
    )  # fmt: skip
    spots = [(scale.y(0.0), "0")]
    for value in (scale.high, scale.low):
        if abs(scale.y(value) - scale.y(0.0)) > 24:
            spots.append((scale.y(value) + (8 if value == scale.high else 0), written(value)))
    marks = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        ((LEFT - 8, f"{y + 4:.1f}", text) for y, text in spots),
    )
    ends = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}">{}</text>',
        (
            (LEFT, HEIGHT - 8, "start", f"{days[0].on:%Y-%m-%d}"),
            (WIDTH - RIGHT, HEIGHT - 8, "end", f"{days[-1].on:%Y-%m-%d}"),
        ),
    )
    return format_html('<g class="rc-axis">{}{}{}</g>', zero, marks, ends)
