"""Lists of who may open confidential records. The database itself refuses to change a line of one."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


WRITTEN = "record_id, person_id, sight, reason, by_name, at"
SQLITE = [
    f"CREATE TRIGGER sight_as_written BEFORE UPDATE OF {WRITTEN} ON school_sightevent "
    "BEGIN SELECT RAISE(ABORT, 'the list of a confidential record is append-only'); END"
]
POSTGRESQL = [
    "CREATE FUNCTION sight_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the list of a confidential record is append-only'; END $$",
    f"CREATE TRIGGER sight_as_written BEFORE UPDATE OF {WRITTEN} ON school_sightevent "
    "FOR EACH ROW EXECUTE FUNCTION sight_append_only()",
]


def guard(apps, editor):
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def unguard(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER sight_as_written ON school_sightevent")
        editor.execute("DROP FUNCTION sight_append_only()")
    else:
        editor.execute("DROP TRIGGER sight_as_written")


class Migration(migrations.Migration):
    dependencies = [
        ("school", "0005_integrations"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConfidentialRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=60)),
                ("number", models.PositiveBigIntegerField()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="confidential_records",
                        to="school.school",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SightEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sight",
                    models.CharField(
                        choices=[
                            ("opened", "May open it"),
                            ("closed", "May not open it any more"),
                            ("barred", "May never open it"),
                            ("concerned", "May never open it: it concerns them"),
                            ("lifted", "Not barred any more"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("by_name", models.CharField(max_length=200)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="school.person"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="school.person"
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="school.confidentialrecord",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="confidentialrecord",
            constraint=models.UniqueConstraint(fields=("kind", "number"), name="one_list_per_confidential_record"),
        ),
        migrations.AddConstraint(
            model_name="sightevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="sight_of_a_record_has_a_reason"
            ),
        ),
        migrations.RunPython(guard, unguard),
    ]
