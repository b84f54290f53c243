"""Bars as SVG made on the server, one message each; values stand beside their bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from access.figures import figure

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 200, 40, 24, 14


def day_bars(first: date, values: Sequence[float], label: str) -> SafeString:
    """A bar a day from 0; every seventh day is named."""
    top = max([*values, 1.0])
    step = (WIDTH - LEFT) / max(len(values), 1)
    plot = HEIGHT - TOP - BOTTOM
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" rx="2" fill="var(--accent)">'
        "<title>{}</title></rect>",
        (
            (
                round(LEFT + step * place + step * 0.15, 1),
                round(TOP + plot * (1 - value / top), 1),
                round(step * 0.7, 1),
                round(plot * value / top, 1),
                f"{first + timedelta(days=place):%Y-%m-%d}: {figure(value, 1)}",
            )
            for place, value in enumerate(values)
        ),
    )
    names = format_html_join(
        "",
        '<text x="{}" y="{}" font-size="12" fill="currentColor">{}</text>',
        (
            (
                round(LEFT + step * place, 1),
                HEIGHT - 6,
                date_format(first + timedelta(days=place), "MONTH_DAY_FORMAT"),
            )
            for place in range(0, len(values), 7)
        ),
    )
    scale = format_html(
        '<text x="{}" y="{}" font-size="12" text-anchor="end" fill="currentColor">{}</text>'
        '<text x="{}" y="{}" font-size="12" text-anchor="end" fill="currentColor">0</text>',
        LEFT - 6,
        TOP + 10,
        figure(top, 1 if top < 10 else 0),
        LEFT - 6,
        HEIGHT - BOTTOM,
    )
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" style="width:100%;max-width:{}px;'
        'height:auto">{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        label,
        WIDTH,
        bars,
        names,
        scale,
    )


def share_bars(lines: Sequence[tuple[str, float, str]]) -> SafeString:
    """Name, size, text: horizontal bars against the largest."""
    largest = max((size for _name, size, _text in lines), default=0) or 1
    return format_html(
        '<ul class="iv-bars">{}</ul>',
        format_html_join(
            "",
            '<li><span>{}</span><span class="iv-bar"><i style="width:{}%"></i></span>'
            '<span class="bk-num">{}</span></li>',
            ((name, f"{100 * size / largest:.1f}", text) for name, size, text in lines),
        ),
    )
