"""What was said and what came, by tenths of the customers, drawn on the server as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.figures import percent

SIDE, LEFT, BOTTOM, EDGE = 240, 40, 34, 12
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)  # between two marks of an axis
MOST_MARKS = 4


@dataclass(frozen=True)
class Tenth:
    """Shares from 0 to 1: the mean of what was said, what came, its 95 % interval."""

    said: float
    came: float
    low: float
    high: float
    customers: int


def calibration_chart(tenths: Sequence[Tenth], label: str) -> SafeString:
    """A dot per tenth over the line where both are equal. Empty under two tenths."""
    if len(tenths) < 2:
        return SafeString("")
    highest = max(STEPS[0], *(max(one.said, one.high) for one in tenths))
    step = next((one for one in STEPS if one * MOST_MARKS >= highest), STEPS[-1])
    top = min(1.0, step * -(-highest // step))
    width = SIDE - LEFT - EDGE

    def x(share: float) -> float:
        return LEFT + width * share / top

    def y(share: float) -> float:
        return SIDE - BOTTOM - (SIDE - BOTTOM - EDGE) * share / top

    marks = [step * number for number in range(round(top / step) + 1)]
    return format_html(
        '<svg class="mk-calibration" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<g class="mk-axis">{}{}<text x="{}" y="{}" text-anchor="end">{}</text>'
        '<text x="{}" y="{}">{}</text></g>'
        '<line class="mk-equal" x1="{}" y1="{}" x2="{}" y2="{}"/>{}</svg>',
        SIDE, SIDE, label,
        format_html_join(
            "", '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
            ((LEFT, SIDE - EDGE, f"{y(m):.1f}", f"{y(m):.1f}", LEFT - 6, f"{y(m) + 4:.1f}", percent(m))
             for m in marks),
        ),
        format_html_join(
            "", '<text x="{}" y="{}" text-anchor="middle">{}</text>',
            ((f"{x(m):.1f}", SIDE - BOTTOM + 14, percent(m)) for m in marks[1:-1]),
        ),
        SIDE - EDGE, SIDE - 4, _("said"), LEFT + 6, EDGE + 4, _("came"),
        f"{x(0):.1f}", f"{y(0):.1f}", f"{x(top):.1f}", f"{y(top):.1f}",
        format_html_join(
            "",
            '<g><title>{}</title><line class="mk-reach" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<circle cx="{}" cy="{}" r="3.5"/></g>',
            ((_told(t), *(f"{at:.1f}" for at in (x(t.said), x(t.said), y(t.low), y(t.high), x(t.said), y(t.came))))
             for t in tenths),
        ),
    )  # fmt: skip


def _told(tenth: Tenth) -> str:
    return _("said %(said)s, came %(came)s (%(low)s to %(high)s), %(n)s customers") % {
        "said": percent(tenth.said),
        "came": percent(tenth.came),
        "low": percent(tenth.low),
        "high": percent(tenth.high),
        "n": tenth.customers,
    }
