"""What the integration holds now goes from the source; apart, for PostgreSQL alters no table with writes pending."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signon", "0003_sources_are_integrations")]

    operations = [
        migrations.AlterField(
            model_name="sessionsource",
            name="integration",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="session_source", to="school.integration"
            ),
        ),
        *[
            migrations.RemoveField(model_name="sessionsource", name=name)
            for name in ("name", "digest", "calls_from", "made_at", "made_by_name", "revoked_at")
        ],
    ]
