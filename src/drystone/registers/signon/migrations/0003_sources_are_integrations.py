"""The token of a source becomes that of an integration: one kind of token in the house."""

import django.db.models.deletion
from django.db import migrations, models


def make_integrations(apps, editor):
    Integration = apps.get_model("school", "Integration")
    for source in apps.get_model("signon", "SessionSource").objects.iterator():
        source.integration = Integration.objects.create(
            school_id=source.school_id,
            name=source.name,
            digest=source.digest,
            scopes=["sessions.tell"],
            calls_from=source.calls_from,
            made_at=source.made_at,
            made_by_name=source.made_by_name,
            revoked_at=source.revoked_at,
            last_used_at=source.last_told_at,
        )
        source.save(update_fields=["integration"])


class Migration(migrations.Migration):
    dependencies = [("signon", "0002_calls_from"), ("school", "0005_integrations")]

    operations = [
        migrations.AddField(
            model_name="sessionsource",
            name="integration",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="session_source",
                to="school.integration",
            ),
        ),
        migrations.RunPython(make_integrations, migrations.RunPython.noop),
        migrations.AlterModelOptions(name="sessionsource", options={"ordering": ["integration__name", "id"]}),
    ]
