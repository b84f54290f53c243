"""Answers are kept for two days and pruned in bounded steps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from access.models import IdempotentAnswer
from access.services import answers
from access.tasks import prune_answers

pytestmark = pytest.mark.django_db


def test_pruning_deletes_what_is_old_and_twice_equals_once():
    old = timezone.now() - answers.KEPT_FOR - timedelta(seconds=1)
    for number in range(3):
        IdempotentAnswer.objects.create(
            scope="s", key=f"old{number}", request_sha256="", created_at=old
        )
    IdempotentAnswer.objects.create(scope="s", key="new", request_sha256="")
    assert answers.prune_answers(limit=2) == 2
    assert prune_answers() == 1
    assert prune_answers() == 0
    assert [row.key for row in IdempotentAnswer.objects.all()] == ["new"]


def test_the_first_stored_answer_stays():
    claimed = answers.claim("s", "k", "sha")
    answers.store(claimed, 201, "one", "t")
    answers.store(claimed, 500, "two", "t")
    answers.release(claimed)
    assert answers.claim("s", "k", "sha").body == "one"
