"""The Celery application and its schedule."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init
from django.conf import settings

from config.supervisor import end_when_orphaned

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("backroom")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The queue of a job travels with its row; these are the clock's own entries.
app.conf.beat_schedule = {
    "reap-jobs": {"task": "decisions.reap_jobs", "schedule": settings.REAP_SECONDS},
    "expire-reservations": {"task": "shop.expire_reservations", "schedule": 30.0},
    # A hint that waited behind others is worth nothing: the next one is there already.
    "deliver-webhooks": {
        "task": "outbox.deliver_due",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "cancel-unpaid-orders": {"task": "shop.cancel_unpaid_orders", "schedule": 60.0},
    "announce-availability": {
        "task": "shop.announce_availability",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "notice-prices": {
        "task": "shop.notice_prices",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "end-ring-fences": {"task": "shop.end_ring_fences", "schedule": 30.0},
    "settle-flash-sales": {
        "task": "inventory.settle_flash_sales",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "set-aside-expired": {"task": "shop.set_aside_expired", "schedule": 600.0},
    "prune-answers": {"task": "access.prune_answers", "schedule": 3600.0},
    "refresh-lists": {
        "task": "recommendations.refresh_lists",
        "schedule": 900.0,
        "options": {"expires": 800},
    },
    "continue-campaigns": {
        "task": "marketing.continue_campaigns",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "settle-lost-calls": {"task": "language.settle_lost_calls", "schedule": 600.0},
    "pull-expired-evidence": {"task": "marketing.pull_expired", "schedule": 300.0},
    "walk-journeys": {
        "task": "marketing.walk_journeys",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "night": {"task": "config.start_night", "schedule": crontab(hour=2, minute=0)},
}


LOADED_BY = os.getpid()  # a forked child finds its parent's number here


@worker_process_init.connect
def leave_no_orphan(**kwargs) -> None:
    end_when_orphaned(forked_by=0 if os.getpid() == LOADED_BY else LOADED_BY)
