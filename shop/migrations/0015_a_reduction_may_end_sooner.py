"""A reduction may end sooner than it was set for; nothing else of a price may change, and no past one.

On SQLite a new constraint makes the table anew, and its triggers go with the old one: both are made
again here.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

FIXED = [
    "id", "variant_id", "channel_id", "kind", "amount_minor", "currency", "valid_from", "source",
    "key", "recorded_at",
]  # fmt: skip
NOTED = (
    "EXISTS (SELECT 1 FROM shop_priceending e WHERE e.price_id = OLD.id "
    "AND e.was_until = OLD.valid_until AND e.ends_at = NEW.valid_until)"
)
SOONER = f"NEW.valid_until < OLD.valid_until AND NEW.valid_until >= OLD.valid_from AND {NOTED}"


def allow_sooner(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER shop_price_no_update ON shop_price")
        editor.execute(postgres_function(), params=None)
        editor.execute(
            "CREATE TRIGGER shop_price_no_update BEFORE UPDATE ON shop_price "
            "FOR EACH ROW EXECUTE FUNCTION shop_price_ends_sooner()"
        )
        for verb in ("UPDATE", "DELETE"):
            editor.execute(
                f"CREATE TRIGGER shop_priceending_no_{verb.lower()} BEFORE {verb} "
                "ON shop_priceending FOR EACH ROW EXECUTE FUNCTION shop_append_only()"
            )
        editor.execute(
            "CREATE TRIGGER shop_priceending_no_truncate BEFORE TRUNCATE ON shop_priceending "
            "FOR EACH STATEMENT EXECUTE FUNCTION shop_append_only()"
        )
        return
    for statement in sqlite_statements():
        editor.execute(statement, params=None)


def postgres_function():
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FIXED)
    return (
        "CREATE OR REPLACE FUNCTION shop_price_ends_sooner() RETURNS trigger AS $$ BEGIN "
        f"IF {same} AND {SOONER} AND NEW.valid_until >= now() - interval '5 minutes' "
        "THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation'; "
        "END $$ LANGUAGE plpgsql"
    )


def sqlite_statements():
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in FIXED)
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-5 minutes')"
    refuse = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    on_price = refuse.format(table="shop_price")
    found = [
        "DROP TRIGGER IF EXISTS shop_price_no_update",
        "DROP TRIGGER IF EXISTS shop_price_no_delete",
        "CREATE TRIGGER shop_price_no_update BEFORE UPDATE ON shop_price WHEN NOT IFNULL("
        f"{same} AND {SOONER} AND NEW.valid_until >= {now}, 0) {on_price}",
        f"CREATE TRIGGER shop_price_no_delete BEFORE DELETE ON shop_price {on_price}",
    ]
    for verb in ("UPDATE", "DELETE"):
        found.append(
            f"CREATE TRIGGER shop_priceending_no_{verb.lower()} BEFORE {verb} "
            f"ON shop_priceending {refuse.format(table='shop_priceending')}"
        )
    return found


def forbid_again(apps, editor):
    """Back to 0014: nothing of a price may change."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER shop_price_no_update ON shop_price")
        editor.execute("DROP FUNCTION shop_price_ends_sooner()")
        editor.execute(
            "CREATE TRIGGER shop_price_no_update BEFORE UPDATE ON shop_price "
            "FOR EACH ROW EXECUTE FUNCTION shop_append_only()"
        )
        return
    editor.execute("DROP TRIGGER shop_price_no_update")
    editor.execute(
        "CREATE TRIGGER shop_price_no_update BEFORE UPDATE ON shop_price "
        "BEGIN SELECT RAISE(ABORT, 'shop_price is append-only'); END"
    )


class Migration(migrations.Migration):
    dependencies = [("shop", "0014_latest_events_of_customers")]
    operations = [
        migrations.CreateModel(
            name="PriceEnding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "price",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ending",
                        to="shop.price",
                    ),
                ),
                (
                    "was_until",
                    models.DateTimeField(help_text="Until when it had been set."),
                ),
                (
                    "ends_at",
                    models.DateTimeField(help_text="Its beginning: it was called off before."),
                ),
                ("source", models.CharField(help_text="Who or what ended it.", max_length=80)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "ended price",
                "verbose_name_plural": "ended prices",
                "ordering": ["-recorded_at", "-id"],
                "default_permissions": ["view"],
            },
        ),
        migrations.AddConstraint(
            model_name="priceending",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__lt", models.F("was_until"))),
                name="price_ends_sooner",
            ),
        ),
        migrations.RemoveConstraint(model_name="price", name="price_window_not_empty"),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_until__isnull", True))
                | models.Q(("valid_until__gte", models.F("valid_from"))),
                name="price_window_not_backwards",
            ),
        ),
        migrations.RunPython(allow_sooner, forbid_again),
    ]
