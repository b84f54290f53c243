"""Products and SKUs: their words, their hidden character, their place in taste space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .phrases.blurbs import ENDINGS, MIDDLES, OPENINGS
from .phrases.goods import BRANDS, LINES, SHELVES, VARIANTS, Shelf, Thing
from .world import PRICE_SCALE, World

LATE_LAUNCH_SHARE = 0.18
DISCONTINUED_SHARE = 0.02
COMPLEMENTS = 2


@dataclass(frozen=True)
class Catalogue:
    """One row per product in `products`, one per SKU in `skus`; arrays in the same order."""

    products: pl.DataFrame
    skus: pl.DataFrame
    category_idx: np.ndarray  # (products,)
    product_idx: np.ndarray  # (skus,)
    launch_day: np.ndarray  # (products,) days after the start
    end_day: np.ndarray  # (products,) first day that it is no longer sold
    elasticity: np.ndarray  # (products,) positive: demand ~ price ** -elasticity
    uplift: np.ndarray  # (products,) log effect of being on promotion
    quality: np.ndarray  # (products,) mean 0
    defect_rate: np.ndarray  # (products,)
    factors: np.ndarray  # (products, factors)
    log_popularity: np.ndarray  # (products,)
    base_price: np.ndarray  # (skus,) in major units
    share: np.ndarray  # (skus,) of the product's demand
    line_units: np.ndarray  # (skus,) mean units a line
    supplier_idx: np.ndarray  # (products,)
    complements: np.ndarray  # (products, COMPLEMENTS): what goes with it, of other categories


def make_catalogue(world: World, suppliers: int) -> Catalogue:
    rng = world.rng("catalogue")
    picks = _pick_things(rng, world.products)
    category_idx = np.array([pick[0] for pick in picks])
    launch_day, end_day = _life(rng, world)
    skus, base_price, share, product_idx, line_units = _skus(rng, world, picks)
    elasticity = np.array([SHELVES[c].elasticity for c in category_idx])
    uplift = np.array([SHELVES[c].uplift for c in category_idx])
    rank = rng.permutation(world.products) + 1
    return Catalogue(
        products=_products(rng, world, picks, launch_day, end_day),
        skus=skus,
        category_idx=category_idx,
        product_idx=product_idx,
        launch_day=launch_day,
        end_day=end_day,
        elasticity=np.clip(elasticity + rng.normal(0, 0.25, world.products), 0.5, 3.5),
        uplift=np.clip(uplift + rng.normal(0, 0.08, world.products), 0.05, 0.8),
        quality=rng.normal(0, 1, world.products),
        defect_rate=_defect_rate(rng, world.products),
        factors=_factors(rng, world, category_idx),
        # A long tail: half of all sales come from about a fifth of the range.
        log_popularity=-0.85 * np.log(rank + world.products / 20),
        base_price=base_price,
        share=share,
        line_units=line_units,
        supplier_idx=_supplier_idx(rng, category_idx, suppliers),
        complements=_complements(world, category_idx),
    )


def _pick_things(rng: np.random.Generator, count: int) -> list[tuple[int, int, int, int]]:
    """Distinct (category, thing, make, line); every category gets its share."""
    every = [
        (c, t, m)
        for c, shelf in enumerate(SHELVES)
        for t in range(len(shelf.things))
        for m in range(len(shelf.makes))
    ]
    order = rng.permutation(len(every))
    # Once round every combination before the second line name of any: names stay short.
    return [(*every[order[n % len(every)]], n // len(every)) for n in range(count)]


def _life(rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray]:
    late = rng.random(world.products) < LATE_LAUNCH_SHARE
    launch = np.where(late, rng.integers(5, int(world.days * 0.8), world.products), 0)
    gone = (rng.random(world.products) < DISCONTINUED_SHARE) & ~late
    end = np.where(gone, rng.integers(world.days // 2, world.days, world.products), world.days + 1)
    return launch, end


def _defect_rate(rng: np.random.Generator, count: int) -> np.ndarray:
    """Mostly about 1.5 %; one product in sixty is a bad batch at several times that."""
    rate = rng.beta(2, 130, count)
    bad = rng.random(count) < 1 / 60
    return np.where(bad, np.clip(rate * 6, 0.08, 0.25), rate)


def _factors(rng: np.random.Generator, world: World, category_idx: np.ndarray) -> np.ndarray:
    """Products of a category lie together in taste space: clusters that a model can find."""
    centres = rng.normal(0, 0.8, (len(SHELVES), world.factors))
    return centres[category_idx] + rng.normal(0, 0.6, (world.products, world.factors))


def _supplier_idx(rng: np.random.Generator, category_idx: np.ndarray, suppliers: int) -> np.ndarray:
    """A supplier serves a few categories: each category draws from two or three of them."""
    per_category = rng.integers(0, suppliers, (len(SHELVES), 3))
    return per_category[category_idx, rng.integers(0, 3, len(category_idx))]


def _complements(world: World, category_idx: np.ndarray) -> np.ndarray:
    """A pot for the tea: products of other categories of the same department, else of any.

    They are not near in taste, so that only what is bought together can tell.
    """
    rng = world.rng("complements")
    department = np.array([shelf.department for shelf in SHELVES])[category_idx]
    chosen = np.zeros((len(category_idx), COMPLEMENTS), dtype=int)
    for product, category in enumerate(category_idx):
        elsewhere = category_idx != category
        near = np.flatnonzero(elsewhere & (department == department[product]))
        pool = near if len(near) >= COMPLEMENTS else np.flatnonzero(elsewhere)
        chosen[product] = rng.choice(pool, COMPLEMENTS, replace=False)
    return chosen


def _words(pick: tuple[int, int, int, int]) -> tuple[Shelf, Thing, tuple[str, str], str, str]:
    c, t, m, line = pick
    shelf, thing, make = SHELVES[c], SHELVES[c].things[t], SHELVES[c].makes[m]
    name, name_zh = f"{make[0]} {thing.en}", f"{make[1]}{thing.zh}"
    if line:
        lead = LINES[(line - 1) % len(LINES)]
        again = f" {(line - 1) // len(LINES) + 2}" if line > len(LINES) else ""
        name, name_zh = f"{lead[0]}{again} {name}", f"{lead[1]}{again}{name_zh}"
    return shelf, thing, make, name, name_zh


def _description(rng: np.random.Generator, shelf: Shelf, make: tuple[str, str]) -> tuple[str, str]:
    parts = [bank[shelf.department] for bank in (OPENINGS, MIDDLES, ENDINGS)]
    chosen = [part[rng.integers(len(part))] for part in parts]
    words = {"make": make[0], "make_lower": make[0].lower()}
    english = " ".join(en.format(**words) for en, _zh in chosen)
    return english, "".join(zh.format(make=make[1]) for _en, zh in chosen)


def _products(rng, world: World, picks, launch_day, end_day) -> pl.DataFrame:
    rows = []
    for n, pick in enumerate(picks):
        shelf, thing, make, name, name_zh = _words(pick)
        description, description_zh = _description(rng, shelf, make)
        brand = BRANDS[rng.integers(len(BRANDS))]
        rows.append(
            {
                "product_code": f"P{n + 1:05d}",
                "name": name,
                "name_zh": name_zh,
                "description": description,
                "description_zh": description_zh,
                "brand_code": brand[0],
                "brand": brand[1],
                "category_code": shelf.code,
                "make": make[0],
                "thing": thing.en,
                "thing_zh": thing.zh,
                "shape": thing.shape,
                "launch_day": int(launch_day[n]),
                "is_active": bool(end_day[n] > world.days),
            }
        )
    return pl.DataFrame(rows)


def _skus(rng: np.random.Generator, world: World, picks):
    rows, price, share, product_idx, line_units = [], [], [], [], []
    scale = PRICE_SCALE.get(world.currency, 1.0)
    for n, (c, t, _make, _line) in enumerate(picks):
        shelf, thing = SHELVES[c], SHELVES[c].things[t]
        product_price = thing.price * scale * float(np.exp(rng.normal(0, 0.22)))
        options = VARIANTS[thing.variants]
        for k, (label, label_zh, price_factor, weight_factor, part) in enumerate(options):
            rows.append(
                {
                    "sku": f"{shelf.code[:2].upper()}{n + 1:04d}-{k + 1}",
                    "product_idx": n,
                    "option": label,
                    "option_zh": label_zh,
                    "weight_g": round(thing.weight_g * weight_factor),
                    "barcode": _ean13(f"50{world.seed % 1000:03d}{n + 1:05d}{k + 1:02d}"),
                }
            )
            price.append(product_price * price_factor)
            share.append(part)
            product_idx.append(n)
            line_units.append(shelf.units)
    arrays = (np.array(column) for column in (price, share, product_idx, line_units))
    return pl.DataFrame(rows), *arrays


def _ean13(twelve: str) -> str:
    """Twelve digits and their check digit. Source: GS1 General Specifications, 7.9."""
    total = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"
