"""Steps of a journey to many customers who are due at once: how fast, and how many statements each.

    DATABASE_URL=postgres:///scratch python benchmarks/journey_steps.py --customers 1000 --rounds 3

The database is a scratch one on PostgreSQL: it is migrated and written to. Mail goes to an SMTP
server on loopback in a process of its own. Each round makes, for each kind of step, new customers
of whom one in ten may not be written to, each with one of 200 SKUs in a left cart, and a journey that they have
entered; then one round of the journeys' clock is timed, from the first step to the last line of the
event log. A bare loop sends as many letters in the same round.

plain: a text. variants: two texts, drawn half and half. discount: a coupon where the live uplift
model says that it pays, another text for the rest; half of the customers have ordered before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.mail_rounds import bare_loop, make_people, shop_with_sink  # noqa: E402 - needs the path

SOON, LATER = timedelta(seconds=1), timedelta(hours=2)  # after a journey went live: cart, and clock
SKUS = 200  # of which one lies in each cart
BODY = "{greeting}\n\nThank you for being with us.\n\n{link}"
ABOUT = "{greeting}\n\nYou left {product} in your cart; it is {price}.\n\n{link}"
COUPON = (
    "{greeting}\n\n{coupon_value} off {product} with {coupon_code} until {coupon_until}.\n\n{link}"
)


def main() -> int:
    options = _options()
    settings = {"MARKETING_QUIET_HOURS": "", "STOREFRONT_URL": "https://shop.example"}
    with shop_with_sink("journey-steps", settings) as folder:
        found = _measured(options)
    arrived = Counter((folder / "recipients.txt").read_text().split())
    found["mailboxes with two from a journey"] = sum(
        count > 1 for address, count in arrived.items() if not address.startswith("bare")
    )
    print(json.dumps(found, indent=2))
    return 1 if found["mailboxes with two from a journey"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000, help="Due at once, per step kind.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--trigger", default="cart_left", choices=["cart_left", "joined"],
                        help="joined: about no product, as the text of campaign_sends.py is.")  # fmt: skip
    return parser.parse_args()


def _measured(options: argparse.Namespace) -> dict:
    """Rounds of a bare loop and of each kind of step, in turn; the first warms up."""
    from marketing.models import Journey

    Journey.objects.update(state="paused")  # of a run before this one that was broken off
    wares, offer = _wares(), _offer(options)
    _live_model()
    bare, quick = [], []
    rates: dict[str, list[float]] = {kind: [] for kind in options.kinds}
    statements: dict[str, list[float]] = {kind: [] for kind in options.kinds}
    discounts = Counter[str]()
    for number in range(options.rounds + 1):
        mark = f"{os.getpid()}-{number}"
        bare.append(_bare(options.customers, f"bare-{mark}-", as_django=True))
        quick.append(_bare(options.customers, f"bare-{mark}o-", as_django=False))
        for kind in options.kinds:
            journey = _entered(kind, options, f"{kind}-{mark}-", wares, offer)
            sent, seconds, asked = _walked(journey)
            rates[kind].append(sent / seconds)
            statements[kind].append(asked / options.customers)
            if kind == "discount" and number:
                discounts.update(_words_of(journey))
    return {
        "customers": options.customers,
        "trigger": options.trigger,
        "messages_per_second": {
            "bare loop": round(statistics.median(bare[1:])),
            "bare loop, our letters": round(statistics.median(quick[1:])),
        }
        | {kind: round(statistics.median(found[1:])) for kind, found in rates.items()},
        "statements_per_customer": {
            kind: round(statistics.median(found[1:]), 2) for kind, found in statements.items()
        },
        "ratio": {kind: _ratios(found[1:], bare[1:])[0] for kind, found in rates.items()},
        "ratios": {kind: _ratios(found[1:], bare[1:])[1] for kind, found in rates.items()},
        "discounts": dict(discounts),
    }


def _ratios(ours: list[float], bare: list[float]) -> tuple[float, list[float]]:
    """Their median, and each."""
    each = [mine / other for mine, other in zip(ours, bare, strict=True)]
    return round(statistics.median(each), 2), [round(one, 2) for one in each]


def _bare(count: int, prefix: str, *, as_django: bool) -> float:
    from shop.models import Customer

    people = [Customer(pk=n, code=f"{prefix}{n}", email=f"{prefix}{n}@example.com")
              for n in range(1, count + 1)]  # fmt: skip
    text = "Hello,\n\nThank you for being with us.\n\nhttp://127.0.0.1/m/l/1.signature"
    return bare_loop(people, "Thank you", text, as_django=as_django)


def _walked(journey) -> tuple[int, float, int]:
    """Messages that left, seconds, statements: of one round of the clock."""
    from marketing.models import Journey, Send
    from marketing.services.journeys import walking

    at = journey.live_since + LATER
    with _counted() as statements:
        began = time.perf_counter()
        walking.walk(at)
        seconds = time.perf_counter() - began
    under_way = journey.enrolments.filter(state="under_way").count()
    assert not under_way, f"{under_way} have not come through"
    Journey.objects.filter(pk=journey.pk).update(state="paused")
    sent = Send.objects.filter(enrolment__journey=journey, state="sent").count()
    return sent, seconds, statements.total()


@contextmanager
def _counted():
    """Statements by their first word, savepoints among them; BEGIN and COMMIT are none of them."""
    from django.db import connection

    found: Counter[str] = Counter()

    def counts(execute, sql, params, many, context):
        found[sql.split(maxsplit=1)[0]] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counts):
        yield found


# --- the shop


def _texts(subject: str, body: str) -> dict:
    return {"en": {"subject": subject, "body": body}}


def _plain(body: str, offer) -> dict:
    return {"texts": _texts("Thank you from {shop}", body)}


def _variants(body: str, offer) -> dict:
    halves = {
        name: {"share": 0.5, "texts": _texts(f"{name}: from {{shop}}", body)} for name in "AB"
    }
    return {"variants": halves}


def _discount(body: str, offer) -> dict:
    coupon = COUPON if "{product}" in body else COUPON.replace(" off {product}", "")
    return {
        "texts": _texts("For you", coupon),
        "coupon": offer.code,
        "holdout_rate": 0.01,
        "where_it_pays": {"explore_rate": 0.1, "plain": _texts("Thank you", body)},
    }


STEPS = {"plain": _plain, "variants": _variants, "discount": _discount}


def _entered(kind: str, options: argparse.Namespace, prefix: str, wares, offer):
    """A live journey of one step, and everybody under way and due."""
    from django.db import connection
    from django.utils import timezone

    from marketing.models import Journey
    from marketing.services.journeys import journeys, search
    from shop.models import Customer, Event

    since = timezone.now()  # who came in an earlier round left no cart since then
    at = since + LATER
    make_people(options.customers, prefix)
    people = list(Customer.objects.filter(code__startswith=prefix).order_by("pk"))
    if kind == "discount":
        _orders(people[::2], prefix, since)
    with_cart = options.trigger == "cart_left"
    if with_cart:
        Event.objects.bulk_create(
            Event(event_id=f"{prefix}{one.pk}", kind="cart_add", occurred_at=since + SOON,
                  received_at=since + SOON, customer=one, variant=wares[one.pk % SKUS],
                  units=1, consent=True)
            for one in people
        )  # fmt: skip
    step = {"id": "message", "send": "email"} | STEPS[kind](ABOUT if with_cart else BODY, offer)
    plan = {"trigger": {"on": options.trigger}, "exits": ["ordered"], "steps": [step]}
    journey = Journey.objects.create(code=prefix[:40].strip("-"), name=prefix, holdout_rate=0)
    version = journeys.save_version(journey, plan)
    journeys.go_live(journey, version, at=since)
    journey.refresh_from_db()
    search.enter(journey, at)
    came_in = journey.enrolments.count()
    assert came_in == options.customers, f"{came_in} have entered"
    with connection.cursor() as cursor:
        cursor.execute("analyze")  # as the database does by itself when tables have grown
    return journey


def _orders(people: list, prefix: str, at) -> None:
    """One to three each, within the last year."""
    from shop.models import Order

    Order.objects.bulk_create(
        Order(number=f"{prefix}{one.pk}-{n}", customer=one, currency="GBP", items_minor=2000,
              total_minor=2000, placed_at=at - timedelta(days=30 + 50 * n + one.pk % 40),
              state="delivered")
        for one in people
        for n in range(1 + one.pk % 3)
    )  # fmt: skip


def _wares() -> list:
    """SKUs with a price and enough in stock."""
    from tests.factories import make_stock, make_variant

    wares = [
        make_variant(f"KETTLE-{os.getpid()}-{n}", name=f"Copper Kettle No. {n}", price_minor=2000)
        for n in range(SKUS)
    ]
    for ware in wares:
        make_stock(ware, 10**6)
    return wares


def _offer(options: argparse.Namespace):
    from django.contrib.auth.models import User

    from shop.services.coupons.offers import OfferTerms, create_offer, decide_offer

    person = User.objects.create(username=f"benchmark-{os.getpid()}", is_staff=True)
    most = options.customers * (options.rounds + 1)
    terms = OfferTerms("Ten off", most_minor=200, valid_days=10, most_uses=most,
                       budget_minor=most * 200, percent=10)  # fmt: skip
    return decide_offer(create_offer(f"TEN-{os.getpid()}", terms, by=person), by=person)


def _live_model() -> None:
    """Of a made trial in which a message moves whoever has ordered before, by some £3, and nobody else."""
    import numpy as np
    from django.utils import timezone

    from decisions.services.artefacts import write_artefact
    from decisions.services.model_runs import Trained, publish_run
    from marketing.ml.uplift import Trial, UpliftParams, fit
    from marketing.ml.uplift_features import NAMES

    dice = np.random.default_rng(0)
    features = np.full((4000, len(NAMES)), np.nan)
    features[:, 1] = features[:, 2] = features[:, 4] = 0.0
    has, treated = dice.random(4000) < 0.5, dice.random(4000) < 0.5
    orders = dice.integers(1, 4, has.sum())
    features[has, 0] = dice.uniform(30, 70, has.sum())
    features[has, 1], features[has, 2] = orders, 2000 * orders
    features[has, 3] = features[has, 0] + 50 * (orders - 1)
    outcome = dice.normal(0, 100, 4000) + 300 * (has & treated)
    model = fit("dr_learner", Trial(features, treated, outcome, np.full(4000, 0.5)), UpliftParams())
    bands = [
        {"customers": 400, "predicted": money, "measured": money, "low": money - 50, "high": money + 50}
        for money in (0.0, 300.0)
    ]  # fmt: skip
    line = {"offset": 0.0, "slope": 1.0, "slope_low": 0.5, "slope_high": 1.5, "bands": bands}
    publish_run(
        Trained(
            task="uplift", model="dr_learner", params={}, seed=0, data_until=timezone.now(),
            row_count=4000, data_hash=f"benchmark-{os.getpid()}", metrics={"calibration": line},
            metric="qini_low_minor", higher_is_better=True, value=1.0, baseline="random order",
            baseline_value=0.0,
            artefact=write_artefact("uplift", ".json", lambda path: path.write_text(model.to_json())),
        )
    )  # fmt: skip


def _words_of(journey) -> Counter[str]:
    from marketing.models import Send

    rows = Send.objects.filter(enrolment__journey=journey)
    return Counter(rows.values_list("discount", flat=True))


if __name__ == "__main__":
    sys.exit(main())
