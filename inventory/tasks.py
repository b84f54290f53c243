"""Long steps of this app as jobs. A handler may be run again after it died at any line."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job
from inventory.services import flash_sale_clock
from inventory.services.forecasts import refresh_demand_forecast
from inventory.services.replenishment import plan_replenishment


@job("train_demand", label=_("Demand forecast"), queue="ml")
def train_demand(progress: Progress, *, as_of: str, seed: int) -> dict:
    return refresh_demand_forecast(datetime.fromisoformat(as_of), seed=seed, progress=progress)


@job("plan_replenishment", label=_("Reorder plan"), queue="ml")
def replenish(progress: Progress, *, as_of: str, seed: int) -> dict:
    return plan_replenishment(datetime.fromisoformat(as_of), seed=seed, progress=progress)


@shared_task(name="inventory.settle_flash_sales", ignore_result=True)
def settle_flash_sales() -> dict[str, int]:
    return flash_sale_clock.settle_flash_sales()
