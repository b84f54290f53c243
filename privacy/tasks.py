"""The work of an erasure, as a job."""

from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job
from privacy.services import erasing
from privacy.services.erasures import JOB


@job(JOB, label=_("Erase a person"), queue="ml", max_attempts=20)
def erase_person(progress: Progress, erasure_id: int) -> dict:
    """Payload: erasure_id. The result is the state; the proof stands on the erasure."""
    return erasing.erase_person(progress, erasure_id)
