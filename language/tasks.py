"""The clock of the text endpoint's log."""

from celery import shared_task

from language.services import calls


@shared_task(name="language.settle_lost_calls", ignore_result=True)
def settle_lost_calls() -> int:
    return calls.settle_lost()
