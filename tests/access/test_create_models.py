"""Many tables by one operation, which may refer to each other in a circle."""

import pytest
from django.db import connection, models
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState, StateApps

from access.create_models import CreateModels


def row_with(name, **fields):
    key = ("id", models.BigAutoField(primary_key=True))
    return CreateModel(name, [key, *fields.items()])


def circle():
    to_right = models.ForeignKey("access.right", models.CASCADE)
    to_left = models.ForeignKey("access.left", models.CASCADE, null=True)
    return CreateModels([row_with("Left", right=to_right), row_with("Right", left=to_left)])


def tables():
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


@pytest.mark.django_db(transaction=True)
def test_a_circle_of_tables_is_made_and_taken_away():
    before, after = ProjectState(), ProjectState()
    circle().state_forwards("access", after)
    with connection.schema_editor() as editor:
        circle().database_forwards("access", editor, before, after)
    assert {"access_left", "access_right"} <= tables()
    with connection.schema_editor() as editor:
        circle().database_backwards("access", editor, after, before)
    assert not {"access_left", "access_right"} & tables()


def test_models_are_rendered_once_however_many_there_are(monkeypatch):
    rendered = []
    render = StateApps.render_multiple
    monkeypatch.setattr(
        StateApps,
        "render_multiple",
        lambda self, states: rendered.append(len(states)) or render(self, states),
    )
    state = ProjectState()
    state.apps  # noqa: B018  (as the executor does before the first migration)
    state.is_delayed = True
    circle().state_forwards("access", state)
    assert state.apps.get_model("access", "right")
    state.clear_delayed_apps_cache()
    assert state.apps.get_model("access", "left")
    assert rendered == [0, 2]
