"""The night as jobs, and the clock's own entry that starts it."""

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config import night
from decisions.jobs import job
from decisions.services import jobs

# ML libraries run in these: their queue starts a fresh process for each job.
job(night.NIGHT_KIND, label=_("Night"), queue="ml", max_attempts=5)(night.run_night)
job(night.STEP_KIND, label=_("Step of the night"), queue="ml", max_attempts=1)(night.run_step)


@shared_task(name="config.start_night", ignore_result=True)
def start_night() -> int:
    """Once per local date, however often the clock strikes."""
    as_of = night.as_of_now()
    key = f"night:{timezone.localdate().isoformat()}"
    return jobs.enqueue(night.NIGHT_KIND, {"as_of": as_of.isoformat()}, key=key).pk
