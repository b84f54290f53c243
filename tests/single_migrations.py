"""The single migrations that squashed ones replace, for tests that go back into the middle of them."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


class SingleMigrationLoader(MigrationLoader):
    """Django's loader without the squashed migrations. Without a connection nothing is applied."""

    def __init__(self, connection: BaseDatabaseWrapper | None) -> None:
        super().__init__(connection, replace_migrations=False)

    def build_graph(self) -> None:
        super().build_graph()
        for key, migration in self.replacements.items():
            self.graph.remove_replacement_node(key, migration.replaces)


def single_migration_executor(connection: BaseDatabaseWrapper) -> MigrationExecutor:
    """An executor that can be asked for a migration which a squashed one replaces."""
    executor = MigrationExecutor(connection)
    executor.loader = SingleMigrationLoader(connection)
    return executor
