"""The forecast of one SKU as SVG made on the server: prints, needs no script and no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.figures import significant

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 28
PLOT_HEIGHT = HEIGHT - TOP - BOTTOM


# Kind of mark → (its line above the plot's floor in px, colour, letter): a legend names them.
MARK_KINDS = {
    "promotion": (6, "#b54708", "%"),
    "campaign": (18, "#6941c6", "C"),
    "price": (30, "#b42318", "P"),
    "receipt": (42, "#067647", "R"),
}


@dataclass(frozen=True)
class Mark:
    """What happened from one day of the chart until another, both counted from its first."""

    kind: str
    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Fan:
    """What the chart shows. History ends the day before `starts_on`, where the forecast begins.

    out_of_stock: one flag per history day; such a day is a gap, never a 0.
    mean and quantiles: units per day; quantiles by level "0.1", "0.3", "0.7", "0.9".
    """

    starts_on: date
    units: Sequence[float]
    out_of_stock: Sequence[bool]
    mean: Sequence[float]
    quantiles: dict[str, Sequence[float]]
    marks: Sequence[Mark] = ()


def fan_chart(fan: Fan) -> SafeString:
    """History dark, the mean in the accent colour, 80 % and 40 % bands, days out of stock hatched."""
    days = len(fan.units) + len(fan.mean)
    top = _round_up(max([*fan.units, *fan.quantiles.get("0.9", fan.mean), 1.0]))
    place = _Place(days, top)
    first = fan.starts_on - timedelta(days=len(fan.units))
    start = len(fan.units)
    parts = [
        _hatch(),
        _axes(place, first),
        _gaps(place, fan.out_of_stock),
        _band(place, start, fan.quantiles["0.1"], fan.quantiles["0.9"], 0.18),
        _band(place, start, fan.quantiles["0.3"], fan.quantiles["0.7"], 0.30),
        *(_line(place, begin, run, "ink") for begin, run in _runs(fan.units, fan.out_of_stock)),
        _line(place, start, fan.mean, "accent"),
        _marks(place, fan.marks),
    ]
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" style="width:100%;max-width:{}px;'
        'height:auto;--ink:currentColor;--accent:var(--color-primary-600,#2563eb)">{}</svg>',
        WIDTH,
        HEIGHT,
        _("Units sold per day and the forecast with its 80 % interval"),
        WIDTH,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


@dataclass(frozen=True)
class _Place:
    days: int
    top: float

    def x(self, day: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * day / max(self.days - 1, 1), 1)

    def y(self, units: float) -> float:
        return round(TOP + PLOT_HEIGHT * (1 - min(units, self.top) / self.top), 1)

    def points(self, begin: int, values: Sequence[float]) -> list[str]:
        return [f"{self.x(begin + step)},{self.y(value)}" for step, value in enumerate(values)]


def _line(place: _Place, begin: int, values: Sequence[float], colour: str) -> SafeString:
    return format_html(
        '<polyline points="{}" fill="none" stroke="var(--{})" stroke-width="1.6"/>',
        " ".join(place.points(begin, values)),
        colour,
    )


def _band(
    place: _Place, begin: int, low: Sequence[float], high: Sequence[float], opacity: float
) -> SafeString:
    around = [*place.points(begin, high), *reversed(place.points(begin, low))]
    return format_html(
        '<polygon points="{}" fill="var(--accent)" fill-opacity="{}"/>',
        " ".join(around),
        opacity,
    )


def _gaps(place: _Place, out_of_stock: Sequence[bool]) -> SafeString:
    width = place.x(1) - place.x(0)
    return format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="url(#out-of-stock)"><title>{}</title></rect>',
        (
            (round(place.x(day) - width / 2, 1), TOP, round(width, 1), PLOT_HEIGHT, _("no stock"))
            for day, empty in enumerate(out_of_stock)
            if empty
        ),
    )


def _marks(place: _Place, marks: Sequence[Mark]) -> SafeString:
    """Bars and dots at the foot of the plot, each with its words on hover."""
    shapes = []
    for mark in marks:
        rise, colour, letter = MARK_KINDS[mark.kind]
        left, right = place.x(mark.first), place.x(mark.last)
        y = TOP + PLOT_HEIGHT - rise
        if mark.last > mark.first:
            width = round(max(right - left, 4), 1)
            shapes.append(
                format_html(
                    '<rect x="{}" y="{}" width="{}" height="5" rx="2" fill="{}">'
                    "<title>{}</title></rect>",
                    left,
                    y - 3,
                    width,
                    colour,
                    mark.text,
                )
            )
        else:
            shapes.append(
                format_html(
                    '<g fill="{}"><circle cx="{}" cy="{}" r="5"/><text x="{}" y="{}" font-size="8" '
                    'fill="#fff" text-anchor="middle">{}</text><title>{}</title></g>',
                    colour,
                    left,
                    y,
                    left,
                    y + 3,
                    letter,
                    mark.text,
                )
            )
    return format_html_join("", "{}", ((shape,) for shape in shapes))


def _axes(place: _Place, first: date) -> SafeString:
    levels = [place.top * share for share in (0, 0.5, 1)]
    lines = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="currentColor" stroke-opacity=".15"/>'
        '<text x="{}" y="{}" text-anchor="end" font-size="12" fill="currentColor">{}</text>',
        (
            (
                LEFT,
                WIDTH - RIGHT,
                place.y(level),
                place.y(level),
                LEFT - 6,
                place.y(level) + 4,
                significant(level, 6),
            )
            for level in levels
        ),
    )
    months = [
        (place.x(day), HEIGHT - 8, date_format(first + timedelta(days=day), "M"))
        for day in range(place.days)
        if (first + timedelta(days=day)).day == 1
    ]
    names = format_html_join(
        "",
        '<text x="{}" y="{}" font-size="12" text-anchor="middle" fill="currentColor">{}</text>',
        months,
    )
    unit = format_html(
        '<text x="{}" y="{}" font-size="12" fill="currentColor">{}</text>',
        LEFT + 4,
        TOP + 10,
        _("units a day"),
    )
    return format_html("{}{}{}", lines, names, unit)


def _hatch() -> SafeString:
    return SafeString(
        '<defs><pattern id="out-of-stock" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="2" height="6" fill="currentColor" '
        'fill-opacity=".25"/></pattern></defs>'
    )


def _runs(
    units: Sequence[float], out_of_stock: Sequence[bool]
) -> list[tuple[int, Sequence[float]]]:
    """The stretches between gaps, so that the line never bridges what is not known."""
    runs: list[tuple[int, Sequence[float]]] = []
    begin = 0
    for day in range(len(units) + 1):
        if day == len(units) or out_of_stock[day]:
            if day > begin:
                runs.append((begin, units[begin:day]))
            begin = day + 1
    return runs


def _round_up(value: float) -> float:
    """To the next 1, 2 or 5 × a power of ten: an axis that reads well."""
    size = 1.0
    while size * 10 < value:
        size *= 10
    return next(size * step for step in (1, 2, 5, 10) if size * step >= value)
