"""Each role sees and changes its own, and no more."""

import pytest
from django.contrib.auth.models import Group

from access.roles import ROLES, permitted


@pytest.mark.django_db
def test_every_role_is_a_group_after_migrate():
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("buyer", "decisions.decide_decision", "shop.change_product"),
        ("marketer", "decisions.decide_decision", "access.view_apikey"),
        ("analyst", "shop.view_order", "shop.change_order"),
        ("catalogue manager", "shop.change_product", "decisions.decide_decision"),
        ("support agent", "shop.view_order", "shop.view_stockmovement"),
        ("support agent", "shop.change_order", "shop.change_product"),  # cancels it
        ("support agent", "shop.add_return", "shop.add_stockmovement"),
    ],
)
def test_role_holds_its_own_permissions_and_not_others(role, may, may_not):
    held = {
        f"{app}.{code}"
        for app, code in Group.objects.get(name=role).permissions.values_list(
            "content_type__app_label", "codename"
        )
    }
    assert may in held
    assert may_not not in held


def test_nobody_but_the_owner_touches_users_and_keys():
    for role in set(ROLES) - {"owner"}:
        assert not permitted(role, "auth.view_user")
        assert not permitted(role, "access.add_apikey")
    assert permitted("owner", "access.add_apikey")
