"""Simple products, and variable ones with their variations, a row each."""

from __future__ import annotations

import json
import re

import polars as pl

from shop.importers.columns import money, number, text, whole
from shop.importers.encodings import UnusableFileError
from shop.importers.images import ADDRESS, write_images
from shop.importers.platforms import Unmapped, as_code
from shop.importers.products import load_products, nothing_said, write_products
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE
from shop.importers.write import canonical_json, ids_of
from shop.models import Product

WEIGHTS = {"kg": 1000.0, "g": 1.0, "lbs": 453.59237, "oz": 28.349523125}
NAMELESS = "Option"  # how our export calls what a variant has no attribute for
SPLIT = re.compile(r"(?<!\\),\s*")
COLUMNS = [
    text("ID", max_length=20, default=None),
    text("Type", max_length=100, required=True, default=None),
    text("SKU", max_length=64, default=None),
    text("GTIN, UPC, EAN, or ISBN", max_length=64, default=None),
    text("Name", max_length=300, default=None),
    whole("Published", low=-1, high=1),
    text("Description", max_length=20_000, default=None),
    text("Tax class", max_length=20, default=None),
    text("Stock", max_length=20, default=None),
    *(number(f"Weight ({unit})", low=0, high=10**6) for unit in WEIGHTS),
    money("Regular price"),
    money("Cost of goods"),
    text("Categories", max_length=4_000, default=None),
    text("Brands", max_length=1_000, default=None),
    text("Images", max_length=20_000, default=None),
    text("Parent", max_length=80, default=None),
]
CALLED = {
    "sku": "SKU", "product_code": "SKU", "name": "Name", "list_price": "Regular price",
    "image_urls": "Images",
}  # fmt: skip
SOLD_HERE = ("simple", "variable", "variation")


class State:
    """Which product an `id:` means, and what came more often than we can hold."""

    def __init__(self, run: ImportRun):
        self.attributes = attribute_columns(run)
        used = tuple(name for pair in self.attributes for name in pair if name)
        self.unmapped = Unmapped(run, also_read=used)
        self.codes: dict[str, str] = {}
        self.more_categories = 0
        self.says_stock = "Stock" in run.names

    def remember(self, codes: dict[str, str], more_categories: int) -> None:
        self.codes |= codes
        self.more_categories += more_categories


def attribute_columns(run: ImportRun) -> list[tuple[str, str]]:
    """Pairs of headers, `Attribute 1 name` and `Attribute 1 value(s)`, in their order."""
    headers = {header.lower(): header for header in run.source.header}
    numbers = sorted(
        int(found[1]) for h in headers if (found := re.fullmatch(r"attribute (\d+) name", h))
    )
    pairs = ((f"attribute {n} name", f"attribute {n} value(s)") for n in numbers)
    return [(headers[a], headers[b]) for a, b in pairs if b in headers]


def start(run: ImportRun) -> State:
    if not {"ID", "SKU"} & set(run.names):
        raise UnusableFileError(f"{run.source.name} has neither a column ID nor SKU.")
    return State(run)


def finish(run: ImportRun) -> None:
    state: State = run.state
    state.unmapped.tell(run)
    if state.more_categories:
        run.report.notes.append(
            f"{state.more_categories:,} products are in more than one category; the first counts"
        )


@importer("products", COLUMNS, format="woocommerce", start=start, finish=finish)
def load_woocommerce_products(rows: pl.DataFrame, chunk: Chunk) -> None:
    state: State = chunk.run.state
    chunk.called = CALLED
    state.unmapped.see(chunk)
    rows = _sold_here(rows, chunk)
    rows = _as_ours(rows.with_columns(_attributes=_attributes(rows, chunk)), chunk)
    written = _write_heads(rows.filter(pl.col("_type") != "variation"), chunk)
    parents = rows.filter(pl.col("_type") == "variable")
    codes = dict(parents.select("_woo", "product_code").drop_nulls().iter_rows())
    more = rows.filter(pl.col("_more_categories")).height
    chunk.after.append(lambda: state.remember(codes, more))
    rows = rows.filter(pl.col("_type") != "variable")
    rows = _with_parents(rows, state.codes | codes, chunk)
    load_products(rows, chunk, written=frozenset(written))


def _sold_here(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """`simple, virtual` is simple; grouped and external products are sold as something else."""
    words = (
        pl.col("Type").str.to_lowercase().str.split(",").list.eval(pl.element().str.strip_chars())
    )
    kind = pl.coalesce(pl.when(words.list.contains(word)).then(pl.lit(word)) for word in SOLD_HERE)
    rows = rows.with_columns(_type=kind)
    other = pl.col("_type").is_null()
    rows = chunk.reject(rows, other, "Type", f"is none of {', '.join(SOLD_HERE)}")
    nothing = pl.col("SKU").is_null() & pl.col("ID").is_null()
    rows = chunk.reject(rows, nothing, "SKU", "is missing, and so is the ID")
    nameless = pl.col("Name").is_null() & (pl.col("_type") != "variation")
    rows = chunk.reject(rows, nameless, "Name", "is missing")
    urls = pl.col("Images").str.split(",").list.eval(pl.element().str.strip_chars())
    wrong = urls.list.eval(~pl.element().str.contains(ADDRESS)).list.any()
    return chunk.reject(rows, wrong, "Images", "holds no http address of at most 200 characters")


def _attributes(rows: pl.DataFrame, chunk: Chunk) -> pl.Series:
    """JSON of each row's attributes, from as many pairs of columns as there are."""
    pairs = chunk.run.state.attributes
    names = [name for pair in pairs for name in pair]
    said = rows.select(LINE).join(chunk.frame.select(LINE, *names), on=LINE, how="left",
                                  maintain_order="left")  # fmt: skip
    # With the line: a file without such columns has rows all the same.
    every = [_pairs(row[1:]) for row in said.select(LINE, *names).iter_rows()]
    return pl.Series("_attributes", every, pl.String)


def _pairs(row: tuple[str | None, ...]) -> str | None:
    texts = [(value or "").strip().replace("\x00", "") for value in row]
    said = {
        k: v.replace("\\,", ",") for k, v in zip(texts[::2], texts[1::2], strict=True) if k and v
    }
    return canonical_json(json.dumps(said)) if said else None


def _as_ours(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """The columns that the importer of products wants, and four of our own with a `_`."""
    made = pl.concat_str(pl.lit("woo-"), as_code(pl.col("ID")))
    sku = pl.coalesce(as_code(pl.col("SKU")), made)
    variation = pl.col("_type") == "variation"
    grams = pl.coalesce(pl.col(f"Weight ({unit})") * g for unit, g in WEIGHTS.items())
    paths = [_first_category(value) for value in rows["Categories"]]
    tax = pl.when(~pl.col("Tax class").is_in(["parent"])).then("Tax class")
    live = pl.col("Published") == 1
    usual = nothing_said() | {
        "tax_class": pl.when(~variation).then(tax),
        "is_active": pl.when(variation).then(live),
    }
    return rows.select(
        LINE,
        "_type",
        sku=sku,
        product_code=sku,
        _woo=as_code(pl.col("ID")),
        _parent=pl.col("Parent"),
        _more_categories=pl.Series([more for _path, more in paths], dtype=pl.Boolean),
        name=pl.when(~variation).then("Name"),
        description=pl.when(~variation).then("Description"),
        variant_name=_variant_names(rows),
        brand=pl.col("Brands").str.split(",").list.first().str.strip_chars(),
        category=pl.Series([path for path, _more in paths], dtype=pl.String),
        state=pl.when(~variation & live)
        .then(pl.lit("active"))
        .when(~variation & pl.col("Published").is_not_null())
        .then(pl.lit("draft")),
        tracks_stock=_tracked(chunk),
        list_price=pl.col("Regular price"),
        cost=pl.col("Cost of goods"),
        barcode=pl.col("GTIN, UPC, EAN, or ISBN"),
        weight_g=grams.round().cast(pl.Int64),
        image_urls=pl.col("Images").str.replace_all(",", " ", literal=True),
        attributes_json=pl.when(~variation).then(_without_nameless()),
        variant_attributes_json=pl.when(variation).then(_without_nameless()),
        **usual,
    )


def _without_nameless() -> pl.Expr:
    return pl.col("_attributes").map_elements(_named_only, return_dtype=pl.String)


def _named_only(value: str) -> str | None:
    said = {name: text for name, text in json.loads(value).items() if name != NAMELESS}
    return canonical_json(json.dumps(said)) if said else None


def _variant_names(rows: pl.DataFrame) -> pl.Series:
    """A variation is called by what tells it from its sisters."""
    pairs = rows.select("_type", "_attributes").iter_rows()
    names = [
        " / ".join(json.loads(said).values())[:200] if kind == "variation" and said else None
        for kind, said in pairs
    ]
    return pl.Series("variant_name", names, pl.String)


def _tracked(chunk: Chunk) -> pl.Expr:
    """A number manages the stock; nothing, or `parent`, does not count this SKU."""
    if not chunk.run.state.says_stock:
        return pl.lit(None, pl.Boolean)
    return pl.col("Stock").str.contains(r"^-?\d").fill_null(False)


def _first_category(value: str | None) -> tuple[str | None, bool]:
    """`A > B, C` → the first path, and whether there were more; `\\,` is a comma of the name."""
    paths = [path.replace("\\,", ",").strip() for path in SPLIT.split(value or "")]
    paths = [path for path in paths if path]
    return (paths[0][:400] if paths else None), len(paths) > 1


def _write_heads(rows: pl.DataFrame, chunk: Chunk) -> set[int]:
    """Products in the order of the file, before their SKUs; ids of what is new or changed.

    A variable product sells nothing itself: it has no SKU here and is counted as a product.
    """
    first = rows.filter(pl.col("product_code").is_first_distinct())
    done = write_products(first, chunk)
    ids = done.rows.select(product_code="code", product_id="id")
    parents = rows.filter(pl.col("_type") == "variable")
    parents = chunk.reject(
        parents, ~pl.col("product_code").is_first_distinct(), "product_code", "is repeated"
    ).join(ids, on="product_code", how="left", maintain_order="left")
    pictured = write_images(parents.with_columns(variant_id=pl.col("product_id")), chunk)
    mine = set(parents["product_id"])
    fresh, touched = done.fresh & mine, (done.written | pictured) & mine
    same = parents.height - len(touched)
    chunk.count(new=len(fresh), changed=len(touched - fresh), unchanged=same)
    return done.written


def _with_parents(rows: pl.DataFrame, codes: dict[str, str], chunk: Chunk) -> pl.DataFrame:
    """`id:44` or a SKU → the product of that variable row."""
    by_id = pl.col("_parent").str.extract(r"^id:(\d+)$")
    table = {number: code for number, code in codes.items() if number}
    named = by_id.replace_strict(table, default=pl.concat_str(pl.lit("woo-"), by_id))
    code = pl.when(by_id.is_not_null()).then(named).otherwise(as_code(pl.col("_parent")))
    variation = pl.col("_type") == "variation"
    rows = rows.with_columns(product_code=pl.when(variation).then(code).otherwise("product_code"))
    known = ids_of(Product, "code", rows["product_code"], named="_id")["code"].implode()
    orphan = variation & ~pl.col("product_code").is_in(known).fill_null(False)
    reason = "names no variable product of the shop or of this file so far"
    return chunk.reject(rows, orphan, "Parent", reason)
