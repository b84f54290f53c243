"""Small charts drawn on the server as SVG: they print, need no script and no network."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString


def sparkline(values: list[float], *, width: int = 120, height: int = 28) -> SafeString:
    """A line over the values, oldest first, with its last point marked. Empty for under two."""
    if len(values) < 2:
        return SafeString("")
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = (width - 6) / (len(values) - 1)
    points = [
        (3 + index * step, height - 3 - (height - 6) * (value - low) / span)
        for index, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return format_html(
        '<svg class="bk-spark" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        width, height, width, height, path, f"{points[-1][0]:.1f}", f"{points[-1][1]:.1f}",
    )  # fmt: skip
