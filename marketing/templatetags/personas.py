"""The line of a persona's size over its learnings."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
WIDTH, HEIGHT = 96, 28


@register.simple_tag
def size_line(shares: list[float]) -> SafeString:
    """From nothing to the largest share, oldest first; empty for under two learnings."""
    if len(shares) < 2:
        return SafeString("")
    top = max(shares) or 1.0
    step = (WIDTH - 6) / (len(shares) - 1)
    points = [
        (3 + place * step, HEIGHT - 3 - (HEIGHT - 6) * share / top)
        for place, share in enumerate(shares)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return format_html(
        '<svg class="bk-spark" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        WIDTH, HEIGHT, WIDTH, HEIGHT, line, f"{x:.1f}", f"{y:.1f}",
    )  # fmt: skip
