"""The worked examples of docs/ledgers.md, "What may be struck through", with the same figures."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as configured
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.checks import shop_settings
from shop.models import Channel, Price, PriceKind
from shop.services import prior_prices
from shop.services.prior_prices import reduction_among, reduction_of, reductions_of
from tests.factories import make_variant

LONDON = ZoneInfo("Europe/London")
NUMBERS = {"list": PriceKind.LIST, "campaign": PriceKind.CAMPAIGN, "flash": PriceKind.FLASH}


class Row(NamedTuple):
    kind: str
    amount: float
    since: float | datetime
    until: float | datetime | None = None
    channel: str = ""


def moment(day: float | datetime) -> datetime:
    """Day 0 is 1 March 2026 in London; a day is a day of the calendar, whatever the clocks do."""
    if isinstance(day, datetime):
        return day
    whole = int(day // 1)
    midnight = datetime(2026, 3, 1, tzinfo=LONDON) + timedelta(days=whole)
    return midnight.astimezone(UTC) + timedelta(days=day - whole)


def write(variant, rows: list[Row]) -> None:
    for number, row in enumerate(rows):
        Price.objects.create(
            variant=variant,
            kind=row.kind,
            amount_minor=round(row.amount * 100),
            currency="GBP",
            valid_from=moment(row.since),
            valid_until=None if row.until is None else moment(row.until),
            channel=Channel.objects.get_or_create(code=row.channel)[0] if row.channel else None,
            source="test",
            key=f"{variant.sku}:{number}",
        )


def shown(variant, day, channel: str = "") -> tuple[float, int | None] | None:
    """What is struck through and the percentage, as the table of the page has them."""
    where = Channel.objects.get(code=channel) if channel else None
    found = reduction_of(variant, moment(day), channel=where)
    return found and (found.prior_amount_minor / 100, found.percent)


A = [Row("list", 100, -60), Row("campaign", 80, 0, 10)]
C = [Row("list", 100, -60), Row("campaign", 80, 0, 20), Row("campaign", 70, 5, 10)]
D = [Row("list", 100, -60), Row("campaign", 80, 0, 20), Row("flash", 50, 7, 8)]
E = [Row("list", 100, -60), Row("list", 95, -60, None, "web"), Row("campaign", 90, 0, 10)]
HALF_HOUR, NINE = 0.5 / 24, 9 / 24
CLOCKS = [
    Row("list", 100, -60),
    Row("campaign", 60, -20, datetime(2026, 3, 11, 0, 30, tzinfo=LONDON)),
    Row("campaign", 80, datetime(2026, 4, 10, 9, tzinfo=LONDON), 50),
]
ZONES = [
    Row("list", 100, -60),
    Row("campaign", 60, -20, datetime(2026, 3, 10, 20, tzinfo=UTC)),
    Row("campaign", 80, datetime(2026, 4, 10, 8, tzinfo=UTC), 50),
]
APRIL_15 = datetime(2026, 4, 15, tzinfo=UTC)
EXAMPLES = {
    "A": (A, 5, (100, 20)),
    "A after it": (A, 10, None),
    "B raised before it is reduced": (
        [Row("list", 80, -60), Row("list", 100, -10), Row("campaign", 90, 0, 10)], 5, None,
    ),
    "B raised in time": (
        [Row("list", 80, -60), Row("list", 100, -30), Row("campaign", 90, 0, 10)], 5, (100, 10),
    ),
    "C before the second": (C, 2, (100, 20)),
    "C in the second": (C, 7, (80, 12)),
    "C after the second": (C, 15, None),
    "D in the flash": (D, 7.5, (80, 37)),
    "D after the flash": (D, 15, None),
    "E elsewhere": (E, 5, (100, 10)),
    "F ten days old": ([Row("list", 100, -10), Row("campaign", 80, 0, 10)], 5, (100, 20)),
    "F reduced from its first day": ([Row("campaign", 80, 0, 10)], 5, None),
    "G free for two days": ([*A, Row("campaign", 0, -12, -10)], 5, None),
    "G not for sale for a while": (
        [Row("list", 100, -60, -20), Row("list", 120, -5), Row("campaign", 90, 0, 10)], 5, (100, 10),
    ),
    "H windows overlap": (
        [Row("list", 100, -60), Row("campaign", 80, 0, 5), Row("campaign", 80, 34, 40)], 36, None,
    ),
    "H a day later they do not": (
        [Row("list", 100, -60), Row("campaign", 80, 0, 5), Row("campaign", 80, 35, 40)], 36, (100, 20),
    ),
    "I prolonged by a second row": ([*A, Row("campaign", 80, 10, 20)], 15, None),
    "J whole days": (
        [Row("list", 100, -60), Row("campaign", 60, -40, -30 + HALF_HOUR), Row("campaign", 80, NINE, 10)],
        5, None,
    ),
    "J the clocks go forward": (CLOCKS, APRIL_15, None),
    "J another time zone, London": (ZONES, APRIL_15, (100, 20)),
    "K rounding": ([Row("list", 2.99, -60), Row("campaign", 1.99, 0, 10)], 5, (2.99, 33)),
    "K less than 1 %": ([Row("list", 100, -60), Row("campaign", 99.5, 0, 10)], 5, (100, None)),
    "L hidden list price": (
        [Row("list", 100, -60), Row("campaign", 80, -60, -1), Row("list", 50, -20, -2),
         Row("campaign", 70, 0, 10)], 5, (80, 12),
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_example(name):
    rows, day, expected = EXAMPLES[name]
    variant = make_variant("TEA-1", price_minor=None)
    write(variant, rows)
    assert shown(variant, day) == expected


@pytest.mark.django_db
def test_a_channel_is_judged_by_what_was_asked_there():
    variant = make_variant("TEA-1", price_minor=None)
    write(variant, E)
    assert shown(variant, 5, "web") == (95, 5)


@pytest.mark.django_db
def test_a_day_begins_where_the_shop_is(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    variant = make_variant("TEA-1", price_minor=None)
    write(variant, ZONES)
    assert shown(variant, APRIL_15) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "day", "expected"),
    [(C, 7, (100, 30)), (C, 15, None), (D, 7.5, (100, 50)), (D, 15, None), (A, 5, (100, 20))],
)
def test_a_series_of_growing_reductions_where_the_law_knows_it(settings, rows, day, expected):
    settings.PRICE_PROGRESSIVE = True
    variant = make_variant("TEA-1", price_minor=None)
    write(variant, rows)
    assert shown(variant, day) == expected


@pytest.mark.django_db
def test_the_window_is_a_setting(settings):
    variant = make_variant("TEA-1", price_minor=None)
    write(variant, [Row("list", 80, -60), Row("list", 100, -10), Row("campaign", 90, 0, 10)])
    assert shown(variant, 5) is None
    settings.PRIOR_PRICE_DAYS = 10
    assert shown(variant, 5) == (100, 10)


@pytest.mark.django_db
def test_many_in_one_query(django_assert_num_queries):
    skus = [make_variant(f"TEA-{number}", price_minor=None) for number in range(5)]
    for variant in skus[:4]:
        write(variant, A)
    with django_assert_num_queries(1):
        found = reductions_of([variant.pk for variant in skus], moment(5))
    assert {pk: one.percent for pk, one in found.items()} == {v.pk: 20 for v in skus[:4]}


def test_a_window_without_days_is_refused_at_start(settings):
    assert not shop_settings(None)
    settings.PRIOR_PRICE_DAYS = 0
    [error] = shop_settings(None)
    assert error.id == "config.E003"


# Against a brute force that knows nothing of stretches: what was asked, minute by minute.

MINUTE = timedelta(minutes=1)
ORIGIN = datetime(2026, 3, 28, tzinfo=UTC)  # the clocks go forward on the second of the three days
LENGTH = 3 * 24 * 60
RANK = {"flash": 0, "campaign": 1, "list": 2}


@st.composite
def histories(draw) -> list[Price]:
    rows = []
    for number in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["list", "list", "campaign", "campaign", "flash"]))
        since = draw(st.integers(0, LENGTH - 1))
        endless = kind == "list" and draw(st.booleans())
        lasts = draw(st.integers(1, LENGTH))
        rows.append(
            Price(
                pk=number + 1,
                kind=kind,
                amount_minor=draw(st.integers(0, 12)) * 10,
                currency="GBP",
                valid_from=ORIGIN + since * MINUTE,
                valid_until=None if endless else ORIGIN + (since + lasts) * MINUTE,
                channel_id=draw(st.sampled_from([None, None, 1])),
            )
        )
    return rows


def asked_by_minute(rows: list[Price]) -> list[Price | None]:
    """Painted over: the least preferred row first."""
    asked: list[Price | None] = [None] * LENGTH
    for row in sorted(
        rows, key=lambda r: (-RANK[r.kind], r.channel_id is not None, r.valid_from, r.pk)
    ):
        first = int((row.valid_from - ORIGIN) / MINUTE)
        last = LENGTH if row.valid_until is None else int((row.valid_until - ORIGIN) / MINUTE)
        for minute in range(first, min(last, LENGTH)):
            asked[minute] = row
    return asked


def by_brute_force(rows: list[Price], minute: int, progressive: bool) -> tuple[int, int] | None:
    asked = asked_by_minute(rows)
    now = asked[minute]
    if now is None or now.kind == "list":
        return None
    first = minute
    while first and asked[first - 1] is asked[first]:
        first -= 1
    while progressive and first:
        before, after = asked[first - 1], asked[first]
        if before is None or before.kind == "list" or before.amount_minor <= after.amount_minor:
            break
        first -= 1
        while first and asked[first - 1] is asked[first]:
            first -= 1
    day = (ORIGIN + first * MINUTE).astimezone(LONDON).date() - timedelta(days=1)
    window = [
        row.amount_minor
        for at, row in enumerate(asked[:first])
        if row is not None and (ORIGIN + at * MINUTE).astimezone(LONDON).date() >= day
    ]
    if not window or min(window) <= now.amount_minor:
        return None
    return min(window), now.amount_minor


@hypothesis_settings(max_examples=300, deadline=None)
@given(histories(), st.integers(0, LENGTH - 1), st.booleans())
def test_minute_by_minute_agrees(rows, minute, progressive):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configured, "PRIOR_PRICE_DAYS", 1)
        patch.setattr(configured, "PRICE_PROGRESSIVE", progressive)
        found = reduction_among(rows, ORIGIN + minute * MINUTE)
    expected = by_brute_force(rows, minute, progressive)
    assert (found and (found.prior_amount_minor, found.price.amount_minor)) == expected
    if found:
        exact = 100 * (1 - found.price.amount_minor / found.prior_amount_minor)
        assert (found.percent or 0) <= exact + 1e-9 < (found.percent or 0) + 1 + 1e-9


# Nobody else computes what may be struck through.

ROOT = Path(configured.BASE_DIR)
ELSEWHERE = re.compile(
    r"lowest_price_before"
    r"|100\s*\*\s*\(?[^)\n]*(?:price|amount|prior|was)\w*"
    r"|(?:price|amount|prior)_minor\s*/{1,2}\s*\w*(?:price|amount|prior|was)\w*"
    r"|<(?:s|del|strike)\b|line-through"
)
APPS = ["shop", "recommendations", "marketing", "support", "inventory", "config", "decisions"]


def test_nothing_else_computes_a_former_price_or_a_percentage():
    found = []
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    files += [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]
    for path in files:
        if path == Path(prior_prices.__file__) or "migrations" in path.parts:
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if ELSEWHERE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found, "ask shop.services.prior_prices.reduction_of instead:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "percent = 100 * (prior.amount_minor - price.amount_minor) // prior.amount_minor",
        "before = lowest_price_before(variant, price.valid_from)",
        "share = row.amount_minor / prior_amount",
        "<s>{{ old }}</s>",
        '<span style="text-decoration: line-through">',
    ],
)
def test_it_would_be_found(line):
    assert ELSEWHERE.search(line)
