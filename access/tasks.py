"""What beat asks of this app."""

from celery import shared_task

from access.services import answers


@shared_task(name="access.prune_answers", ignore_result=True)
def prune_answers() -> int:
    return answers.prune_answers()
