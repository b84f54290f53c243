"""A decision is written once, decided once, by who may, and can be proved."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from decisions import kinds
from decisions.kinds import DecisionKind
from decisions.models import Decision, DecisionState, ModelRun
from decisions.services import housekeeping, receipts
from decisions.services.model_runs import publish_run
from tests.factories_decisions import make_decision, make_trained

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def carried_out(monkeypatch):
    """A kind "test" whose verbs leave a trace."""
    log = []
    kind = DecisionKind(
        "test",
        "Test",
        compute=lambda inputs: {"units": inputs["units"]},
        approve=lambda decision, by: log.append(("approve", decision.key)),
        refuse=lambda decision, by: log.append(("refuse", decision.key)),
    )
    monkeypatch.setitem(kinds._kinds, "test", kind)
    return log


def past(decision, **fields):
    Decision.objects.filter(pk=decision.pk).update(**fields)
    return Decision.objects.get(pk=decision.pk)


def test_approved_once_with_who_when_and_what(carried_out, admin_user):
    decision = receipts.approve(make_decision(), admin_user, note="go")
    with pytest.raises(receipts.DecisionClosedError):
        receipts.approve(decision, admin_user)
    change = decision.changes.get()
    assert (change.verb, change.by, change.note) == ("approved", admin_user, "go")
    assert carried_out == [("approve", "test:1")]


def test_approval_and_its_effect_are_one(monkeypatch, admin_user):
    def broken(decision, by):
        raise ValueError("supplier is gone")

    monkeypatch.setitem(kinds._kinds, "test", DecisionKind("test", "Test", approve=broken))
    decision = make_decision()
    with pytest.raises(ValueError, match="supplier is gone"):
        receipts.approve(decision, admin_user)
    fresh = Decision.objects.get()
    assert (fresh.state, fresh.changes.count()) == (DecisionState.PENDING, 0)


@pytest.mark.parametrize("verb", [receipts.approve, receipts.refuse])
def test_who_may_not_decides_nothing(verb, carried_out, django_user_model):
    clerk = django_user_model.objects.create_user("clerk")
    with pytest.raises(PermissionDenied):
        verb(make_decision(), clerk)
    assert Decision.objects.get().state == DecisionState.PENDING
    assert carried_out == []


def test_with_four_eyes_nobody_approves_what_she_proposed(carried_out, admin_user, settings):
    settings.DECISIONS_FOUR_EYES = True
    mine = past(make_decision(), proposed_by=admin_user)
    with pytest.raises(receipts.FourEyesError, match="somebody else"):
        receipts.approve(mine, admin_user)
    assert Decision.objects.get().state == DecisionState.PENDING
    receipts.refuse(mine, admin_user)  # her own she may take back
    receipts.approve(make_decision("test:2"), admin_user)  # the system's anybody may approve
    receipts.approve(past(make_decision("test:3"), proposed_by=admin_user))  # as the system may
    settings.DECISIONS_FOUR_EYES = False
    receipts.approve(past(make_decision("test:4"), proposed_by=admin_user), admin_user)
    assert [verb for verb, _key in carried_out] == ["refuse", "approve", "approve", "approve"]


def test_refusing_puts_back_what_waited(carried_out, admin_user):
    receipts.refuse(make_decision(), admin_user)
    assert carried_out == [("refuse", "test:1")]


def test_past_its_deadline_it_cannot_be_approved(carried_out, admin_user):
    late = make_decision(deadline_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(receipts.DecisionClosedError):
        receipts.approve(late, admin_user)
    assert carried_out == []


def test_the_night_expires_what_is_late_once(carried_out):
    late = make_decision(deadline_at=timezone.now() - timedelta(days=1))
    make_decision("test:2", deadline_at=timezone.now() + timedelta(days=1))
    assert (housekeeping.expire_decisions(), housekeeping.expire_decisions()) == (1, 0)
    late.refresh_from_db()
    assert (late.state, late.changes.get().verb) == (DecisionState.EXPIRED, "expired")
    assert carried_out == [("refuse", "test:1")]


def test_later_hides_it_until_then(admin_user):
    decision = make_decision()
    receipts.snooze(decision, timezone.now() + timedelta(hours=1), admin_user)
    assert not Decision.objects.waiting(timezone.now()).exists()
    assert Decision.objects.waiting(timezone.now() + timedelta(hours=2)).exists()


def test_brief_shows_most_money_first_and_none_last():
    make_decision("none", expected_minor=None)
    make_decision("small", expected_minor=1)
    make_decision("big", expected_minor=500)
    keys = [decision.key for decision in Decision.objects.morning_brief(timezone.now())]
    assert keys == ["big", "small", "none"]
    assert receipts.brief_summary() == {"waiting": 3, "expected_minor": 501}


def test_supersede_closes_what_the_new_cycle_did_not_repeat():
    for key in ("plan:1:a", "plan:1:b", "other:1"):
        make_decision(key)
    assert receipts.supersede("plan:", keep={"plan:1:b"}) == 1
    assert Decision.objects.get(key="plan:1:a").changes.get().verb == "superseded"
    assert Decision.objects.filter(state=DecisionState.PENDING).count() == 2


def test_recording_twice_equals_once():
    first = make_decision()
    assert make_decision(inputs={"units": 99}) == first
    proposals = [receipts.Proposal("test", f"bulk:{n}", "sku:T", {}, {}, {}, {}) for n in (1, 2, 2)]
    assert (receipts.record_decisions(proposals), receipts.record_decisions(proposals)) == (2, 0)


def test_pruning_deletes_old_automatic_receipts_only():
    year = timezone.now() - timedelta(days=365)
    past(make_decision("old", state=DecisionState.AUTOMATIC), created_at=year)
    past(make_decision("decided", state=DecisionState.APPROVED), created_at=year)
    make_decision("new", state=DecisionState.AUTOMATIC)
    assert housekeeping.prune_receipts() == 1
    assert not Decision.objects.filter(key="old").exists()
    assert Decision.objects.count() == 2


def test_sweeping_spares_named_and_young_files(settings, tmp_path):
    import os

    settings.ARTEFACT_DIR = tmp_path
    folder = tmp_path / "recommender"
    folder.mkdir()
    for name in ("named.npz", "orphan.npz", "dead.part.npz", "young.part.npz"):
        (folder / name).write_text(name)
        if not name.startswith("young"):
            os.utime(folder / name, (0, 0))
    run = publish_run(make_trained())
    ModelRun.objects.filter(pk=run.pk).update(artefact="recommender/named.npz")
    assert housekeeping.sweep_artefacts() == 2
    assert {path.name for path in folder.iterdir()} == {"named.npz", "young.part.npz"}


def test_replay_command_says_equal(capsys):
    call_command("replay_decision", str(make_decision().pk))
    assert json.loads(capsys.readouterr().out)["equal"] is True


def test_replay_command_shows_a_difference_and_ends_with_1(capsys):
    decision = past(make_decision(), output={"units": 25})
    with pytest.raises(SystemExit) as stop:
        call_command("replay_decision", str(decision.pk))
    assert stop.value.code == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["recorded"], report["computed"]) == ({"units": 25}, {"units": 24})


@pytest.mark.parametrize("unknown", ["tea", "00000000-0000-4000-8000-000000000000"])
def test_replay_command_ends_with_2_for_an_unknown_id(unknown):
    with pytest.raises(CommandError) as refusal:
        call_command("replay_decision", unknown)
    assert refusal.value.returncode == 2


def test_replay_command_ends_with_2_for_what_only_a_person_can_do(monkeypatch):
    monkeypatch.setitem(kinds._kinds, "test", DecisionKind("test", "Test"))
    with pytest.raises(CommandError, match="made by a person"):
        call_command("replay_decision", str(make_decision().pk))
