"""Image search and the ways round the filter were rules of each group, and are choices of its profile now (P59).

A rule whose work the profile takes over is withdrawn, and says so; where a group did without such a rule, its profile
leaves the category open as before.
"""

from django.db import migrations
from django.utils import timezone

CHOICES = {'image_search': ('image_search',), 'ways_round': ('proxies', 'vpn', 'doh')}
REASON = 'This is a choice of the profile now'


def take_over(apps, editor):
    rules = apps.get_model('network', 'Rule').objects.using(editor.connection.alias)
    for profile in apps.get_model('network', 'Profile').objects.using(editor.connection.alias):
        for choice, categories in CHOICES.items():
            same = rules.filter(
                level='group', group=profile.group_id, action='block', kind='category', value__in=categories,
                timing='', until__isnull=True, withdrawn_at__isnull=True,
            )
            blocked = set(same.values_list('value', flat=True)) == set(categories)
            setattr(profile, choice, not blocked)
            if blocked:
                same.update(withdrawn_at=timezone.now(), withdrawn_by_name='Drystone', withdrawn_reason=REASON)
        profile.save()


class Migration(migrations.Migration):

    dependencies = [
        ('network', '0002_rules_on_screen'),
    ]

    operations = [
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
