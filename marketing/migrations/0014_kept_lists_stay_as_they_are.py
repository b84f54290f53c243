"""A list that is kept for itself can be read, archived and deleted, never changed: whatever is made for
it later is made for the same people. Members go one by one only where their customer is erased."""

from django.db import migrations

FROZEN = (
    "key", "rule", "segment_id", "combined", "channel", "as_of", "frozen_at", "holdout_rate",
    "is_complete", "customer_count", "holdout_count", "kept_out_count", "members_sha256",
)  # fmt: skip
AUDIENCE, MEMBER = "marketing_audience", "marketing_audiencemember"
OF_KEPT = f"SELECT 1 FROM {AUDIENCE} AS kept WHERE kept.id = {{}}.audience_id AND kept.is_complete AND kept.key IS NOT NULL"

POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION marketing_kept_list() RETURNS trigger AS $$ BEGIN
    RAISE EXCEPTION 'a kept list does not change' USING ERRCODE = 'check_violation';
    END $$ LANGUAGE plpgsql""",
    # By statement: a list of a million members asks once.
    f"""CREATE OR REPLACE FUNCTION marketing_kept_list_is_full() RETURNS trigger AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM (SELECT DISTINCT audience_id FROM fresh) AS fresh
               WHERE EXISTS ({OF_KEPT.format("fresh")})) THEN
        RAISE EXCEPTION 'a kept list does not change' USING ERRCODE = 'check_violation';
    END IF; RETURN NULL; END $$ LANGUAGE plpgsql""",
    f"""CREATE TRIGGER {AUDIENCE}_stays BEFORE UPDATE OF {", ".join(FROZEN)} ON {AUDIENCE}
    FOR EACH ROW WHEN (OLD.is_complete AND OLD.key IS NOT NULL
    AND ({" OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in FROZEN)}))
    EXECUTE FUNCTION marketing_kept_list()""",
    f"""CREATE TRIGGER {MEMBER}_joins AFTER INSERT ON {MEMBER} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION marketing_kept_list_is_full()""",
    f"""CREATE TRIGGER {MEMBER}_changes AFTER UPDATE ON {MEMBER} REFERENCING OLD TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION marketing_kept_list_is_full()""",
]
SQLITE = [
    f"""CREATE TRIGGER {AUDIENCE}_stays BEFORE UPDATE OF {", ".join(FROZEN)} ON {AUDIENCE}
    WHEN OLD.is_complete AND OLD.key IS NOT NULL
    AND ({" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in FROZEN)})
    BEGIN SELECT RAISE(ABORT, 'a kept list does not change'); END""",
    f"""CREATE TRIGGER {MEMBER}_joins BEFORE INSERT ON {MEMBER}
    WHEN EXISTS ({OF_KEPT.format("NEW")})
    BEGIN SELECT RAISE(ABORT, 'a kept list does not change'); END""",
    f"""CREATE TRIGGER {MEMBER}_changes BEFORE UPDATE ON {MEMBER}
    WHEN EXISTS ({OF_KEPT.format("OLD")})
    BEGIN SELECT RAISE(ABORT, 'a kept list does not change'); END""",
]
TRIGGERS = [(AUDIENCE, "stays"), (MEMBER, "joins"), (MEMBER, "changes")]


def forbid(apps, editor):
    on_postgresql = editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if on_postgresql else SQLITE:
        editor.execute(statement, params=None)


def allow(apps, editor):
    on_postgresql = editor.connection.vendor == "postgresql"
    for table, name in TRIGGERS:
        on = f" ON {table}" if on_postgresql else ""
        editor.execute(f"DROP TRIGGER {table}_{name}{on}", params=None)
    for name in ("marketing_kept_list", "marketing_kept_list_is_full") if on_postgresql else ():
        editor.execute(f"DROP FUNCTION {name}()", params=None)


class Migration(migrations.Migration):
    dependencies = [("marketing", "0013_frozen_lists_of_their_own")]
    operations = [migrations.RunPython(forbid, allow)]
