"""The two messages that a broker carries for this app."""

from celery import shared_task

from decisions.services import jobs


# Early acknowledgement on purpose: the Job's lease and the reaper bring work back on any broker,
# so a training longer than the broker's own ack timeout is never run twice at once.
@shared_task(name="decisions.run_job", acks_late=False)
def run_job(job_id: int) -> None:
    jobs.run_job(job_id)


@shared_task(name="decisions.reap_jobs", ignore_result=True)
def reap_jobs() -> int:
    return jobs.reap()
