"""What beat asks of this app."""

from celery import shared_task

from shop.services import reservations


@shared_task(name="shop.expire_reservations", ignore_result=True)
def expire_reservations() -> int:
    return reservations.expire_due_reservations()
