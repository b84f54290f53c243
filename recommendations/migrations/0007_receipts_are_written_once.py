"""What a receipt of a recommendation says was decided, and from what, is never changed: the database
refuses, whoever asks. It may be deleted: receipts have an age (RECEIPT_DAYS), and a person may be erased."""

from django.db import migrations

TRIGGER = "recommendation_receipt_no_update"
COLUMNS = (
    "kind", "key", "subject", "headline", "why", "model_run_id", "code_version", "inputs", "score_parts",
    "constraints_hit", "alternatives", "output", "created_at",
)  # fmt: skip
POSTGRESQL = f"""
CREATE FUNCTION recommendation_receipt_once() RETURNS trigger AS $$ BEGIN
    RAISE EXCEPTION 'a receipt is written once' USING ERRCODE = 'check_violation';
END $$ LANGUAGE plpgsql;
CREATE TRIGGER {TRIGGER} BEFORE UPDATE OF {", ".join(COLUMNS)} ON decisions_decision
FOR EACH ROW WHEN (OLD.kind = 'recommendation') EXECUTE FUNCTION recommendation_receipt_once()"""
SQLITE = f"""
CREATE TRIGGER {TRIGGER} BEFORE UPDATE OF {", ".join(COLUMNS)} ON decisions_decision
WHEN OLD.kind = 'recommendation'
BEGIN SELECT RAISE(ABORT, 'a receipt is written once'); END"""


def forbid(apps, editor):
    is_postgresql = editor.connection.vendor == "postgresql"
    editor.execute(POSTGRESQL if is_postgresql else SQLITE, params=None)


def allow(apps, editor):
    is_postgresql = editor.connection.vendor == "postgresql"
    on = " ON decisions_decision" if is_postgresql else ""
    editor.execute(f"DROP TRIGGER {TRIGGER}{on}", params=None)
    if is_postgresql:
        editor.execute("DROP FUNCTION recommendation_receipt_once()", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0006_rules_about_the_page"),
        ("decisions", "0006_snapshots_of_figures"),
    ]
    operations = [migrations.RunPython(forbid, allow)]
