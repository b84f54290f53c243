"""How long the placement report takes at a million impressions, and where the time goes.

    DATABASE_URL=postgres:///EMPTY python benchmarks/placement_report.py [--impressions 1000000]

An empty, migrated database is filled by SQL: answers of ten products each in two placements, every
product seen once, one in twenty clicked, one in forty bought a day later; half of it in the days of
the report, half in as many days before. The report is made afresh each time; the cache is not asked.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.recommendation_shop import EMPTY_TEXTS, STEPS  # noqa: E402
from recommendations.services import reporting  # noqa: E402
from shop.models import Event, Order  # noqa: E402

DAYS = 7
PER_ANSWER = 10
BEGAN = "now() - interval '60 days'"
FILL = {
    "answers": """
        INSERT INTO decisions_decision (id, kind, key, subject, headline, why, inputs, output,
            score_parts, constraints_hit, alternatives, outcome, state, code_version, created_at,
            currency, decision_note)
        SELECT md5('a' || g)::uuid, 'recommendation', 'bench:' || g, 'anybody', '{{}}', '{{}}',
            jsonb_build_object('placement', CASE WHEN g % 3 = 0 THEN 'product' ELSE 'home' END),
            jsonb_build_object('items', (SELECT jsonb_agg(jsonb_build_object(
                'product_id', p.low + (g * 7919 + n * 31) % p.total, 'sku', 'S', 'source', 'popular',
                'score', 0.5, 'reason', 'popular', 'because', null, 'propensity', 1.0,
                'rules', '[]'::jsonb)) FROM generate_series(1, {per_answer}) n)),
            '[]', '[]', '[]', '{{}}', 'automatic', 'bench',
            {day} - (g % {days}) * interval '1 day', '', ''
        FROM generate_series(1, {answers}) g,
            (SELECT min(id) low, count(*) total FROM shop_product) p""",
    "impressions and clicks": """
        INSERT INTO shop_event (event_id, kind, occurred_at, received_at, session, visitor, query,
            properties, consent, customer_id, variant_id, clock_ahead_seconds)
        SELECT kinds.kind || d.key || ':' || item.n, kinds.kind, d.created_at, d.created_at + later, '', '', '',
            jsonb_build_object('receipt', d.id), true, c.low + (x.number * 17) % c.total, v.id, 0
        FROM decisions_decision d CROSS JOIN LATERAL (SELECT substr(d.key, 7)::bigint number) x
        CROSS JOIN LATERAL jsonb_array_elements(d.output->'items') WITH ORDINALITY item (row, n)
        JOIN shop_variant v ON v.product_id = (item.row->>'product_id')::bigint
        CROSS JOIN (VALUES ('impression', interval '1 second'), ('click', interval '9 seconds'))
            kinds (kind, later)
        CROSS JOIN (SELECT min(id) low, count(*) total FROM shop_customer) c
        WHERE kinds.kind = 'impression' OR (x.number + item.n) % 20 = 0""",
    "orders": """
        INSERT INTO shop_order (number, customer_id, state, currency, items_minor, total_minor,
            prices_include_tax, tax_minor, country, placed_at, created_at, is_history,
            request_sha256)
        SELECT 'B-' || e.id, e.customer_id, 'delivered', '{currency}', 500, 500, true, 0, '',
            e.received_at + interval '1 day', e.received_at, true, ''
        FROM shop_event e WHERE e.kind = 'click' AND e.id % 2 = 0""",
    "order lines": """
        INSERT INTO shop_orderline (order_id, position, variant_id, units, cancelled_units,
            unit_price_minor, total_minor, kind, text, discount_minor, tax_minor)
        SELECT o.id, 1, e.variant_id, 1, 0, 500, 500, 'item', '', 0, 0
        FROM shop_order o JOIN shop_event e ON e.id = substr(o.number, 3)::bigint""",
}


def fill(impressions: int) -> None:
    if Order.objects.exists():
        return
    values = {
        "began": BEGAN, "products": 20_000, "customers": 50_000, "days": 2 * DAYS,
        "answers": impressions // PER_ANSWER, "per_answer": PER_ANSWER, "currency": "GBP",
        "day": "date_trunc('day', now()) - interval '12 hours'",
    }  # fmt: skip
    values["currency"] = reporting.frames.settings.SHOP_CURRENCY
    shop = ("brands and categories", "products", "SKUs", "stock", "prices", "customers")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(EMPTY_TEXTS)
        for name, step in ({name: STEPS[name] for name in shop} | FILL).items():
            cursor.execute(step.format(**values))
            print(f"  filled: {name}", flush=True)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--impressions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("It is filled by PostgreSQL's own SQL: set DATABASE_URL.")
    call_command("migrate", verbosity=0)
    fill(asked.impressions)
    period, now = reporting.usual_period(days=DAYS), timezone.now() + timedelta(days=30)
    taken = []
    for _round in range(asked.rounds):
        started = time.perf_counter()
        found = reporting.placement_reports(period, now=now)
        taken.append(time.perf_counter() - started)
    shown = {one.placement: one.now.counts["shown"] for one in found.placements}
    print(
        f"{Event.objects.count():,} events; shown in the period: {shown}, ignored {found.ignored}"
    )
    print(
        f"report and the days before: median {median(taken):.1f} s ({min(taken):.1f}–{max(taken):.1f})"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak} MB")
    if asked.profile:
        with cProfile.Profile() as profile:
            reporting.placement_reports(period, now=now)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
