"""A shop of 100,000 products and 1,000,000 customers with a live model and a list for everybody.

Made of SQL within the database and of arrays, in minutes; what it holds is random, what it costs to
serve is not: every customer has an order of three lines and a published list of 50 products, every
product has a SKU, a price, stock, a category and a brand, one in fifty is sold out, one in a thousand
is held. Used by recommendation_latency.py; PostgreSQL only.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

import numpy as np
from django.db import connection
from django.utils import timezone
from scipy import sparse

from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import Trained, publish_run
from recommendations.ml.sources import HistoryRule, Neighbours, Popular
from recommendations.services.artefacts import Recommender, write_recommender
from recommendations.services.sku_index import sku_index_of
from shop.models import Product

BEGAN = "'2026-01-01 00:00:00+00'::timestamptz"
NEIGHBOURS = 100
LISTED = 50
STEPS = {
    "brands and categories": """
        INSERT INTO shop_brand (code, name) SELECT 'B-' || g, 'Brand ' || g
        FROM generate_series(1, 500) g;
        INSERT INTO shop_category (code, name, name_zh) SELECT 'K-' || g, 'Category ' || g, ''
        FROM generate_series(1, 300) g;
        INSERT INTO shop_warehouse (code, name, country, priority) VALUES ('MAIN', 'Main', '', 0)""",
    "products": """
        INSERT INTO shop_product (code, name, name_zh, description, description_zh, brand_id,
            category_id, attributes, state, tax_class, created_at, updated_at)
        SELECT 'P-' || g, 'Product number ' || g, '产品' || g, '', '', b.low + g % 500,
            c.low + g % 300, '{{}}', 'active', 'standard', {began}, {began}
        FROM generate_series(1, {products}) g, (SELECT min(id) low FROM shop_brand) b,
            (SELECT min(id) low FROM shop_category) c""",
    "SKUs": """
        INSERT INTO shop_variant (product_id, sku, name, attributes, barcode, cost_minor, is_active,
            tracks_stock, min_shelf_life_days, created_at)
        SELECT id, 'S-' || substr(code, 3), '', '{{}}', '', 400, true, true, 0, {began}
        FROM shop_product ORDER BY id""",
    "stock": """
        INSERT INTO shop_stocklevel (variant_id, warehouse_id, on_hand, allocated, reserved,
            ring_fenced)
        SELECT v.id, w.id, CASE WHEN v.id % 50 = 0 THEN 3 ELSE 5 + v.id % 90 END, 1, 1, 1
        FROM shop_variant v, shop_warehouse w""",
    "prices": """
        INSERT INTO shop_price (variant_id, kind, amount_minor, currency, valid_from, source, key,
            recorded_at)
        SELECT id, 'list', 500 + id % 5000, 'EUR', {began}, 'bench', 'bench:' || id, {began}
        FROM shop_variant""",
    "holds": """
        INSERT INTO shop_sellinghold (variant_id, reason, began_at)
        SELECT id, 'recall', {began} FROM shop_variant WHERE id % 1000 = 7""",
    "customers": """
        INSERT INTO shop_customer (code, email, phone, name, country, language, created_at)
        SELECT 'C-' || g, '', '', '', '', '', {began} FROM generate_series(1, {customers}) g""",
    "words": """
        INSERT INTO shop_consent (customer_id, purpose, granted, source, recorded_at)
        SELECT id, 'personalisation', true, 'bench', {began} FROM shop_customer WHERE id % 2 = 0""",
    "orders": """
        INSERT INTO shop_order (number, customer_id, state, currency, items_minor, total_minor,
            prices_include_tax, tax_minor, country, placed_at, created_at, is_history,
            request_sha256)
        SELECT 'O-' || id, id, 'delivered', 'EUR', 1500, 1500, true, 0, '',
            {began} + (id % 80) * interval '1 day', {began}, true, '' FROM shop_customer""",
    "order lines": """
        INSERT INTO shop_orderline (order_id, position, variant_id, units, cancelled_units,
            unit_price_minor, total_minor, kind, text, discount_minor, tax_minor)
        SELECT o.id, n, v.low + (o.id * 31 + n * 7) % v.total, 1, 0, 500, 500, 'item', '', 0, 0
        FROM shop_order o, generate_series(0, 2) n,
            (SELECT min(id) low, count(*) total FROM shop_variant) v""",
    "lists": """
        INSERT INTO recommendations_publishedlist (customer_id, run_id, products, because,
            published_at)
        SELECT id, {run}, (SELECT jsonb_agg(p.low + (c.id * 7919 + n * n * 31) % p.total)
            FROM generate_series(1, {listed}) n), {because}, '2026-06-01 00:00:00+00'
        FROM shop_customer c, (SELECT min(id) low, count(*) total FROM shop_product) p;
        INSERT INTO recommendations_listpublication (run_id, data_until, read_at)
        VALUES ({run}, '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00')""",
}

# Two of three are because of one of the three that she bought, as "order lines" has them.
BECAUSE = """(SELECT jsonb_agg(CASE WHEN n % 3 = 0 THEN 0
    ELSE p.low + (c.id * 31 + (n % 3) * 7) % p.total END) FROM generate_series(1, {listed}) n)"""

# What a table has besides is empty text: a field that joins later does not stop the filling.
EMPTY_TEXTS = """
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name LIKE 'shop\\_%' AND is_nullable = 'NO'
              AND data_type IN ('text', 'character varying') AND column_default IS NULL
        LOOP
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L',
                           one.table_name, one.column_name, '');
        END LOOP;
    END $$"""


def make_shop(products: int, customers: int) -> None:
    """Fill an empty database. Foreign keys are not checked meanwhile: every value is computed."""
    started = time.perf_counter()
    values = {"began": BEGAN, "products": products, "customers": customers, "listed": LISTED}
    values["because"] = BECAUSE.format(**values)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute(EMPTY_TEXTS)
        for name, step in STEPS.items():
            if "{run}" in step:
                values["run"] = publish().pk
            cursor.execute(step.format(**values))
            print(f"  {name}: {time.perf_counter() - started:.0f} s", flush=True)
        cursor.execute("SET session_replication_role = origin; SET synchronous_commit = on")
        cursor.execute("VACUUM ANALYZE")
    print(f"shop made in {time.perf_counter() - started:.0f} s", flush=True)


def publish(seed: int = 1, name: str = "bench") -> ModelRun:
    """A live model of random neighbours: what serving does with them is the same."""
    products = np.fromiter(Product.objects.order_by("pk").values_list("pk", flat=True), np.int64)
    categories = np.fromiter(
        Product.objects.order_by("pk").values_list("category_id", flat=True), np.int64
    )
    rng = np.random.default_rng(seed)
    rule = HistoryRule(None, False)
    recommender = Recommender(
        products,
        categories,
        {
            "item_knn": Neighbours(_random(rng, len(products)), rule),
            "transitions": Neighbours(_random(rng, len(products)), rule),
            "popularity": Popular(rng.pareto(1.2, len(products)).astype(np.float32)),
        },
        {"item_knn": {}, "transitions": {}, "popularity": {}},
        "blend",
        {"item_knn": 1.0, "transitions": 0.6},
        skus=sku_index_of(products),
    )
    artefact = write_artefact("recommender", ".npz", partial(write_recommender, recommender))
    return publish_run(
        Trained(
            task="recommender", model="blend", params={}, seed=seed, row_count=1, metrics={},
            data_until=datetime(2026, 6, 1, tzinfo=UTC), data_hash=f"{name}{seed}{timezone.now()}",
            metric="ndcg", higher_is_better=True, value=0.2, baseline="popularity",
            baseline_value=0.1, artefact=artefact,
        )
    )  # fmt: skip


def _random(rng: np.random.Generator, n_items: int) -> sparse.csr_matrix:
    indices = np.sort(rng.integers(0, n_items, (n_items, NEIGHBOURS), dtype=np.int32), axis=1)
    data = rng.random(n_items * NEIGHBOURS, dtype=np.float32)
    starts = np.arange(0, n_items * NEIGHBOURS + 1, NEIGHBOURS, dtype=np.int32)
    return sparse.csr_matrix((data, indices.ravel(), starts), shape=(n_items, n_items))
