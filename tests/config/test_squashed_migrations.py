"""A new database takes the squashed migrations; an old one goes on from wherever it stands."""

import random
from collections import Counter

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.recorder import MigrationRecorder

from tests.single_migrations import SingleMigrationLoader

# They carry rows over: an empty database has none. On SQLite `guard_again` makes triggers anew that
# an alteration took away, and nothing is altered here. `drop_pattern_index` has a step of its own.
NOTHING_TO_DO = {
    "shop.migrations.0005_allocations_replace_the_lines_warehouse.fill",
    "shop.migrations.0007_event_log_by_month.keep_keys",
    "shop.migrations.0012_event_keys_are_looked_up_whole.drop_pattern_index",
    "marketing.migrations.0002_journeys_and_channels.count_what_left",
    "marketing.migrations.0011_codes_and_revisions_of_evidence.name_what_is_there",
    "marketing.migrations.0015_built_in_segments_are_tracked.track",
    "marketing.migrations.0018_variants_of_campaigns.one_chosen_each",
    "marketing.migrations.0018_variants_of_campaigns.guard_again",
}
OWN_STEPS = {"shop.migrations.0001_squashed_0024.make_no_pattern_index"}
# Their RunSQL carries rows over too.
WITH_SQL = {
    ("shop", "0013_cancelled_units_and_prices_by_the_clock"),
    ("shop", "0018_consent_by_time_and_allowed_events"),
}


@pytest.fixture(scope="module")
def single():
    return SingleMigrationLoader(None)


@pytest.fixture(scope="module")
def squashed():
    return MigrationLoader(None)


def steps_of(migrations):
    return {
        f"{operation.code.__module__}.{operation.code.__name__}"
        for migration in migrations
        for operation in migration.operations
        if isinstance(operation, RunPython) and operation.code is not RunPython.noop
    }


def test_each_is_replaced_once_and_an_app_has_one_squashed_file(squashed):
    """With two a database that stops between them would take the second on tables that lack columns."""
    assert Counter(app for app, _name in squashed.replacements).most_common(1)[0][1] == 1
    for (app, name), migration in squashed.replacements.items():
        last = name.removeprefix("0001_squashed_")
        singles = sorted(
            key
            for key, one in squashed.disk_migrations.items()
            if key[0] == app and not one.replaces and key[1][:4] <= last
        )
        assert migration.replaces == singles


def test_both_ways_lead_to_the_same_models_with_their_columns_in_the_same_order(single, squashed):
    before, now = single.project_state(), squashed.project_state()
    assert before == now
    assert {key: list(model.fields) for key, model in before.models.items()} == {
        key: list(model.fields) for key, model in now.models.items()
    }


def test_what_is_no_table_is_made_too(single, squashed):
    replaced = {key for one in squashed.replacements.values() for key in one.replaces}
    before = steps_of(single.disk_migrations[key] for key in replaced)
    assert before - NOTHING_TO_DO == steps_of(squashed.replacements.values()) - OWN_STEPS
    assert before > NOTHING_TO_DO
    assert {
        key
        for key in replaced
        if any(isinstance(one, RunSQL) for one in single.disk_migrations[key].operations)
    } == WITH_SQL


def some_order(loader, seed):
    """All single migrations, each after what it depends on, in an order drawn by `seed`."""
    draw, found = random.Random(seed), []
    waiting = sorted(loader.graph.node_map)
    while waiting:
        ready = [
            key
            for key in waiting
            if all(parent.key in found for parent in loader.graph.node_map[key].parents)
        ]
        found.append(draw.choice(ready))
        waiting.remove(found[-1])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_database_that_stopped_anywhere_takes_exactly_what_it_lacks(monkeypatch, single, seed):
    """As after every one of the single migrations, whichever app went ahead of which."""
    order = some_order(single, seed)
    executor = MigrationExecutor(connection=None)
    loader = executor.loader
    loader.connection = connection
    monkeypatch.setattr(loader, "load_disk", lambda: None)  # as read above: the files stay
    for done in range(len(order) + 1):
        applied = dict.fromkeys(order[:done])
        monkeypatch.setattr(
            MigrationRecorder, "applied_migrations", lambda self, applied=applied: {**applied}
        )
        loader.build_graph()
        loader.check_consistent_history(connection)
        plan = executor.migration_plan(loader.graph.leaf_nodes())
        taken = [
            key
            for migration, _backwards in plan
            for key in migration.replaces or [(migration.app_label, migration.name)]
        ]
        assert sorted(taken) == sorted(order[done:])
        assert loader.detect_conflicts() == {}


@pytest.mark.django_db
def test_a_new_database_counts_as_having_taken_each(single):
    assert MigrationExecutor(connection).migration_plan(single.graph.leaf_nodes()) == []
    assert set(single.graph.nodes) <= set(MigrationRecorder(connection).applied_migrations())
