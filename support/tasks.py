"""Jobs of this app. Each may run twice."""

from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job


@job("triage_ticket", label=_("Sort a ticket and draft an answer"), queue="ml")
def triage_ticket(progress: Progress, ticket_id: int) -> dict:
    from support.services import drafts, triage

    ticket = triage.triage_ticket(ticket_id)
    progress(1, 2)
    made = drafts.draft_reply(ticket_id)
    return {"intent": ticket.intent, "urgency": ticket.urgency, "made": type(made).__name__}


@job("email_reply", label=_("Send a reply by e-mail"))
def email_reply(progress: Progress, message_id: int) -> dict:
    from support.services import replies

    return {"sent": replies.email_reply(message_id)}


@job("train_intents", label=_("Learn the shop's own intents"), queue="ml")
def train_intents(progress: Progress, as_of: str) -> dict:
    from datetime import datetime

    from support.services import training

    try:
        run = training.train_intents(datetime.fromisoformat(as_of), job_id=progress.job_id)
    except training.TooLittleHistoryError as error:
        return {"refused": error.reason}
    return {"run": run.pk, "state": run.state}
