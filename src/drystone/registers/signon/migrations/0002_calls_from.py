from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signon", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="sessionsource",
            name="calls_from",
            field=models.CharField(blank=True, max_length=300),
        ),
    ]
