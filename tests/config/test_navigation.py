"""The sidebar says where one is: one entry, the nearest."""

import pytest
from django.test import RequestFactory

from config.navigation import sidebar
from tests.factories_access import make_staff


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "Brief"),
        ("/shop/stocklevel/", "Stock"),
        ("/shop/stocklevel/7/change/", "Stock"),
        ("/shop/stocklevel/check/", "Stock check"),
        ("/shop/orderline/", None),
    ],
)
def test_one_entry_is_marked(path, title):
    request = RequestFactory().get(path)
    request.user = make_staff(is_superuser=True)
    entries = [entry for section in sidebar(request) for entry in section["items"]]
    assert [str(one["title"]) for one in entries if one["active"]] == ([title] if title else [])
