"""Money by the share of the list that is written to, drawn on the server as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from access.figures import percent

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 92, 16, 14, 30


@dataclass(frozen=True)
class Point:
    """share: 0 to 1. money: per customer of the list, minor units, with its interval."""

    share: float
    money: float
    low: float
    high: float


def uplift_chart(
    points: Sequence[Point], label: str, written: Callable[[float], str]
) -> SafeString:
    """Band and curve over the straight line of a random order. Empty under two points."""
    if len(points) < 2:
        return SafeString("")
    lowest = min(0.0, *(one.low for one in points))
    highest = max(0.0, *(one.high for one in points))
    span = (highest - lowest) or 1.0

    def x(share: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * share:.1f}"

    def y(money: float) -> str:
        return f"{TOP + (HEIGHT - TOP - BOTTOM) * (highest - money) / span:.1f}"

    upper = [f"{x(one.share)},{y(one.high)}" for one in points]
    lower = [f"{x(one.share)},{y(one.low)}" for one in reversed(points)]
    line = " ".join(f"{x(one.share)},{y(one.money)}" for one in points)
    marks = dict.fromkeys((lowest, 0.0, highest))
    last = points[-1]
    return format_html(
        '<svg class="mk-uplift" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polygon class="mk-band" points="{}"/><g class="mk-axis">{}{}</g>'
        '<line class="mk-equal" x1="{}" y1="{}" x2="{}" y2="{}"/>'
        '<polyline class="mk-curve" points="{}"/>{}</svg>',
        WIDTH, HEIGHT, label,
        " ".join([*upper, *lower]),
        format_html_join(
            "", '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
            ((LEFT, WIDTH - RIGHT, y(m), y(m), LEFT - 6, f"{float(y(m)) + 4:.1f}", written(m))
             for m in marks),
        ),
        format_html_join(
            "", '<text x="{}" y="{}" text-anchor="middle">{}</text>',
            ((x(share), HEIGHT - 8, percent(share)) for share in (0.0, 0.25, 0.5, 0.75)),
        ),
        x(0), y(0), x(1), y(last.money),
        line,
        format_html_join(
            "", '<circle cx="{}" cy="{}" r="3"><title>{}: {} ({} – {})</title></circle>',
            ((x(p.share), y(p.money), percent(p.share), written(p.money), written(p.low),
              written(p.high)) for p in points),
        ),
    )  # fmt: skip
