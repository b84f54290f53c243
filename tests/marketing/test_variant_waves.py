"""Earn while learning: waves, their shares, and that the estimate survives them."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from decisions.ml.bandit import LEAST_SHARE, thompson_shares
from decisions.ml.effects import mean_effect, pooled_effect
from decisions.ml.moments import Moments
from decisions.models import Allocation, Job
from marketing.models import Campaign, CampaignState, CopyWave, Send
from marketing.services.campaigns import copy_waves
from marketing.services.campaigns.copy_arms import Wish, set_arms
from marketing.services.effects.effects import campaign_effects
from marketing.services.sending.sends import continue_campaigns, send_campaign
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.marketing.test_variants import add_text

HOUR = timedelta(hours=1)


def make_earning(waves=2, hours=24, metric="clicked", **fields):
    campaign = make_campaign(**fields)
    shares = {"A": 0.5, "B": 0.5}
    set_arms(campaign, Wish(shares, Allocation.THOMPSON, waves, hours, metric))
    add_text(campaign, "B")
    return campaign


def shift(campaign, hours):
    """As if so many hours had passed."""
    began = campaign.started_at - hours * HOUR
    Campaign.objects.filter(pk=campaign.pk).update(started_at=began)
    for wave in CopyWave.objects.all():
        CopyWave.objects.filter(pk=wave.pk).update(began_at=wave.began_at - hours * HOUR)
    campaign.refresh_from_db()


def send(campaign):
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()


@pytest.mark.django_db
def test_the_second_wave_waits_and_follows_what_came_back():
    make_reachable(600)
    campaign = approve(make_earning(holdout_rate=0.1))
    send(campaign)
    first = campaign.sends.count()
    members = campaign.audience.members
    assert first == members.filter(wave=1, is_holdout=False).count()
    assert members.filter(wave=2, is_holdout=True).exists()  # each wave has its own holdout
    assert campaign.state == CampaignState.SENDING
    Job.objects.all().delete()
    assert continue_campaigns() == 0  # its time has not come
    send(campaign)
    assert campaign.sends.count() == first
    shift(campaign, 25)
    clicked = Send.objects.filter(arm="B").values("pk")[:100]
    Send.objects.filter(pk__in=[row["pk"] for row in clicked]).update(clicked_at=timezone.now())
    assert continue_campaigns() == 1
    send(campaign)
    send(campaign)  # twice is once
    wave = CopyWave.objects.get(number=2)
    assert wave.shares == {"A": LEAST_SHARE, "B": 1 - LEAST_SHARE}
    assert copy_waves.replayed(wave) == wave.shares
    assert campaign.state == CampaignState.SENT
    assert campaign.sends.count() == members.filter(is_holdout=False).count()
    second = members.filter(wave=2, is_holdout=False)
    assert second.filter(arm="B").count() > 0.85 * second.count()
    assert set(second.values_list("arm", "arm_propensity")) <= {("A", 0.05), ("B", 0.95)}
    assert {*Send.objects.values_list("arm", "arm_propensity")} == {
        ("A", 0.5), ("B", 0.5), ("A", 0.05), ("B", 0.95),
    }  # fmt: skip
    found = campaign_effects(campaign)
    assert {part.key for part in found.arms} == {"A", "B"}
    assert found.window_until == campaign.started_at + timedelta(days=15)


@pytest.mark.django_db
def test_a_worker_that_dies_while_a_wave_begins_leaves_none(monkeypatch):
    make_reachable(200)
    campaign = approve(make_earning())
    send(campaign)
    shift(campaign, 25)
    monkeypatch.setattr(copy_waves, "draw_wave", _dies)
    with pytest.raises(RuntimeError):
        copy_waves.open_due(campaign, timezone.now())
    assert CopyWave.objects.count() == 1
    monkeypatch.undo()
    assert copy_waves.open_due(campaign, timezone.now())
    assert copy_waves.open_due(campaign, timezone.now()) is None


def _dies(*_given):
    raise RuntimeError("killed")


def waves_of(rng, *, uplift):
    """Three waves of 2,000 on days that get better; arm B brings `uplift` more. The second and third
    follow what earned."""
    sums = []
    shares = {"A": 0.5, "B": 0.5}
    for day in (0.0, 1.0, 2.0):
        is_b = rng.random(2000) < shares["B"]
        value = rng.normal(day + uplift * is_b, 2.0)
        arms = {"A": Moments.of(value[~is_b]), "B": Moments.of(value[is_b])}
        sums.append(arms)
        centred = {"A": [], "B": []}
        for wave in sums:
            middle = (wave["A"].y + wave["B"].y) / 2
            for name, one in wave.items():
                centred[name].append(Moments(one.n, one.y - middle, one.y2))
        known = {name: sum(ones[1:], ones[0]) for name, ones in centred.items()}
        shares = thompson_shares(known, seed=int(rng.integers(1_000_000)))
    return sums


def naive(sums):
    whole = {name: sum((w[name] for w in sums[1:]), sums[0][name]) for name in "AB"}
    return whole["B"].y - whole["A"].y


def by_waves(sums):
    each = [mean_effect(wave["B"], wave["A"]) for wave in sums]
    return pooled_effect(each, [2000] * len(sums))


def test_waves_judged_apart_tell_the_truth_where_the_whole_does_not():
    """Days that get better speak for whichever variant had more of them: the negative control."""
    rng = np.random.default_rng(11)
    truth, runs = 0.3, 300
    rounds = [waves_of(rng, uplift=truth) for _n in range(runs)]
    assert np.mean([naive(one) for one in rounds]) > truth + 0.3
    found = [by_waves(one) for one in rounds]
    error = np.std([one.difference for one in found]) / runs**0.5
    assert abs(np.mean([one.difference for one in found]) - truth) < 4 * error
    holds = [abs(one.difference - truth) < 1.96 * one.error for one in found]
    assert 0.91 < np.mean(holds) < 0.99  # 94 to 97 % over thousands of runs
