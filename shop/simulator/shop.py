"""The whole shop from one call: frames per import kind, ledgers, pictures and the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from .catalogue import Catalogue, make_catalogue
from .customers import Customers, make_customers
from .events import make_events
from .frames import (
    customer_frame,
    knowledge_frame,
    order_frame,
    product_frame,
    purchase_frame,
    return_frame,
    supplier_frame,
    transition_frame,
)
from .orders import make_book, stock_movements
from .phrases.goods import SHELVES
from .pictures import draw_product
from .prices import PricePaths, log_demand_effect, make_prices, price_rows
from .reviews import make_reviews
from .sessions import make_sessions
from .suppliers import Suppliers, make_suppliers
from .tickets import make_tickets
from .trading import History, Trading, nearest_in_category
from .world import World


@dataclass(frozen=True)
class SimulatedShop:
    """`frames`: what importers read, by kind, with the columns of docs/import.md."""

    world: World
    frames: dict[str, pl.DataFrame]
    prices: pl.DataFrame
    movements: pl.DataFrame
    returns: pl.DataFrame
    transitions: pl.DataFrame
    pictures: dict[str, str]  # product code → SVG
    truth: dict[str, Any]  # arrays, frames and plain values (truth.py writes them)


def simulate(world: World, say: Callable[[str], None] = lambda _step: None) -> SimulatedShop:
    """Pure and deterministic: the same world gives the same shop, to the last letter."""
    say("catalogue, prices and customers")
    suppliers = make_suppliers(world)
    catalogue = make_catalogue(world, len(suppliers.code))
    paths = make_prices(world, catalogue)
    customers = make_customers(world)
    sessions = make_sessions(world, customers)
    log_effect = log_demand_effect(world, catalogue, paths)
    say(f"{world.days} days of trading")
    trading = Trading(world, catalogue, customers, sessions, suppliers)
    ledger, history, shelf = trading.run(log_effect)
    say("orders, stock ledger and events")
    book = make_book(world, catalogue, paths, sessions, ledger)
    told = {"sessions": sessions, "ledger": ledger, "book": book}
    events = make_events(world, catalogue, customers, **told)
    say("reviews and tickets")
    reviews, review_truth = make_reviews(world, catalogue, customers, book)
    tickets, ticket_truth = make_tickets(world, catalogue, customers, **told)
    return SimulatedShop(
        world=world,
        frames={
            "products": product_frame(world, catalogue, paths),
            "customers": customer_frame(world, customers),
            "suppliers": supplier_frame(world, catalogue, suppliers, paths),
            "purchase_orders": purchase_frame(world, catalogue, suppliers, (book, paths)),
            "orders": order_frame(world, catalogue, customers, book),
            "events": events,
            "reviews": reviews,
            "tickets": tickets,
            "knowledge": knowledge_frame(),
        },
        prices=price_rows(world, catalogue, paths),
        movements=stock_movements(world, catalogue, book, ledger, shelf),
        returns=return_frame(world, customers, book),
        transitions=transition_frame(world, book),
        pictures=_pictures(catalogue),
        truth={
            "world": world.as_dict(),
            "products": _product_truth(catalogue),
            "customers": _customer_truth(customers),
            "suppliers": _supplier_truth(suppliers),
            "purchases": book.purchases,
            "reviews": review_truth,
            "tickets": ticket_truth.with_columns(
                sku=catalogue.skus["sku"].gather(ticket_truth["sku_idx"])
            ).drop("sku_idx"),
            "arrays": _array_truth(catalogue, customers, history, log_effect) | _price_truth(paths),
            "skus": catalogue.skus["sku"].to_list(),
        },
    )


def _pictures(catalogue: Catalogue) -> dict[str, str]:
    return {
        code: draw_product(shape, SHELVES[category].palette, n)
        for n, (code, shape, category) in enumerate(
            zip(
                catalogue.products["product_code"],
                catalogue.products["shape"],
                catalogue.category_idx,
                strict=True,
            )
        )
    }


def _product_truth(catalogue: Catalogue) -> pl.DataFrame:
    return catalogue.products.select("product_code", "category_code").with_columns(
        elasticity=catalogue.elasticity,
        uplift=catalogue.uplift,
        quality=catalogue.quality,
        defect_rate=catalogue.defect_rate,
        launch_day=catalogue.launch_day,
        end_day=catalogue.end_day,
        popularity=np.exp(catalogue.log_popularity),
    )


def _customer_truth(customers: Customers) -> pl.DataFrame:
    return customers.frame.select("customer_code", "arrival_day").with_columns(
        purchase_rate=customers.rate, dropout=customers.dropout, left=customers.left
    )


def _supplier_truth(suppliers: Suppliers) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "supplier_code": suppliers.code,
            "promised_days": suppliers.promised_days,
            "true_mean_days": suppliers.true_mean_days,
            "true_sigma": suppliers.true_sigma,
            "fill_rate": suppliers.fill_rate,
        }
    )


def _array_truth(
    catalogue: Catalogue, customers: Customers, history: History, log_effect: np.ndarray
) -> dict[str, np.ndarray]:
    return {
        "taste": customers.taste.astype(np.float32),
        "factors": catalogue.factors.astype(np.float32),
        "product_idx": catalogue.product_idx,
        "substitutes": nearest_in_category(catalogue),  # SKUs
        "complements": catalogue.complements,  # products
        "expected_units": history.expected_units,
        "demanded_units": history.demanded_units,
        "sold_units": history.sold_units,
        "closing_available": history.closing_available,
        "log_effect": log_effect.astype(np.float32),
    }


def _price_truth(paths: PricePaths) -> dict[str, np.ndarray]:
    return {
        "price_minor": paths.price_minor,
        "list_minor": paths.list_minor,
        "on_promotion": paths.on_promotion,
        "base_minor": paths.base_minor,
    }


def order_count(shop: SimulatedShop) -> int:
    return shop.frames["orders"]["order_number"].n_unique()
