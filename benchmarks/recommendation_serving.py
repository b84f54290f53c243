"""How long does one recommendation take on the shop in the database, receipt included?

    python benchmarks/recommendation_serving.py [--requests 500]

Measures the service, not the web server: model look-up, history, scores, gates and prices,
reasons, receipt. The receipts it writes are deleted at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import django
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500)
    requests = parser.parse_args().requests
    django.setup()
    measure(requests)


def measure(requests: int) -> None:
    from decisions.models import Decision
    from recommendations.services.asking import Ask
    from recommendations.services.live_model import serving_model
    from recommendations.services.serving import recommend
    from shop.models import Customer, Variant

    rng = np.random.default_rng(0)
    customers = list(Customer.objects.order_by("pk")[:5000])
    skus = list(Variant.objects.on_sale().order_by("pk").values_list("sku", flat=True)[:5000])
    model = serving_model()
    print(f"run {model.run.pk if model else None}, {len(customers)} customers, {len(skus)} SKUs")
    for placement in ("home", "product", "cart"):
        seconds, shown = [], 0
        for number in range(requests + 20):
            named = tuple(rng.choice(skus, {"home": 0, "product": 1, "cart": 3}[placement]))
            customer = customers[rng.integers(len(customers))]
            started = time.perf_counter()
            answer = recommend(Ask(placement, customer, skus=named))
            if number >= 20:  # warm
                seconds.append(time.perf_counter() - started)
                shown += len(answer.items)
            Decision.objects.filter(pk=answer.receipt_id).delete()
        p50, p95, p99 = np.quantile(seconds, [0.5, 0.95, 0.99]) * 1000
        print(f"{placement}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms,", end=" ")
        print(f"{shown / requests:.1f} items an answer")


if __name__ == "__main__":
    main()
