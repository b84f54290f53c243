"""Steps of journeys with several texts or a discount, and customers who reach them."""

from datetime import timedelta

from django.db import connection

from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.experiments import in_share
from decisions.services.model_runs import Trained, publish_run
from marketing.definitions.journey_plan import read_plan
from marketing.ml.uplift import Model
from marketing.models import (
    Enrolment,
    Journey,
    Send,
    SendState,
    SkipReason,
)
from marketing.services.journeys import draws, journeys, walking
from marketing.services.journeys.discounts import Discounts
from shop.models import Customer, Order, OrderLine
from tests.marketing.test_journey_coupons import BODY
from tests.marketing.test_journeys import (
    NOON,
    NUMBERS,
    event,
    make_journey,
    make_ware,
    send,
    text,
)
from tests.marketing.test_step_holdout import people

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HALVES = {"A": 0.5, "B": 0.5}
PLAIN = text(subject="Still there", body="{product} {link}")


def varied(shares=None, rate=0.0, name="reminder", **texts) -> dict:
    """A step whose variants say which they are. texts: variant → its texts, in the place of those."""
    shares = shares or HALVES
    said = {one: text(subject=f"{one}: {{product}}") for one in shares} | texts
    variants = {one: {"share": share, "texts": said[one]} for one, share in shares.items()}
    return {"id": name, "send": "email", "variants": variants, "holdout_rate": rate}


def cart_journey(*steps, **fields) -> Journey:
    return make_journey({"on": "cart_left"}, *steps, exits=(), **fields)


def next_version(journey: Journey, *steps: dict) -> Journey:
    plan = {"trigger": {"on": "cart_left"}, "exits": [], "steps": list(steps)}
    return journeys.go_live(journey, journeys.save_version(journey, plan), at=NOON)


def carts(number=30, prefix="H", at=NOON):
    kettle, crowd = make_ware(units=999), people(number, prefix=prefix)
    for one in crowd:
        event(one, kettle, at=at)
    return kettle, crowd


def drawn_arms() -> dict[int, str]:
    rows = Send.objects.exclude(arm="").order_by("-pk")
    return dict(rows.values_list("customer_id", "arm"))


def reach(journey: Journey, number: int, prefix: str, **fields) -> dict[int, str]:
    """As if so many had reached the live version's step and got what they were drawn for, without the
    walk. Customer → variant, `held_out` for who is held out."""
    Customer.objects.bulk_create(
        Customer(code=f"{prefix}-{n}", email=f"{prefix}{n}@example.com", **fields)
        for n in range(number)
    )
    crowd = Customer.objects.filter(code__startswith=f"{prefix}-").order_by("pk")
    version = journey.live_version
    roads = Enrolment.objects.bulk_create(
        Enrolment(journey=journey, version=version, customer=one, key="k", entered_at=NOON)
        for one in crowd
    )
    step = read_plan(version.definition).sends[0]
    columns = [draws.drawn_for(road, step, Discounts(NOON)).columns for road in roads]
    left = {"state": SendState.SENT, "sent_at": NOON, "language": fields.get("language", "en")}
    Send.objects.bulk_create(
        Send(enrolment=road, customer=road.customer, step=step.step, claimed_at=NOON, **found)
        if found.get("state")
        else Send(
            enrolment=road, customer=road.customer, step=step.step, claimed_at=NOON, **left, **found
        )
        for road, found in zip(roads, columns, strict=True)
    )
    tell_the_planner()
    return {
        road.customer_id: found.get("arm") or str(found["reason"].value)
        for road, found in zip(roads, columns, strict=True)
    }


def tell_the_planner() -> None:
    """Of rows that came at once: the tables may have been analysed when another test left them empty."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE marketing_send, marketing_enrolment, shop_customer")


def of(drawn: dict[int, str], arm: str) -> list[Customer]:
    keys = [pk for pk, name in drawn.items() if name == arm]
    return list(Customer.objects.filter(pk__in=keys).order_by("pk"))


def order(crowd, kettle) -> None:
    """One kettle each for £10, two hours after noon."""
    rows = Order.objects.bulk_create(
        Order(
            number=f"O{next(NUMBERS)}", customer=one, currency="GBP", items_minor=1000,
            total_minor=1000, placed_at=NOON + 2 * HOUR, state="delivered",
        )
        for one in crowd
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        OrderLine(
            order=row, position=0, variant=kettle, units=1, unit_price_minor=1000, total_minor=1000
        )
        for row in rows
    )


def gated(offer, *, rate=0.01, plain=PLAIN, **gate) -> dict:
    """A step with a coupon and a gate; 1 % is held out, so that nearly everybody is asked."""
    step = send(subject="For you", body=BODY) | {"coupon": offer.code, "holdout_rate": rate}
    return step | {"where_it_pays": gate | ({"plain": plain} if plain else {})}


def live_model(*lows: float) -> ModelRun:
    """A live model whose bands were measured to bring at least so much; it predicts 0 for everybody, so
    that all lie in the first band whose mean is nearest."""
    bands = [
        {"customers": 400, "predicted": float(100 * n), "measured": low + 50, "low": low, "high": low + 100}
        for n, low in enumerate(lows)
    ]  # fmt: skip
    line = {"offset": 0.0, "slope": 1.0, "slope_low": 0.5, "slope_high": 1.5, "bands": bands}
    text_of_it = Model([]).to_json()
    trained = Trained(
        task="uplift", model="dr_learner", params={"lows": list(lows)}, seed=1, data_until=NOON,
        row_count=2000, data_hash=f"{lows}", metrics={"calibration": line}, metric="qini_low_minor",
        higher_is_better=True, value=1.0, baseline="random order", baseline_value=0.0,
        artefact=write_artefact("uplift", ".json", lambda path: path.write_text(text_of_it)),
        duration_seconds=0.1,
    )  # fmt: skip
    run = publish_run(trained)
    assert run.state != "refused"
    return run


def walked(step: dict, number=12) -> tuple[Journey, list[Customer]]:
    journey = make_journey({"on": "cart_left"}, step, exits=())
    kettle, crowd = make_ware(units=999), people(number)
    for one in crowd:
        event(one, kettle)
    walking.walk(NOON + HOUR)
    return journey, crowd


def asked() -> list[Send]:
    """Rows of those who were not held out."""
    return list(Send.objects.exclude(reason=SkipReason.HELD_OUT).order_by("pk"))


def explored_of(journey: Journey, crowd, rate: float) -> set[int]:
    unit = f"explore:journey:{journey.pk}:reminder"
    return {one.pk for one in crowd if in_share(unit, one.code, rate)}


def many_judged(offer, low: float, number: int, explore_rate: float) -> tuple[Journey, dict]:
    """As if so many had reached the step under a model with that lower edge."""
    live_model(low)
    step = gated(offer, rate=0.3, explore_rate=explore_rate)
    journey = make_journey({"on": "cart_left"}, step, exits=())
    Customer.objects.bulk_create(
        Customer(code=f"M-{n}", email=f"m{n}@example.com") for n in range(number)
    )
    crowd = Customer.objects.filter(code__startswith="M-").order_by("pk")
    roads = Enrolment.objects.bulk_create(
        Enrolment(
            journey=journey, version=journey.live_version, customer=one, key="k", entered_at=NOON
        )
        for one in crowd
    )
    plan, discounts = read_plan(journey.live_version.definition).sends[0], Discounts(NOON)
    rows = []
    for road in roads:
        columns = draws.drawn_for(road, plan, discounts).columns
        left = {} if columns.get("state") else {"state": SendState.SENT, "sent_at": NOON}
        rows.append(
            Send(enrolment=road, customer=road.customer, step="reminder", claimed_at=NOON, **left, **columns)
        )  # fmt: skip
    Send.objects.bulk_create(rows)
    tell_the_planner()
    groups: dict[str, list[Customer]] = {}
    for row in rows:
        name = "held" if row.reason == SkipReason.HELD_OUT else str(row.discount)
        groups.setdefault(name, []).append(row.customer)
    return journey, groups
