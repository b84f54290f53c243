"""The shop of journey_kills.py: its journeys, whom they let in, and what goes on in it meanwhile.

Triggers of the scratch database write down each move of a message, and what happens to a customer is
written down once it is committed: the checks rest on both, and on nothing that the application says
of itself.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import timedelta
from itertools import count

from benchmarks.mail_rounds import make_people

SKUS, SOLD_OUT = 60, 6  # of which so many from the start
LIVE_FOR, BEFORE = timedelta(hours=5), timedelta(minutes=100)
CAP = 2
ITS_KEY = "from marketing_enrolment e where e.state = 'under_way' order by random() limit 1"

AUDIT = """
create table kill_move (id bigserial primary key, send bigint, customer bigint, was text, state text,
    pid int default pg_backend_pid(), at timestamptz default clock_timestamp());
create table kill_fact (id bigserial primary key, kind text, customer bigint, about text,
    at timestamptz default clock_timestamp());
create function kill_moved() returns trigger as $$ begin
    insert into kill_move (send, customer, was, state) values (new.id, new.customer_id,
        case when tg_op = 'UPDATE' then old.state else '' end, new.state);
    return new; end $$ language plpgsql;
create trigger kill_made after insert on marketing_send for each row execute function kill_moved();
create trigger kill_moves after update of state on marketing_send for each row
    when (old.state is distinct from new.state) execute function kill_moved();
"""


def _texts(subject: str, body: str) -> dict:
    return {"en": {"subject": subject, "body": f"{{greeting}}\n\n{body}\n\n{{link}}"}}


def _mail(step: str, subject: str, body: str, **more) -> dict:
    return {"id": step, "send": "email", "texts": _texts(subject, body)} | more


ABOUT = "You left {product} in your cart; it is {price}."
A_MINUTE = {"id": "a-minute", "wait": {"minutes": 1}}
VARIANTS = {
    "A": {"share": 0.5, "texts": _texts("A: {product}", "{product} is {price}.")},
    "B": {"share": 0.5, "texts": _texts("B: {product}", "You looked at {product}.")},
}
# code: (trigger, exits, steps)
PLANS = {
    "cart": ({"on": "cart_left", "minutes": 60}, ["ordered"], [
        _mail("reminder", "About {product}", ABOUT),
        A_MINUTE,
        {"id": "saw-it", "when": {"opened": "reminder"},
         "then": [{"id": "over", "end": True}],
         "otherwise": [_mail("again", "Again: {product}", ABOUT)]},
    ]),
    "cart-only": ({"on": "cart_left", "minutes": 90}, [], [_mail("once", "Once: {product}", ABOUT)]),
    "welcome": ({"on": "joined"}, [], [
        _mail("hello", "Welcome to {shop}", "Thank you for being with us."),
        A_MINUTE,
        {"id": "bought", "when": {"ordered": True}, "then": [],
         "otherwise": [_mail("news", "News from {shop}", "There is a lot to see.")]},
    ]),
    "viewed": ({"on": "product_viewed", "views": 2, "minutes": 60}, ["ordered_it"], [
        {"id": "look", "send": "email", "holdout_rate": 0.1, "variants": VARIANTS},
    ]),
    "birthday": ({"on": "birthday"}, ["ordered"], [
        _mail("present", "For your birthday", "{coupon_value} off with {coupon_code} until {coupon_until}.",
              coupon="TEN", holdout_rate=0.1),
        A_MINUTE,
        _mail("last-call", "Once more from {shop}", "{coupon_value} off with {coupon_code} until {coupon_until}.",
              coupon="TEN", holdout_rate=0.1),
    ]),
}  # fmt: skip


def build(customers: int) -> dict[str, int]:
    """Everybody, everything and every journey. Returns how many each journey must let in."""
    from django.db import connection
    from django.utils import timezone

    from shop.models import Customer

    with connection.cursor() as cursor:
        cursor.execute(AUDIT)
    now = timezone.now()
    wares = _wares()
    _offer(customers // 10)
    make_people(customers * 2 // 3, "k", sleeping=True)
    earlier = timezone.now()
    make_people(customers - customers * 2 // 3, "new", sleeping=True)
    _live(now - LIVE_FOR, joined_since=earlier)
    people = list(Customer.objects.order_by("pk"))
    _written_to_before([one for one in people if one.pk % 16 == 3], now)
    carts = [one for one in people if one.pk % 2 == 0]
    looks = [one for one in people if one.pk % 5 in (1, 2)]
    born = [one for one in people if one.pk % 4 == 1]
    _events(carts, looks, wares, now)
    today = f"{timezone.localtime(now):%m-%d}"
    Customer.objects.filter(pk__in=[one.pk for one in born]).update(birthday=today)
    with connection.cursor() as cursor:
        cursor.execute("analyze")  # as the database does by itself when tables have grown
    new = sum(one.code.startswith("new") for one in people)
    return {
        "cart": len(carts), "cart-only": len(carts), "welcome": new,
        "viewed": len(looks), "birthday": len(born),
    }  # fmt: skip


def _wares() -> list:
    from tests.factories import make_stock, make_variant

    wares = [make_variant(f"KET-{n}", name=f"Copper Kettle No. {n}.") for n in range(SKUS)]
    for n, ware in enumerate(wares):
        make_stock(ware, 0 if n < SOLD_OUT else 10**6)
        if n < SOLD_OUT:
            note("sold_out", None, ware.sku)
    return wares


def _offer(most: int) -> None:
    """Fewer than there are birthdays, and of each customer one."""
    from django.contrib.auth.models import User

    from shop.services.coupons.offers import OfferTerms, create_offer, decide_offer

    person = User.objects.create(username="benchmark", is_staff=True)
    terms = OfferTerms("Ten off", most_minor=200, valid_days=10, most_uses=most,
                       budget_minor=most * 200, percent=10)  # fmt: skip
    decide_offer(create_offer("TEN", terms, by=person), by=person)


def _live(since, *, joined_since) -> None:
    from marketing.models import Journey
    from marketing.services.journeys import journeys

    for code, (trigger, exits, steps) in PLANS.items():
        journey = Journey.objects.create(
            code=code, name=code, holdout_rate=0.1 if code == "cart" else 0.0
        )
        plan = {"trigger": trigger, "exits": exits, "steps": steps}
        version = journeys.save_version(journey, plan)
        journeys.go_live(journey, version, at=joined_since if code == "welcome" else since)


def _written_to_before(people: list, now) -> None:
    """As often as the cap allows, yesterday, by a journey that is over."""
    from marketing.models import Enrolment, Journey, JourneyVersion, Send

    journey = Journey.objects.create(code="old", name="old")
    version = JourneyVersion.objects.create(journey=journey, number=1, definition={})
    day_ago = now - timedelta(days=1)
    roads = Enrolment.objects.bulk_create(
        Enrolment(journey=journey, version=version, customer=one, key=f"old:{n}", state="finished",
                  entered_at=day_ago, due_at=day_ago, ended_at=day_ago)
        for one in people for n in range(CAP)
    )  # fmt: skip
    Send.objects.bulk_create(
        Send(enrolment=road, customer_id=road.customer_id, step="once", state="sent",
             claimed_at=day_ago, handed_over_at=day_ago, sent_at=day_ago)
        for road in roads
    )  # fmt: skip


def _events(carts: list, looks: list, wares: list, now) -> None:
    """One SKU in a cart, in every seventh two; two looks each."""
    from shop.models import Event

    number = count()
    rows = [(one, "cart_add", wares[one.pk % SKUS]) for one in carts]
    rows += [(one, "cart_add", wares[(one.pk + 7) % SKUS]) for one in carts if one.pk % 7 == 0]
    rows += [(one, "view", wares[(one.pk + 11) % SKUS]) for one in looks for _look in range(2)]
    # Looked at, and not put into the cart: else nothing is to be said of it.
    Event.objects.bulk_create(
        (
            Event(event_id=f"made-{next(number)}", kind=kind, occurred_at=now - BEFORE,
                  received_at=now - BEFORE, customer=who, variant=ware, units=1, consent=True)
            for who, kind, ware in rows
        ),
        batch_size=2000,
    )  # fmt: skip


def note(kind: str, customer: int | None, about: str = "") -> None:
    """Once what it says is committed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into kill_fact (kind, customer, about) values (%s, %s, %s)",
            [kind, customer, about],
        )


class Town(threading.Thread):
    """What people do while journeys write to them: order, leave, complain, open, empty their carts;
    and SKUs that are sold out."""

    def __init__(self, seed: int, pause: float):
        super().__init__(daemon=True)
        self.dice, self.pause, self.over = random.Random(seed), pause, threading.Event()
        self.done, self.broke = Counter[str](), ""
        self._numbers = count()

    def run(self) -> None:
        from django.db import connection

        acts = {
            self._order: 35, self._leave: 8, self._suppress: 8, self._complain: 5, self._open: 30,
            self._empty: 10, self._fill: 12, self._sell_out: 1,
        }  # fmt: skip
        try:
            while not self.over.wait(self.dice.uniform(0, 2 * self.pause)):
                [act] = self.dice.choices(list(acts), weights=list(acts.values()))
                act()
                self.done[act.__name__.strip("_")] += 1
        except Exception as fault:  # noqa: BLE001 - said at the end, where it fails the run
            self.broke = repr(fault)
        finally:
            connection.close()

    def _one(self, what: str = "e.customer_id", whose: str = ITS_KEY):
        """Of somebody under way; None: there is nobody."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"select {what} {whose}")
            row = cursor.fetchone()
        return row[0] if row else None

    def _order(self) -> None:
        from django.utils import timezone

        from shop.models import Customer, Variant
        from tests.factories import make_order

        who = self._one()
        if who is None:
            return
        sku = f"KET-{(who + self.dice.choice((0, 11))) % SKUS}"  # of her cart, or looked at
        ware = Variant.objects.get(sku=sku)
        make_order([(ware, 1)], customer=Customer.objects.get(pk=who), at=timezone.now(),
                   number=f"town-{next(self._numbers)}", state="paid")  # fmt: skip
        note("ordered", who, sku)

    def _leave(self) -> None:
        from shop.models import Customer
        from shop.services.customers import record_consent

        if who := self._one():
            record_consent(
                Customer.objects.get(pk=who), "marketing_email", granted=False, source="town"
            )
            note("left", who)

    def _suppress(self) -> None:
        from marketing.services.sending.outcomes import suppress

        if who := self._one():
            suppress(who, "email", "complained")
            note("suppressed", who)

    def _complain(self) -> None:
        from support.models import Ticket

        if who := self._one():
            number = f"TOWN-{next(self._numbers)}"
            Ticket.objects.create(number=number, customer_id=who, intent="complaint", state="open")
            note("complained", who)

    def _open(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("""update marketing_send set opened_at = now() where id = (select id from
                marketing_send where state = 'sent' and opened_at is null and step = 'reminder'
                order by random() limit 1)""")

    def _empty(self) -> None:
        """Everything is taken out of a cart."""
        self._cart("cart_remove", timedelta())

    def _fill(self) -> None:
        """Who has come later than the others: the search must find her."""
        self._cart("cart_add", timedelta(minutes=91))

    def _cart(self, kind: str, ago: timedelta) -> None:
        from django.utils import timezone

        from shop.models import Event, Variant

        whose = "from shop_customer c order by random() limit 1" if kind == "cart_add" else ITS_KEY
        who = self._one("c.id" if kind == "cart_add" else "e.customer_id", whose)
        if who is None:
            return
        at = timezone.now() - ago
        hers = Variant.objects.filter(events__customer=who, events__kind="cart_add").distinct()
        wares = [Variant.objects.get(sku=f"KET-{who % SKUS}")] if kind == "cart_add" else list(hers)
        Event.objects.bulk_create(
            Event(event_id=f"town-{next(self._numbers)}", kind=kind, occurred_at=at, received_at=at,
                  customer_id=who, variant=ware, units=None if kind == "cart_remove" else 1, consent=True)
            for ware in wares
        )  # fmt: skip
        note("filled" if kind == "cart_add" else "emptied", who)

    def _sell_out(self) -> None:
        from shop.models import StockLevel

        n = self.dice.randrange(SOLD_OUT, SKUS)
        StockLevel.objects.filter(variant__sku=f"KET-{n}").update(on_hand=0)
        note("sold_out", None, f"KET-{n}")
