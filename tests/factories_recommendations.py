"""A shop of three tastes, and a small model of it that serves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from django.db import connection
from django.db.models import Model

from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import Trained, publish_run
from recommendations.frames import product_facts, shop_interactions
from recommendations.ml.fits import fit
from recommendations.ml.interactions import interactions
from recommendations.ml.search import SPACES
from recommendations.services.artefacts import Recommender, write_recommender
from recommendations.services.asking import Ask
from recommendations.services.serving import recommend
from recommendations.services.sku_index import sku_index_of
from shop.models import Customer, Order, OrderLine, Variant
from shop.services.events.events import record_events
from tests.factories import make_stock, make_variant

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, tzinfo=UTC)


def begin_keys(model: type[Model], at: int = 1_000_000) -> None:
    """The next rows get these keys. What is tried out hangs on the keys of products, and who is in a
    sample on those of customers; PostgreSQL's sequences go on from test to test. So the lots are the
    same in every run and every order."""
    if connection.vendor == "postgresql":
        sequence = f"pg_get_serial_sequence('{model._meta.db_table}', '{model._meta.pk.column}')"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval({sequence}, %s)", [at])


def make_taste_shop(customers: int = 60, products: int = 15, bought: int = 3) -> list[Variant]:
    """Customer i buys, one a day, `bought` items of taste i mod 3; item j is of taste j mod 3."""
    variants = [
        make_variant(f"S-{number:02}", name=f"Thing {number}", name_zh=f"物品{number}")
        for number in range(products)
    ]
    for variant in variants:
        make_stock(variant, 10)
    rng = np.random.default_rng(1)
    own = [rng.permutation(variants[place % 3 :: 3])[:bought] for place in range(customers)]
    _buy_one_a_day(own)
    return variants


def make_chain_shop(customers: int = 150, products: int = 30, bought: int = 8) -> list[Variant]:
    """Everybody buys products in their order, from a place of her own: only order tells what is
    next, so that transitions must beat popularity and similarity."""
    variants = [make_variant(f"S-{number:02}") for number in range(products)]
    rng = np.random.default_rng(2)
    starts = rng.integers(0, products, customers)
    _buy_one_a_day([[variants[(s + d) % products] for d in range(bought)] for s in starts])
    return variants


def _buy_one_a_day(baskets: list) -> None:
    people = Customer.objects.bulk_create(
        Customer(code=f"C-{number}") for number in range(len(baskets))
    )
    days = [START + timedelta(days=day) for day in range(len(baskets[0]))]
    orders = Order.objects.bulk_create(
        Order(
            number=f"R-{person.code}-{day}",
            customer=person,
            currency="GBP",
            items_minor=1000,
            total_minor=1000,
            placed_at=at + timedelta(minutes=place),
            state="delivered",
        )
        for place, person in enumerate(people)
        for day, at in enumerate(days)
    )
    chosen = [variant for basket in baskets for variant in basket]
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, position=1, variant=variant, units=1,
            unit_price_minor=1000, total_minor=1000,
        )
        for order, variant in zip(orders, chosen, strict=True)
    )  # fmt: skip


def publish_model(
    *,
    beats: bool = True,
    weights: dict[str, float] | None = None,
    salt: str = "",
    own_params: dict[str, dict] | None = None,
    goes_live: bool = True,
) -> ModelRun:
    """Fit the sources on what is in the shop and publish them without a backtest.

    own_params: of a source, in the place of the first that a search would try.
    """
    history = shop_interactions(LATER)
    part = interactions(history.rows)
    params = {
        name: {key: values[0] for key, values in space.items()} for name, space in SPACES.items()
    }
    params["ease"]["penalty"] = 10.0
    for name, own in (own_params or {}).items():
        params[name] |= own
    chosen = weights or {"ease": 1.0}
    names = {*chosen, "popularity", "item_knn", "transitions"}
    recommender = Recommender(
        history.product_ids,
        product_facts(history.product_ids, LATER).categories,
        {name: fit(name, part, params[name], 1) for name in names},
        {name: params[name] for name in names},
        "ease",
        chosen,
        skus=sku_index_of(history.product_ids),
    )
    artefact = write_artefact("recommender", ".npz", partial(write_recommender, recommender))
    return publish_run(
        Trained(
            task="recommender", model="ease", params={}, seed=1, data_until=LATER,
            row_count=len(history.rows), data_hash=f"test{salt}{beats}", metrics={},
            metric="ndcg", higher_is_better=True, value=0.2 if beats else 0.1,
            baseline="popularity", baseline_value=0.15, artefact=artefact,
        ),
        goes_live=goes_live,
    )  # fmt: skip


def browse(people: int = 80, limit: int = 3, answers: int = 3) -> None:
    """Each sees these answers on the home page and clicks all that is of her taste."""
    taste = {sku: int(sku[2:]) % 3 for sku in Variant.objects.values_list("sku", flat=True)}
    shown, clicked = [], []
    for number in range(people):
        customer = Customer.objects.get(code=f"C-{number}")
        for again in range(answers):
            answer = recommend(Ask(customer=customer, limit=limit), at=LATER)
            for item in answer.items:
                event = {
                    "event_id": f"i{number}-{again}-{item.offer.sku}",
                    "kind": "impression", "sku": item.offer.sku, "customer": customer.code,
                    "occurred_at": LATER.isoformat(),
                    "properties": {"receipt": str(answer.receipt_id)},
                }  # fmt: skip
                shown.append(event)
                if taste[item.offer.sku] == number % 3:
                    clicked.append(event | {"event_id": f"c{event['event_id']}", "kind": "click"})
    for events in (shown, clicked):
        for start in range(0, len(events), 1000):
            record_events(events[start : start + 1000], received_at=LATER)
