"""Every registered job run twice equals once: a worker may die after the last write it made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db.models import DateTimeField
from django.utils import timezone

from config import night
from decisions.jobs import all_handlers
from decisions.models import Job
from decisions.services import jobs
from decisions.services.experiments import save_experiment, start_experiment
from marketing.models import Campaign, Segment, TierProgramme
from marketing.services.audiences import frozen
from marketing.services.customers.cohort_snapshots import Ask
from marketing.services.sending import sends
from marketing.services.tiers.programmes import Terms, TierTerms, create_programme
from recommendations.services import lists
from shop.models import Customer, StockLevel
from shop.services.stock import stock
from support.models import MessageKind
from tests import (
    factories_content,
    factories_inventory,
    factories_marketing,
    factories_recommendations,
)
from tests.decisions.test_experiments import make_experiment
from tests.factories import make_order, make_variant, make_warehouse
from tests.factories_privacy import make_known_person, start_erasure
from tests.factories_report import make_busy_placement
from tests.factories_support import make_article, make_message, make_ticket

pytestmark = pytest.mark.django_db
AS_OF = (factories_inventory.LAST_DAY + timedelta(days=1)).isoformat() + "T00:00:00+00:00"


def demand() -> dict:
    """Too short to train (tests/inventory trains), long enough to forecast every SKU."""
    factories_inventory.make_history(skus=3, days=60)
    return {"as_of": AS_OF, "seed": 1}


def plan() -> dict:
    make_warehouse()
    variant = make_variant("TEA-1")
    factories_inventory.make_item(variant, factories_inventory.make_supplier())
    factories_inventory.make_forecast(variant)
    return {"as_of": AS_OF, "seed": 1}


def recommender() -> dict:
    factories_recommendations.make_chain_shop(customers=150)
    later = factories_recommendations.LATER
    return {"as_of": later.isoformat(), "seed": 1, "budget_seconds": 2.0}


def a_recommender() -> dict:
    factories_recommendations.make_taste_shop(customers=30)
    run, later = factories_recommendations.publish_model(), factories_recommendations.LATER
    return {"run_id": run.pk, "at": later.isoformat()}


def lists_to_refresh() -> dict:
    later = factories_recommendations.LATER
    variants = factories_recommendations.make_taste_shop(customers=30)
    factories_recommendations.publish_model()
    lists.publish_lists(later)
    make_order([(variants[0], 1)], customer=Customer.objects.get(code="C-4"), at=later)
    return {"as_of": (later + timedelta(days=1)).isoformat()}


def segments() -> dict:
    factories_marketing.make_rhythm()
    return {"as_of": factories_marketing.AS_OF.isoformat()}


def campaign_draft() -> dict:
    return {"campaign_id": factories_marketing.make_campaign().pk, "seed": 1}


def a_brief() -> dict:
    return {"brief_id": factories_content.make_brief().pk, "round": 1}


def campaign_approved() -> dict:
    factories_marketing.make_reachable(3)
    campaign = factories_marketing.make_campaign()
    factories_marketing.approve(campaign)
    return {"campaign_id": Campaign.objects.get().pk}


def campaign_to_propose() -> dict:
    factories_marketing.make_reachable(3)
    return {"campaign_id": factories_marketing.make_campaign().pk}


def effects_to_count() -> dict:
    payload = campaign_approved()
    sends.send_campaign(factories_marketing.Quiet(), payload["campaign_id"])
    return {"subject": f"effects:campaign:{payload['campaign_id']}"}


def experiment_to_count() -> dict:
    experiment = start_experiment(save_experiment(make_experiment()))
    return {"experiment_id": experiment.pk, "subject": f"experiment:{experiment.pk}:profit"}


def placements_to_count() -> dict:
    at = timezone.now() - timedelta(days=30)
    make_busy_placement([make_variant("T-1")], people=30, at=at)
    day = timezone.localdate(at).isoformat()
    return {"subject": f"placements:{day}:{day}", "first": day, "last": day}


def a_file() -> dict:
    path = Path(settings.VAR_DIR) / "customers.csv"
    path.write_text("customer_code,email\nC-1,a@example.com\nC-2,b@example.com\n")
    return {"path": str(path), "kind": "customers"}


def a_ticket() -> dict:
    make_article()
    return {"ticket_id": make_ticket("I want to return the kettle.").pk}


def a_reply() -> dict:
    ticket = make_ticket()
    return {"message_id": make_message(ticket, "It is on its way.", kind=MessageKind.OUTBOUND).pk}


def a_night() -> dict:
    factories_marketing.make_rhythm()
    return {"as_of": AS_OF, "only": ["tidy", "segments", "brief"]}


def buyers() -> int:
    """Key of a segment of theirs; the history has stopped, so it is always counted as of one day."""
    factories_marketing.make_rhythm()
    return factories_marketing.make_segment().pk


def cohorts_to_count() -> dict:
    buyers()
    ask = Ask("week")
    return {"subject": ask.subject, "unit": ask.unit, "who": asdict(ask.who)}


def segment_to_count() -> dict:
    return {"subject": f"audience:{buyers()}"}


def list_to_freeze() -> dict:
    segment = Segment.objects.get(pk=buyers())
    wanted = frozen.Freeze("Buyers", segment.rule, (segment,), holdout_rate=0.2)
    return {"audience": frozen.ask_frozen(wanted, key="list").pk}


def list_to_count() -> dict:
    payload = list_to_freeze()
    frozen.write_members(factories_marketing.Quiet(), payload["audience"])
    return payload | {"subject": f"frozen:{payload['audience']}"}


def overlap_to_count() -> dict:
    return {"subject": "overlap", "segments": [buyers(), Segment.objects.get(code="new").pk]}


def curve_to_count() -> dict:
    return {"subject": "curve", "segment": buyers(), "weeks": 12}


def tiers_to_look_at() -> dict:
    buyers()
    tiers = (TierTerms("regular", "Regular", 1, 1),)
    terms = Terms("Friends", "orders", date(2026, 1, 1), tiers, window_days=1095)
    programme = create_programme("friends", terms)
    TierProgramme.objects.update(state="live")
    return {"programme": programme.pk}


def a_wrong_counter() -> dict:
    stock.receive(make_variant("TEA-1"), 5, warehouse=make_warehouse(), key="po")
    StockLevel.objects.update(on_hand=7)
    return {"repair": True}


PAYLOADS: dict[str, Callable[[], dict]] = {
    "import_data": a_file,
    "verify_stock": a_wrong_counter,
    "train_demand": demand,
    "plan_replenishment": plan,
    "train_recommender": recommender,
    "judge_recommender": a_recommender,
    "refresh_lists": lists_to_refresh,
    "refresh_segments": segments,
    "draft_copies": campaign_draft,
    "propose_campaign": campaign_to_propose,
    "write_candidates": a_brief,
    "send_campaign": campaign_approved,
    "triage_ticket": a_ticket,
    "email_reply": a_reply,
    "count_effects": effects_to_count,
    "count_cohorts": cohorts_to_count,
    "count_audience": segment_to_count,
    "follow_segment": lambda: {"segment": buyers()},
    "look_at_tiers": tiers_to_look_at,
    "freeze_audience": list_to_freeze,
    "count_frozen": list_to_count,
    "count_overlap": overlap_to_count,
    "count_curve": curve_to_count,
    "count_experiment": experiment_to_count,
    "count_placements": placements_to_count,
    "train_intents": lambda: {"as_of": timezone.now().isoformat()},
    "erase_person": lambda: {"erasure_id": start_erasure(make_known_person()).pk},
    "export_data": lambda: {"kind": "products", "format": "backroom"},
    night.NIGHT_KIND: a_night,
    night.STEP_KIND: lambda: {"step": "brief", "as_of": AS_OF, "missing": []},
}
KINDS = [handler.kind for handler in all_handlers()]


def rows() -> dict[str, list]:
    """Every row of every table but the jobs', without the times at which it was touched and how long
    that took."""
    found = {}
    for model in apps.get_models():
        if model is Job or model._meta.proxy:
            continue
        fields = [
            f.name
            for f in model._meta.concrete_fields
            if not isinstance(f, DateTimeField) and f.name != "seconds"
        ]
        found[model._meta.label] = sorted(map(repr, model.objects.order_by().values_list(*fields)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_twice_equals_once(kind, settings, caplog):  # pytest's settings, put back afterwards
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert kind in PAYLOADS, f"say in PAYLOADS on what the new job {kind!r} is to be tried"
    parent = Job.objects.create(kind="night") if kind == night.STEP_KIND else None
    job, _ = jobs.create_job(kind, PAYLOADS[kind](), parent=parent)
    job = jobs.run_job(job.pk)
    once, letters = rows(), len(mail.outbox)
    assert job.state == "succeeded", job.error
    # The worker died after its last write and before the row said so.
    ago = datetime(2020, 1, 1, tzinfo=UTC)
    Job.objects.filter(pk=job.pk).update(state="running", lease_until=ago, lease_token="dead")
    job = jobs.run_job(job.pk)
    assert (job.state, job.attempt) == ("succeeded", 2), job.error
    assert rows() == once
    assert len(mail.outbox) == letters
