"""One place writes every figure that a person reads: rounded, grouped, the same on every page."""

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.template import Context, Template
from django.template.defaultfilters import floatformat
from django.utils.formats import number_format
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from access.figures import figure, percent, points, significant, with_sign
from shop.money import format_money

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "access", "attention", "config", "decisions", "inventory", "language", "marketing", "outbox",
    "recommendations", "shop", "support",
]  # fmt: skip
HOME = ROOT / "access" / "figures.py"
DJANGOS = {"number_format", "floatformat", "localize", "intcomma"}
DJANGOS_TAGS = re.compile(r"\|\s*(?:floatformat|intcomma|localize)\b|\{%\s*widthratio\b")
# Files for programs, terminals and forms; texts that are parsed again. None is read as a figure.
ELSEWHERE = {"ml", "management", "importers", "exporters", "simulator", "migrations"}
WITH_PLACES = re.compile(r"^[^%]*[eEfFgGn%]$")
NO_FIGURES = {
    "access/figures.py": "the place itself, below a ten-thousandth",
    "config/charts.py": "coordinates",
    "config/supervisor.py": "a line in the log",
    "inventory/bar_charts.py": "the width of a bar",
    "inventory/services/forecasts.py": "the name of a quantile, as it is stored",
    "inventory/services/substitutes.py": "digits that are kept in a row",
    "inventory/services/warehouse_forecasts.py": "the name of a quantile, as it is stored",
    "language/wire.py": "a timeout, in the message of an exception for the log",
    "marketing/admin/journey_step_forms.py": "the value of an input, parsed again",
    "marketing/definitions/rule_text.py": "a rule as text, parsed again",
    "marketing/pages/audiences.py": "coordinates",
    "marketing/pages/calibration_chart.py": "coordinates",
    "marketing/pages/effects.py": "a file for programs",
    "marketing/pages/uplift_chart.py": "coordinates",
    "marketing/templatetags/personas.py": "coordinates",
    "recommendations/services/statements.py": "an interval in a statement",
    "recommendations/charts.py": "coordinates",
    "recommendations/services/ranking.py": "digits that are kept in a receipt",
    "recommendations/trial_charts.py": "coordinates",
    "recommendations/trial_pages.py": "a file for programs",
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (73.9, 0, "74"), (2.96, 1, "3.0"), (-0.3, 0, "0"), (7, 0, "7"), (0.999, 2, "1.00"),
        (2.5, 0, "3"), (3.5, 0, "4"), (-2.5, 0, "−3"), (1234.55, 1, "1,234.6"), (1.005, 2, "1.01"),
        (Decimal("0.125"), 2, "0.13"), (10**15 + 1, 0, "1,000,000,000,000,001"),
        (None, 1, "–"), (float("nan"), 1, "–"), (float("inf"), 1, "–"),
    ],
)  # fmt: skip
def test_a_figure_is_rounded_and_a_half_goes_away_from_zero(value, digits, said, language):
    with override(language):
        assert figure(value, digits) == said


def test_a_sign_stands_where_it_is_asked_for_and_never_before_a_nought():
    assert [figure(x, 1, signed=True) for x in (0.36, -0.36, 0.04, -0.04)] == [
        "+0.4", "−0.4", "0.0", "0.0",
    ]  # fmt: skip
    assert [with_sign(x, lambda size: format_money(round(size))) for x in (250.2, -250.2, -0.2)] == [
        "+£2.50", "−£2.50", "£0.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [(0.739, 0, "74 %"), (0.145, 0, "15 %"), (0.29, 0, "29 %"), (0.0049, 1, "0.5 %"),
     (-0.125, 0, "−13 %"), (1, 0, "100 %"), (None, 0, "–")],
)  # fmt: skip
def test_a_share_is_rounded_as_it_is_written_not_as_its_binary_fraction_is(share, digits, said):
    assert percent(share, digits) == said
    assert points(share, digits) == said.removesuffix(" %")


@pytest.mark.parametrize(
    ("value", "said"),
    [(12345.6, "12,346"), (1234567.0, "1,234,567"), (123456, "123,456"), (0.123456, "0.1235"),
     (2.50, "2.5"), (9999.9, "10,000"), (0, "0"), (-12.3456, "−12.35"), (1e-7, "1e-07"), (None, "–")],
)  # fmt: skip
def test_all_that_stands_before_the_point_is_written(value, said):
    """`:.4g` wrote 12345.6 as 1.235e+04."""
    assert significant(value) == said


@given(st.floats(-1e12, 1e12).filter(lambda x: abs(x) > 1e-12), st.integers(0, 4))
def test_every_figure_is_the_nearest_one(value, digits):
    """Against Django's own template filter, which rounds likewise but has another minus, and fails
    below 1e-200."""
    with override("en"):
        assert figure(value, digits) == floatformat(value, f"{digits}g").replace("-", "−")


def test_what_django_gives_to_python_is_cut_off():
    """Why no module may ask it: the reason goes when this fails."""
    assert (number_format(73.9, 0), figure(73.9)) == ("73", "74")


def test_templates_write_the_same():
    template = Template(
        "{% load figures %}{{ a|rounded }} {{ a|rounded:1 }} {{ b|points }} {{ c|rounded }}{{ d|rounded }}"
    )
    said = template.render(Context({"a": 1234.56, "b": 0.125, "c": None, "d": ""}))
    assert said == "1,235 1,234.6 13 –"


def modules():
    for app in APPS:
        yield from (ROOT / app).rglob("*.py")


def django_formats(text: str) -> list[str]:
    """Names of Django's formats that a module imports or asks for."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found += [
                alias.name for alias in node.names if (node.module or "").startswith("django")
            ]
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
    return [name for name in found if name in DJANGOS]


def with_places(text: str) -> list[str]:
    """The formats of numbers with places in f-strings."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            parts = [
                part.value for part in node.format_spec.values if isinstance(part, ast.Constant)
            ]
            found.append("".join(map(str, parts)))
    return [spec for spec in found if WITH_PLACES.match(spec)]


def test_no_module_asks_django_to_write_a_figure():
    stray = [
        str(path.relative_to(ROOT))
        for path in modules()
        if path != HOME and django_formats(path.read_text())
    ]
    assert not stray, "ask access.figures instead"


def test_no_template_asks_django_to_write_a_figure():
    pages = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]
    stray = [str(p.relative_to(ROOT)) for p in pages if DJANGOS_TAGS.search(p.read_text())]
    assert len(pages) > 50
    assert not stray, "load figures and say |rounded or |points instead"


def test_no_module_formats_a_figure_by_itself():
    found = {
        str(path.relative_to(ROOT))
        for path in modules()
        if not ELSEWHERE & set(path.parts) and with_places(path.read_text())
    }
    assert found == set(NO_FIGURES), (
        "ask access.figures; or say here why nobody reads it as a figure"
    )


@pytest.mark.parametrize(
    "line",
    [
        "from django.utils.formats import date_format, number_format",
        "from django.utils import formats\nformats.number_format(x, 0)",
        "from django.template.defaultfilters import floatformat",
    ],
)
def test_a_module_that_asks_django_would_be_found(line):
    assert django_formats(line)


@pytest.mark.parametrize(
    "text", ["f'{x:.0f}'", "f'{x:,.4g}'", "f'{x:+.1f} %'", "f'{x:.{n}f}'", "f'{x:.1%}'"]
)
def test_a_figure_of_a_modules_own_would_be_found(text):
    assert with_places(text)
    assert not with_places("f'{day:%Y-%m-%d} {n:,} {name}'")


@pytest.mark.parametrize(
    "text", ["{{ n|floatformat:1 }}", "{{ n|default:0|intcomma }}", "{% widthratio a 1 100 %}"]
)
def test_a_template_that_asks_django_would_be_found(text):
    assert DJANGOS_TAGS.search(text)
