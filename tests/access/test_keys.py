"""Keys: the secret is shown once, rotation cuts nobody off, revocation is at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from access.api.authentication import valid_key
from access.models import ApiKey
from access.services.keys import KeyClosedError, issue_key, note_use, revoke_key, rotate_key
from tests.factories_access import make_key, make_staff

pytestmark = pytest.mark.django_db


def test_the_secret_is_not_stored():
    key, secret = issue_key("shop")
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row)
    assert valid_key(secret) == key


@pytest.mark.parametrize("secret", ["", "bk_", "bk_nonsense", "x" * 5000, "bk_\x00", "bk_ключ"])
def test_what_is_no_key_opens_nothing(secret):
    make_key()
    assert valid_key(secret) is None


def test_a_known_prefix_with_another_end_opens_nothing():
    _key, secret = make_key()
    assert valid_key(secret[:-1] + ("A" if secret[-1] != "A" else "B")) is None


def test_a_key_ends_when_it_expires_or_is_revoked():
    _old, secret = make_key(expires_at=timezone.now() - timedelta(seconds=1))
    assert valid_key(secret) is None
    key, secret = make_key()
    revoke_key(key)
    first = key.revoked_at
    revoke_key(key)
    assert key.revoked_at == first
    assert valid_key(secret) is None


def test_a_key_of_a_user_who_left_opens_nothing():
    user = make_staff()
    _key, secret = make_key(user=user)
    user.is_active = False
    user.save()
    assert valid_key(secret) is None


def test_after_a_rotation_both_are_valid_then_only_the_new_one():
    key, old = make_key(rate_per_minute=7)
    new_key, new = rotate_key(key, overlap_hours=2)
    assert valid_key(old)
    assert valid_key(new).rate_per_minute == 7
    assert key.expires_at <= timezone.now() + timedelta(hours=2)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    assert valid_key(old) is None
    assert valid_key(new) == new_key


def test_of_two_rotations_from_the_same_page_one_makes_a_key():
    key, _secret = make_key()
    same = ApiKey.objects.get(pk=key.pk)
    rotate_key(key)
    with pytest.raises(KeyClosedError):
        rotate_key(same)
    assert ApiKey.objects.count() == 2


def test_a_revoked_key_cannot_be_rotated():
    key, _secret = make_key()
    revoke_key(key)
    with pytest.raises(KeyClosedError):
        rotate_key(key)
    assert ApiKey.objects.count() == 1


def test_use_is_noted_once_a_minute(django_assert_num_queries):
    key, _secret = make_key()
    now = timezone.now()
    note_use(key, now)
    key.refresh_from_db()
    assert key.last_used_at == now
    with django_assert_num_queries(0):
        note_use(key, now + timedelta(seconds=59))
    note_use(key, now + timedelta(seconds=61))
    key.refresh_from_db()
    assert key.last_used_at == now + timedelta(seconds=61)
