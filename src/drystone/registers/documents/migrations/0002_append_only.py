"""The database itself refuses to change or delete a version, an acknowledgement or a signature."""

from django.db import migrations

TABLES = ("documents_version", "documents_acknowledgement", "documents_signature")
SQLITE = [
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in TABLES
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    "CREATE FUNCTION documents_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$",
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION documents_append_only()"
        for table in TABLES
    ),
]


def guard(apps, editor):
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def unguard(apps, editor):
    if editor.connection.vendor == "postgresql":
        for table in TABLES:
            editor.execute(f"DROP TRIGGER append_only ON {table}")
        editor.execute("DROP FUNCTION documents_append_only()")
    else:
        for table in TABLES:
            editor.execute(f"DROP TRIGGER {table}_no_update")
            editor.execute(f"DROP TRIGGER {table}_no_delete")


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
