"""Lists that are kept for themselves: who is on them, that they stay, and campaigns made for them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone

from decisions.models import Decision, DecisionChange, Job
from decisions.services import jobs, receipts
from decisions.services.draws import InShare, first_outside
from decisions.services.experiments import in_share
from marketing.definitions.rule_text import parse
from marketing.definitions.rules import reachable
from marketing.models import Audience, AudienceMember, Segment, Send
from marketing.services.audiences import frozen, frozen_standing
from marketing.services.audiences.memberships import refresh_membership
from marketing.services.audiences.segments import delete_unused_audiences
from marketing.services.campaigns import campaigns
from marketing.services.sending import sends
from shop.models import Customer, Event
from tests.factories import make_customer, make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import (
    Quiet,
    approve,
    give_consent,
    make_campaign,
    make_reachable,
    make_segment,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def british(code: str = "british"):
    return make_segment({"all": [{"field": "country", "op": "is", "value": "GB"}]}, code=code)


def freeze(segment=None, key="k", **fields) -> Audience:
    """Frozen and written."""
    segment = segment or Segment.objects.filter(code="british").first() or british()
    wanted = frozen.Freeze(
        **({"name": "Tea friends", "rule": segment.rule, "segments": (segment,)} | fields)
    )
    audience = frozen.ask_frozen(wanted, key=key, by=None)
    frozen.write_members(Quiet(), audience.pk)
    audience.refresh_from_db()
    return audience


def codes(audience: Audience) -> set[str]:
    return set(audience.members.values_list("customer__code", flat=True))


def test_a_segment_is_frozen_as_it_stands_and_stays():
    people = [make_customer(f"C{n}", country="GB") for n in range(4)]
    make_customer("F", country="FR")
    by = make_staff()
    segment = british()
    wanted = frozen.Freeze("Tea friends", segment.rule, (segment,))
    audience = frozen.ask_frozen(wanted, key="k", by=by)
    job = Job.objects.get(key=frozen.job_key(audience))
    assert (job.payload, job.requested_by) == ({"audience": audience.pk}, by)
    assert jobs.run_job(job.pk).state == "succeeded"
    audience.refresh_from_db()
    assert (audience.is_complete, audience.customer_count) == (True, 4)
    people[0].country = "FR"
    people[0].save()
    make_customer("LATE", country="GB")
    assert codes(audience) == {"C0", "C1", "C2", "C3"}
    decision = Decision.objects.get(pk=audience.decision_id)
    assert (decision.state, decision.decided_by) == ("approved", by)
    assert decision.inputs["audience"]["members_sha256"] == audience.members_sha256
    assert receipts.replay(decision)[1]


def test_the_same_key_is_the_same_list_and_another_wish_is_refused():
    make_customer("A", country="GB")
    segment = british()
    first = freeze(segment)
    assert freeze(segment).pk == first.pk
    assert Audience.objects.count() == Job.objects.filter(kind=frozen.KIND).count() == 1
    with pytest.raises(frozen.AudienceError, match="Another list"):
        freeze(segment, name="Others")
    assert AudienceMember.objects.count() == 1


def test_the_database_refuses_to_change_a_kept_list():
    ann = make_customer("A", country="GB")
    audience, other = freeze(), make_customer("B", country="FR")
    for change in (
        lambda: AudienceMember.objects.create(audience=audience, customer=other, is_holdout=False),
        lambda: audience.members.update(is_holdout=True),
        lambda: Audience.objects.filter(pk=audience.pk).update(rule={}),
        lambda: Audience.objects.filter(pk=audience.pk).update(is_complete=False),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert codes(audience) == {"A"}
    Audience.objects.filter(pk=audience.pk).update(name="Renamed")  # what it is called may change
    ann.delete()  # erased: she is nowhere any more
    assert codes(audience) == set()
    assert frozen_standing.standing(audience).payload["members"] == 0


def test_a_list_of_a_campaign_is_not_held_to_that():
    """The negative control: the refusal above comes from the list being kept."""
    audience = Audience.objects.create(segment=british(), is_complete=True)
    AudienceMember.objects.create(audience=audience, customer=make_customer("A"), is_holdout=False)
    audience.members.update(is_holdout=True)
    assert audience.members.get().is_holdout


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_the_draw_of_the_database_is_that_of_python(rate):
    made = [f"C-{n}" for n in range(300)] + ["Ölçü", "客户-1", "a'b", "x y"]
    Customer.objects.bulk_create(Customer(code=code) for code in made)
    drawn = Customer.objects.filter(InShare("audience:ключ", "code", rate))
    expected = {code for code in made if in_share("audience:ключ", code, rate)}
    assert set(drawn.values_list("code", flat=True)) == expected
    edge = first_outside(rate)
    assert edge / 2**64 >= rate
    assert edge == 0 or (edge - 1) / 2**64 < rate


def test_a_share_is_held_out_by_hash_and_who_is_kept_out_of_everything_is_on_no_list():
    Customer.objects.bulk_create(Customer(code=f"C{n}", country="GB") for n in range(400))
    with override_settings(EXPERIMENT_HOLDOUT_RATE=0.2, EXPERIMENT_HOLDOUT_KEY="2026"):
        audience = freeze(holdout_rate=0.25)
    out = {
        one.code
        for one in Customer.objects.all()
        if in_share("holdout:2026", f"customer:{one.pk}", 0.2)
    }
    assert audience.kept_out_count == len(out) == 400 - audience.customer_count
    assert not codes(audience) & out
    for code, held, chance in audience.members.values_list(
        "customer__code", "is_holdout", "propensity"
    ):
        assert held == in_share("audience:k", code, 0.25)
        assert chance == 0.75
    assert audience.holdout_count == audience.members.filter(is_holdout=True).count() > 50


def test_a_killed_attempt_leaves_whole_members_or_none(monkeypatch):
    make_customer("A", country="GB")
    segment = british()
    wanted = frozen.Freeze("L", segment.rule, (segment,))
    audience = frozen.ask_frozen(wanted, key="k")

    def die(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(frozen, "_complete", die)
    with pytest.raises(KeyboardInterrupt):
        frozen.write_members(Quiet(), audience.pk)
    audience.refresh_from_db()
    assert (audience.is_complete, audience.members.count()) == (False, 1)
    make_customer("B", country="GB")  # after the moment of which the list is
    monkeypatch.undo()
    frozen.write_members(Quiet(), audience.pk)
    audience.refresh_from_db()
    assert (audience.is_complete, audience.customer_count, codes(audience)) == (True, 1, {"A"})


def test_the_digest_reads_page_by_page(monkeypatch):
    for n in range(5):
        make_customer(f"C{n}", country="GB")
    audience = freeze()
    monkeypatch.setattr(frozen, "READ_AT_ONCE", 2)
    assert frozen.members_digest(audience, Quiet()) == audience.members_sha256


def test_as_of_an_earlier_day_a_rule_on_events_is_asked_as_of_then():
    now = timezone.now()
    ann, ben = (make_customer(code, created_at=now - 100 * DAY) for code in "AB")
    make_customer("LATER", created_at=now - DAY)
    for who, days in ((ann, 60), (ben, 2)):
        Event.objects.create(
            event_id=f"e{who.pk}", kind="view", customer=who, occurred_at=now - days * DAY,
            received_at=now - days * DAY, consent=True,
        )  # fmt: skip
    viewed = make_segment(parse("did view within 30 days"), code="viewed")
    assert codes(freeze(viewed, key="now")) == {"B"}
    assert codes(freeze(viewed, key="then", as_of=now - 50 * DAY)) == {"A"}
    not_viewed = make_segment(parse("did not view within 30 days"), code="quiet")
    # Who came later did not view by then either; she was no customer.
    assert codes(freeze(not_viewed, key="quiet", as_of=now - 50 * DAY)) == {"B"}


def test_as_of_an_earlier_day_a_tracked_segment_is_taken_back():
    now = timezone.now()
    ann, ben = (make_customer(code, country="GB", created_at=now - 90 * DAY) for code in "AB")
    segment = british()
    with pytest.raises(frozen.AudienceError, match="tracked"):
        freeze(segment, as_of=now - 5 * DAY)
    assert not Audience.objects.exists()
    refresh_membership(segment, now - 10 * DAY)
    ann.country = "FR"
    ann.save()
    refresh_membership(segment, now - 3 * DAY)
    segment.refresh_from_db()
    assert codes(freeze(segment, key="then", as_of=now - 5 * DAY)) == {"A", "B"}
    assert codes(freeze(segment, key="now")) == {ben.code}


def test_what_several_segments_share_is_one_flat_rule():
    make_customer("A", country="GB", language="zh")
    make_customer("B", country="GB", language="en")
    chinese = {"field": "language", "op": "is", "value": "zh"}
    deep = {"any": [chinese, {"all": [chinese, chinese]}]}
    both = (british(), make_segment(deep, code="zh"), make_segment({}, code="all"))
    audience = freeze(name="Both", rule=frozen.shared_rule(both), segments=both)
    assert codes(audience) == {"A"}
    assert (audience.segment, audience.combined) == (None, ["british", "zh", "all"])
    assert frozen.shared_rule(both[:1]) == both[0].rule
    assert frozen.shared_rule(both[2:]) == {}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": " "}, "name"),
        ({"holdout_rate": 0.6}, "0.5"),
        ({"as_of": timezone.now() + DAY}, "past"),
        ({"rule": {"odd": []}}, "group"),
    ],
)
def test_what_cannot_be_frozen_is_refused_and_writes_nothing(fields, why):
    with pytest.raises(frozen.AudienceError, match=why):
        freeze(**fields)
    assert not Audience.objects.exists()
    assert not Job.objects.exists()


def test_two_campaigns_for_one_list_write_to_the_same_people_and_hold_the_same_out():
    make_reachable(40, country="GB")
    make_customer("MUTE", country="GB")  # on the list, not reachable
    audience = freeze(holdout_rate=0.3)
    late = make_reachable(3, prefix="L", country="GB")
    lists = []
    kettle = make_variant("KET-1", name="Copper Kettle")
    for name in ("Spring", "Summer"):
        campaign = make_campaign(
            name=name, variant=kettle, frozen_audience=audience, segment=audience.segment
        )
        approve(campaign)
        sends.send_campaign(Quiet(), campaign.pk)
        own = campaign.audience
        assert (own.source, own.customer_count) == (audience, 40)
        lists.append(set(own.members.values_list("customer_id", "is_holdout", "propensity")))
        got = set(Send.objects.filter(campaign=campaign).values_list("customer_id", flat=True))
        assert got == {pk for pk, held, _chance in lists[-1] if not held}
        assert not got & {one.pk for one in late}
        assert campaign.decision.inputs["campaign"]["frozen_audience"] == audience.pk
        assert receipts.replay(campaign.decision)[1]
    assert lists[0] == lists[1]
    assert {held for _pk, held, _chance in lists[0]} == {True, False}


def test_a_list_of_a_free_rule_serves_a_campaign_without_a_segment():
    make_reachable(5, country="GB")
    rule = parse("country is GB")
    audience = freeze(rule=rule, segments=())
    campaign = make_campaign(frozen_audience=audience)
    type(campaign).objects.filter(pk=campaign.pk).update(segment=None)
    campaign.refresh_from_db()
    approve(campaign)
    assert campaign.audience.customer_count == 5
    with pytest.raises(IntegrityError), transaction.atomic():
        type(campaign).objects.filter(pk=campaign.pk).update(frozen_audience=None)


def test_nobody_reachable_on_a_list_is_said():
    make_customer("MUTE", country="GB")
    campaign = make_campaign(frozen_audience=freeze())
    with pytest.raises(campaigns.CampaignError, match="on the frozen list"):
        campaigns.propose_campaign(campaign)


def test_archive_and_delete():
    make_reachable(3, country="GB")
    free, used = freeze(), freeze(make_segment(code="x"), key="used")
    campaign = make_campaign(frozen_audience=used, segment=used.segment)
    by = make_staff()
    with pytest.raises(frozen.AudienceError, match="archive it instead"):
        frozen.delete_kept(used, by)
    assert frozen.archive(used, by)
    assert not frozen.archive(used, by)
    assert not Audience.objects.usable().filter(pk=used.pk).exists()
    approve(campaign)  # what was begun goes on
    assert frozen.restore(used, by)
    assert used.is_usable
    verbs = DecisionChange.objects.filter(decision=used.decision).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["approved", "archived", "restored"]
    receipt = free.decision
    frozen.delete_kept(free, by)
    assert not AudienceMember.objects.filter(audience=free.pk).exists()
    assert receipt.changes.filter(verb="deleted", by=by).exists()
    with pytest.raises(frozen.AudienceError, match="not there"):
        frozen.archive(free, by)


def test_the_night_forgets_lists_of_campaigns_and_no_kept_one():
    make_customer("A", country="GB")
    kept = freeze()
    loose = Audience.objects.create(segment=kept.segment, frozen_at=timezone.now() - 3 * DAY)
    assert delete_unused_audiences(timezone.now() + DAY) == 1
    assert not Audience.objects.filter(pk=loose.pk).exists()
    assert Audience.objects.filter(pk=kept.pk).exists()


def test_how_a_list_stands_now():
    people = make_reachable(4, country="GB")
    audience = freeze()
    people[0].country = "FR"
    people[0].save()
    give_consent(people[1], granted=False, at=timezone.now())
    found = frozen_standing.standing(audience).payload
    assert (found["members"], found["left"]) == (4, 1)
    assert found["reachable"] == {"email": 3, "sms": 0, "push": 0}
    assert frozen_standing.refresh(audience.pk)["counted"]
    assert not frozen_standing.refresh(0)["counted"]


def test_who_is_reachable_hangs_on_the_address_of_the_channel():
    from shop.models import Consent

    ann = make_customer("A", phone="+441")  # no e-mail address
    Consent.objects.create(customer=ann, purpose="marketing_sms", granted=True, source="t")
    everybody = Customer.objects.all()
    assert list(reachable(everybody, "sms")) == [ann]
    assert not reachable(everybody, "email").exists()
