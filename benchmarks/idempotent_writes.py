"""1,000 orders, payments, parcels and returns, ten copies of each, shuffled and at once.

Every copy is sent again until it was not too early, as its sender would. Prints the writes sent,
the effects found, and ends with status 1 unless each write had exactly one effect. Needs an empty
PostgreSQL database of its own: it migrates, and leaves its rows behind.

    DATABASE_URL=postgres:///scratch python benchmarks/idempotent_writes.py --orders 1000 --senders 8
"""

import argparse
import os
import random
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402

from shop.models import (  # noqa: E402
    Allocation,
    Order,
    PaymentEvent,
    Price,
    Product,
    Refund,
    Return,
    ReturnLine,
    Shipment,
    StockLevel,
    Variant,
    Warehouse,
)
from shop.services.orders import orders  # noqa: E402
from shop.services.orders.orders import NewOrder, Parcel, PaymentReport, WantedLine  # noqa: E402
from shop.services.orders.returns import return_lines  # noqa: E402
from shop.services.stock import stock  # noqa: E402
from shop.services.stock.verify import verify_stock  # noqa: E402

COPIES = 10
SKUS = 20
NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOO_EARLY = (Order.DoesNotExist, orders.OrderError)


def main() -> int:
    options = arguments()
    call_command("migrate", verbosity=0)
    if Order.objects.exists():
        print("The database holds orders already: name an empty one.")
        return 2
    fill_shelves(options.orders)
    writes = [
        (kind, number)
        for number in range(options.orders)
        for kind in WRITES
        for _copy in range(COPIES)
    ]
    random.Random(options.seed).shuffle(writes)
    began = time.monotonic()
    sent, early = send_all(deque(writes), options.senders)
    seconds = time.monotonic() - began
    print(f"{connection.vendor}, {options.senders} senders, seed {options.seed}")
    print(
        f"{len(writes):,} copies of {len(writes) // COPIES:,} writes; {sent:,} sent, {early:,} of"
    )
    print(f"them too early and sent again; {seconds:.0f} s, {sent / seconds:,.0f} a second")
    return report(options.orders)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def fill_shelves(count: int) -> None:
    warehouse = Warehouse.objects.create(code="MAIN", name="Main")
    for number in range(SKUS):
        product = Product.objects.create(code=f"P{number}", name=f"Product {number}")
        variant = Variant.objects.create(product=product, sku=f"S{number}")
        Price.objects.create(
            variant=variant,
            kind="list",
            amount_minor=999 + number,
            currency="GBP",
            valid_from=NOW,
            source="benchmark",
            key=f"price {number}",
        )
        stock.receive(variant, 10 * count, warehouse=warehouse, key=f"opening {number}")


def of(number: int) -> Order:
    return Order.objects.get(idempotency_key=f"order {number}")


def place(number: int) -> None:
    skus = (f"S{number % SKUS}", f"S{(number * 7 + 1) % SKUS}")
    wanted = tuple(WantedLine(sku, 2) for sku in dict.fromkeys(skus))
    orders.place_order(NewOrder(wanted, discount_minor=number % 97), key=f"order {number}")


def capture(number: int) -> None:
    order = of(number)
    orders.record_payment_event(
        PaymentReport(
            "generic",
            f"event {number}",
            "captured",
            f"payment {number}",
            order.number,
            order.total_minor,
            order.currency,
            NOW,
        )
    )


def ship_all(number: int) -> None:
    order = of(number)
    pieces = Allocation.objects.filter(order_line__order=order).values_list("pk", "units")
    orders.ship_part(order, Parcel(f"parcel {number}", dict(pieces)))


def give_back(number: int) -> None:
    order = of(number)
    line = order.lines.filter(kind="item").first()
    return_lines(order, {line.pk: 1}, number=f"return {number}")


WRITES = {"order": place, "payment": capture, "parcel": ship_all, "return": give_back}


def send_all(waiting: deque, senders: int) -> tuple[int, int]:
    """Each sender takes the next copy; one that came too early goes back to the end."""
    sent, early, failures = [0] * senders, [0] * senders, []

    def sender(index: int) -> None:
        try:
            while waiting and not failures:
                try:
                    kind, number = waiting.popleft()
                except IndexError:
                    return
                sent[index] += 1
                try:
                    WRITES[kind](number)
                except TOO_EARLY:
                    early[index] += 1
                    waiting.append((kind, number))
        except Exception as failure:
            failures.append(failure)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=sender, args=(index,)) for index in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(sent), sum(early)


def report(count: int) -> int:
    shelves = StockLevel.objects.aggregate(on_hand=Sum("on_hand"), allocated=Sum("allocated"))
    ordered = Allocation.objects.aggregate(units=Sum("units"))["units"]
    found = {
        "orders": (Order.objects.count(), count),
        "payment events": (PaymentEvent.objects.count(), count),
        "paid and shipped": (Order.objects.filter(state="shipped").count(), count),
        "parcels": (Shipment.objects.count(), count),
        "returns": (Return.objects.count(), count),
        "units returned": (ReturnLine.objects.aggregate(units=Sum("units"))["units"], count),
        "refunds": (Refund.objects.count(), count),
        "still allocated": (shelves["allocated"], 0),
        "left the shelves": (SKUS * 10 * count - shelves["on_hand"], ordered - count),
        "differences to the ledger": (len(verify_stock()), 0),
    }
    for name, (is_now, expected) in found.items():
        print(f"{name:28}{is_now:>10,}{'' if is_now == expected else f'  EXPECTED {expected:,}'}")
    return int(any(is_now != expected for is_now, expected in found.values()))


if __name__ == "__main__":
    sys.exit(main())
