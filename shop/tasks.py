"""What beat asks of this app."""

from pathlib import Path
from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job
from shop.services import announcements, exports, imports, price_looks, uploads
from shop.services.orders import orders
from shop.services.stock import batches, reservations, ring_fences, verify


@shared_task(name="shop.expire_reservations", ignore_result=True)
def expire_reservations() -> int:
    return reservations.expire_due_reservations()


@shared_task(name="shop.end_ring_fences", ignore_result=True)
def end_ring_fences() -> int:
    return ring_fences.end_due_ring_fences()


@shared_task(name="shop.set_aside_expired", ignore_result=True)
def set_aside_expired() -> int:
    return sum(one.units for one in batches.set_aside_expired())


@job(verify.CHECK_JOB, queue="ml", max_attempts=2)
def verify_stock(progress: Progress, repair: bool = False) -> dict:
    """Payload: repair. The result is what differs, after the repair if one was asked for."""
    repaired = {"repaired": verify.repair_stock()} if repair else {}
    return verify.check_stock() | repaired


@shared_task(name="shop.cancel_unpaid_orders", ignore_result=True)
def cancel_unpaid_orders() -> int:
    return orders.cancel_unpaid_orders()


@shared_task(name="shop.announce_availability", ignore_result=True)
def announce_availability() -> int:
    return announcements.announce_availability()


@shared_task(name="shop.notice_prices", ignore_result=True)
def notice_prices() -> int:
    return price_looks.notice_prices()


@job("import_data", label=_("Import a file"), queue="ml", max_attempts=2)
def import_data(
    progress: Progress, path: str, name: str = "", sha256: str = "", **wish: Any
) -> dict:
    """Payload: path, the fields of `uploads.Wish`, and the file's own name. Result: the report."""
    wanted = uploads.Wish(**wish)
    rejects = uploads.rejects_path(progress.job_id, name or Path(path).name)
    progress(0, 0, name)
    return imports.run_import(path, wanted, rejects=rejects, progress=progress)


@job(exports.EXPORT_JOB, label=_("export"), max_attempts=2)
def export_data(progress: Progress, kind: str, format: str, with_bom: bool = False) -> dict:
    """Payload: kind, format, with_bom. The file lies under the job's number; the report is here."""
    return exports.run_export(progress.job_id, kind, format, with_bom=with_bom, progress=progress)
