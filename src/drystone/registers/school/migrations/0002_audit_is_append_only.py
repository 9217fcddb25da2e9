"""The database itself refuses to change or delete an audit entry."""

from django.db import migrations

SQLITE = [
    f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON school_auditentry "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON school_auditentry "
    "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
]


def guard(apps, editor):
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def unguard(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER audit_append_only ON school_auditentry")
        editor.execute("DROP FUNCTION audit_append_only()")
    else:
        editor.execute("DROP TRIGGER audit_no_update")
        editor.execute("DROP TRIGGER audit_no_delete")


class Migration(migrations.Migration):
    dependencies = [("school", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
