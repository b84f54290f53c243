"""The whole simulated shop: the same for a seed, consistent, and its truth can be found again."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from shop.simulator.seasons import festival_pull
from shop.simulator.shop import simulate
from shop.simulator.truth import read_truth, write_truth
from shop.simulator.world import make_world


def world(name="teahouse", **sizes):
    given = {"products": 80, "customers": 700, "days": 420, "seed": 11, "until": date(2026, 6, 30)}
    return make_world(name, **given | sizes)


@pytest.fixture(scope="module")
def shop():
    return simulate(world())


def test_same_world_same_shop_to_the_last_letter(shop):
    again = simulate(world())
    for kind, frame in shop.frames.items():
        assert frame.equals(again.frames[kind]), kind
    for name in ("prices", "movements", "returns", "transitions"):
        assert getattr(shop, name).equals(getattr(again, name)), name
    assert shop.pictures == again.pictures


def test_another_seed_is_another_shop(shop):
    other = simulate(world(seed=12))
    assert not shop.frames["orders"].equals(other.frames["orders"])


def test_running_stock_is_never_below_zero(shop):
    available = pl.col("on_hand_delta") - pl.col("allocated_delta")
    running = shop.movements.select(
        pl.col("on_hand_delta").cum_sum().over("sku").alias("on_hand"),
        pl.col("allocated_delta").cum_sum().over("sku").alias("allocated"),
        available.cum_sum().over("sku").alias("available"),
    )
    assert running.min().row(0) >= (0, 0, 0)
    assert shop.movements["key"].is_unique().all()
    assert shop.movements["occurred_at"].is_sorted()


def test_closing_stock_of_the_ledger_is_that_of_the_truth(shop):
    total = (pl.col("on_hand_delta") - pl.col("allocated_delta")).sum().alias("available")
    ledger = shop.movements.group_by("sku").agg(total)
    skus = shop.truth["skus"]
    truth = pl.DataFrame(
        {"sku": skus, "truth": shop.truth["arrays"]["closing_available"][:, -1].astype(np.int64)}
    )
    joined = ledger.join(truth, on="sku", how="full", coalesce=True)
    # A cancellation or return of the last day is on the shelf only on the next morning.
    assert (joined["available"] == joined["truth"]).all()


def test_nothing_happens_before_the_product_or_the_customer_exists(shop):
    born = shop.frames["products"].select("sku", "created_at")
    for kind, column in (("events", "occurred_at"), ("orders", "placed_at")):
        rows = shop.frames[kind].drop("created_at", strict=False).join(born, on="sku")
        assert (rows[column] >= rows["created_at"]).all(), kind
    known = shop.frames["customers"].select("customer_code", "created_at")
    events = shop.frames["events"].join(known, on="customer_code")
    assert (events["occurred_at"] >= events["created_at"]).all()


def test_without_consent_only_purchases_are_logged(shop):
    refused = shop.frames["events"].filter(~pl.col("consent"))
    assert len(refused) > 0
    assert set(refused["kind"]) == {"purchase"}


def test_events_and_orders_tell_the_same_sales(shop):
    bought = shop.frames["events"].filter(pl.col("kind") == "purchase")
    lines = shop.frames["orders"].filter(pl.col("line_kind") == "item")
    keys = ["order_number", "sku", "units"]
    assert bought.select(keys).sort(keys).equals(lines.select(keys).sort(keys))
    assert set(shop.frames["events"]["kind"]) == {
        "view", "search", "cart_add", "cart_remove", "purchase",
    }  # fmt: skip


def test_tickets_name_orders_that_exist(shop):
    truth, tickets = shop.truth["tickets"], shop.frames["tickets"]
    assert set(truth["intent"]) == {
        "where_is_my_order", "return_refund", "damaged", "cancel", "change_address",
        "product_question", "restock", "invoice", "payment", "complaint", "praise",
    }  # fmt: skip
    named = truth.filter(pl.col("order_number").is_not_null()).join(
        tickets.drop("intent"), on="number"
    )
    orders = shop.frames["orders"].select("order_number", "customer_code", "placed_at").unique()
    joined = named.join(orders, on="order_number")
    assert len(joined) == len(named)
    assert (joined["customer_code"] == joined["customer_code_right"]).all()
    assert (joined["created_at"] > joined["placed_at"]).all()
    in_text = [
        number[2:] in text
        for number, text in joined.select(
            "order_number", pl.col("subject") + pl.col("body")
        ).iter_rows()
    ]
    assert np.mean(in_text) > 0.95  # praise may go without


def test_old_tickets_are_closed_and_named_by_agents_who_err_a_little(shop):
    rows = shop.frames["tickets"].join(
        shop.truth["tickets"].select("number", true_intent="intent"), on="number"
    )
    assert set(rows["state"]) == {"open", "solved", "closed"}
    assert rows.filter(pl.col("state") == "open")["intent"].null_count() == len(
        rows.filter(pl.col("state") == "open")
    )
    named = rows.filter(pl.col("intent").is_not_null())
    assert 0.6 < len(named) / len(rows) < 0.8
    assert 0.9 < (named["intent"] == named["true_intent"]).mean() < 1


def test_reviews_follow_their_causes_and_speak_both_languages(shop):
    rows = shop.frames["reviews"].join(shop.truth["reviews"], on="review_id")
    assert set(rows["language"]) == {"en", "zh"}
    broken, sound = rows.filter("defective"), rows.filter(~pl.col("defective"))
    assert broken["rating"].mean() < sound["rating"].mean() - 1
    # A rating of 3 is mixed: one thing praised, one not.
    assert rows.filter(pl.col("rating") == 3)["aspects"].str.contains(r"\+ .*-").all()
    assert not rows["body"].str.contains(r"[{}]").any()


def test_list_price_changes_and_promotions_are_in_the_price_ledger(shop):
    kinds = dict(shop.prices["kind"].value_counts().iter_rows())
    assert kinds["list"] >= len(shop.truth["skus"])
    assert kinds["campaign"] > 20
    campaign = shop.prices.filter(pl.col("kind") == "campaign")
    assert (campaign["until_day"] > campaign["from_day"]).all()


def test_elasticity_and_uplift_are_found_on_uncensored_days():
    """Poisson regression with SKU and day effects, as an analyst without the truth would do it."""
    shop = simulate(replace(world(products=60, customers=3000), seasons=False))
    arrays, products = shop.truth["arrays"], shop.truth["products"]
    on_sale = arrays["expected_units"] > 0
    stocked = on_sale & (arrays["closing_available"] > 0)
    log_price = np.log(arrays["price_minor"] / arrays["base_minor"][:, None])
    found = _poisson_effects(
        arrays["sold_units"], stocked, [log_price, arrays["on_promotion"].astype(float)]
    )
    weight = arrays["sold_units"].sum(axis=1)
    per_sku = products[arrays["product_idx"]]
    assert -found[0] == pytest.approx(np.average(per_sku["elasticity"], weights=weight), abs=0.35)
    assert found[1] == pytest.approx(np.average(per_sku["uplift"], weights=weight), abs=0.12)


def _poisson_effects(units, use, features, rounds=60):
    """log mean = sku + day + features . effect, by scaling in turn and Newton steps."""
    sku, day, effect = (
        np.zeros((len(units), 1)),
        np.zeros((1, units.shape[1])),
        np.zeros(len(features)),
    )
    y = np.where(use, units, 0)
    for _round in range(rounds):
        shift = sum(e * f for e, f in zip(effect, features, strict=True))
        mean = np.where(use, np.exp(sku + day + shift), 0)
        sku = sku + np.log(np.maximum(y.sum(1), 0.5) / np.maximum(mean.sum(1), 1e-9))[:, None]
        mean = np.where(use, np.exp(sku + day + shift), 0)
        day = day + np.log(np.maximum(y.sum(0), 0.5) / np.maximum(mean.sum(0), 1e-9))[None, :]
        mean = np.where(use, np.exp(sku + day + shift), 0)
        centred = [
            f - (mean * f).sum(1, keepdims=True) / mean.sum(1, keepdims=True) for f in features
        ]
        gradient = np.array([((y - mean) * f).sum() for f in centred])
        hessian = np.array([[(mean * f * g).sum() for g in centred] for f in centred])
        effect = effect + np.linalg.solve(hessian, gradient)
    return effect


def test_customers_come_on_sundays_and_give_at_spring_festival():
    shop = simulate(world(customers=4000))
    placed = shop.frames["orders"].unique("order_number")["placed_at"]
    local = placed.dt.convert_time_zone("Europe/London")
    by_day = np.bincount(local.dt.weekday().to_numpy(), minlength=8)[1:]
    assert by_day.argmax() == 6
    assert by_day[6] / by_day[1] == pytest.approx(np.exp(0.14 + 0.06), rel=0.12)
    arrays = shop.truth["arrays"]
    gifts = shop.truth["products"]["category_code"].to_numpy()[arrays["product_idx"]] == "gift-sets"
    days = np.datetime64(shop.world.start) + np.arange(shop.world.days)
    pull = festival_pull(days)
    gift_units = arrays["demanded_units"][gifts].sum(axis=0)
    assert gift_units[pull > 0.5].mean() > 2 * gift_units[pull == 0].mean()


def test_stock_outs_hide_demand_and_the_mask_uncovers_it(shop):
    arrays = shop.truth["arrays"]
    old = np.arange(shop.world.days) >= 60
    masked = arrays["closing_available"] > 0
    sold, wanted = arrays["sold_units"][:, old], arrays["demanded_units"][:, old]
    assert 0.02 < (~masked[:, old]).mean() < 0.35
    assert sold.sum() < wanted.sum()
    out = ~masked[:, old]
    # On days that ended empty much of the demand went unseen; on the others next to none.
    seen_out = sold[out].sum() / wanted[out].sum()
    assert seen_out < 0.6
    assert sold[~out].sum() / wanted[~out].sum() > 0.98


def test_expected_demand_is_what_is_demanded_on_average(shop):
    arrays = shop.truth["arrays"]
    assert arrays["demanded_units"].sum() == pytest.approx(arrays["expected_units"].sum(), rel=0.05)


def test_complements_are_bought_together_more_often_than_chance(shop):
    """And substitutes are of the same category, of another product."""
    arrays, products = shop.truth["arrays"], shop.truth["products"]
    category = products["category_code"].to_numpy()
    complements, product = arrays["complements"], arrays["product_idx"]
    assert (category[complements] != category[:, None]).all()
    other = product[arrays["substitutes"]]
    assert (category[other] == category[product][:, None]).all()
    assert (other != product[:, None]).mean() > 0.95  # a category of one product has no other
    items = shop.frames["orders"].filter(pl.col("sku").is_not_null())
    order = np.unique(items["order_number"], return_inverse=True)[1]
    baskets = np.zeros((order.max() + 1, len(category)))
    place = {sku: number for number, sku in enumerate(shop.truth["skus"])}
    baskets[order, product[[place[sku] for sku in items["sku"]]]] = 1
    together = baskets.T @ baskets
    chance = np.outer(baskets.mean(0), baskets.mean(0)) * len(baskets)
    rows = np.arange(len(category))[:, None]
    lift = together[rows, complements].sum() / chance[rows, complements].sum()
    assert lift > 1.8


def test_searches_say_how_many_they_found(shop):
    searches = shop.frames["events"].filter(pl.col("kind") == "search")
    none = searches.filter(pl.col("properties") == '{"results": 0}')
    assert 0.04 < len(none) / len(searches) < 0.15
    assert (none["query"] == "coffee grinder").any()


def test_calm_world_sells_whatever_is_wanted():
    arrays = simulate(world("calm", products=30, customers=200)).truth["arrays"]
    assert (arrays["sold_units"] == arrays["demanded_units"]).all()
    assert not arrays["on_promotion"].any()


def test_supplier_truth_is_behind_the_receipts(shop):
    purchases = shop.truth["purchases"].unique("number")
    suppliers = shop.truth["suppliers"]
    days = purchases.group_by("supplier").agg(
        taken=(pl.col("received_day") - pl.col("ordered_day")).mean(), orders=pl.len()
    )
    often = days.filter(pl.col("orders") >= 15).sort("supplier")
    assert len(often) >= 2
    promised = suppliers["promised_days"].gather(often["supplier"])
    assert (often["taken"] > promised).mean() > 0.5  # they promise more than they keep


def test_truth_comes_back_from_its_files(shop, tmp_path):
    write_truth(tmp_path, shop.truth)
    back = read_truth(tmp_path)
    assert back["world"]["seed"] == 11
    assert back["tickets"].equals(shop.truth["tickets"])
    assert (back["arrays"]["taste"] == shop.truth["arrays"]["taste"]).all()
