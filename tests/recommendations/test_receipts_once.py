"""A receipt says what was decided and cannot be made to say anything else."""

import pytest
from django.db import DatabaseError, transaction

from decisions.models import Decision
from decisions.services.receipts import Proposal, record_new
from recommendations.models import KIND, Recommendation
from recommendations.models.runs import WrittenOnceError

pytestmark = pytest.mark.django_db


def make_receipt(kind=KIND, key="k"):
    return record_new(
        Proposal(
            kind=kind, key=key, subject="anybody", headline={}, why={"msgid": "x"},
            inputs={"a": [1]}, output={"items": []}, state="automatic",
        )
    )  # fmt: skip


@pytest.mark.parametrize("column", ["inputs", "output", "score_parts", "subject", "key"])
def test_the_database_refuses_to_change_what_it_says(column):
    receipt = make_receipt()
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.filter(pk=receipt.pk).update(**{column: "other"})
    setattr(receipt, column, "other")
    with pytest.raises(DatabaseError), transaction.atomic():
        receipt.save()


def test_what_came_of_it_may_be_noted_and_other_kinds_are_free():
    receipt = make_receipt()
    Decision.objects.filter(pk=receipt.pk).update(outcome={"clicks": 1})
    other = make_receipt(kind="another", key="o")
    Decision.objects.filter(pk=other.pk).update(inputs={"a": [2]})


def test_the_row_refuses_too_and_age_takes_it_away():
    receipt = make_receipt()
    mine = Recommendation.objects.get(pk=receipt.pk)
    with pytest.raises(WrittenOnceError):
        mine.save()
    with pytest.raises(WrittenOnceError):
        mine.delete()
    Decision.objects.filter(pk=receipt.pk).delete()
    assert not Decision.objects.exists()
