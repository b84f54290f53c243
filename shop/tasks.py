"""What beat asks of this app."""

from celery import shared_task

from decisions.jobs import Progress, job
from shop.services import imports, reservations


@shared_task(name="shop.expire_reservations", ignore_result=True)
def expire_reservations() -> int:
    return reservations.expire_due_reservations()


@job("import_data", queue="ml", max_attempts=2)
def import_data(progress: Progress, path: str, kind: str, format: str = "backroom") -> dict:
    """Payload: path, kind, format. The report is the job's result."""
    return imports.run_import(path, kind, format, progress=progress)
