"""What must be done before the first process of the house starts."""

import os
import sys
from datetime import UTC, datetime

from drystone.engine.home import Home


def prepare(home: Home) -> None:
    """Make the folders and keys of `home`, and bring its database up to date. Safe to repeat.

    Raises OSError when the home cannot be written, django.db.Error when the database cannot be reached.
    """
    os.environ["DRYSTONE_HOME"] = str(home.root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
    for folder in (home.root, home.lists, home.bundles, home.events, home.lake, home.logs, home.run):
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    from drystone.site.keys import secret

    for key in (home.person_key, home.check_key, home.seal_key):
        secret(key)
    make_certificate(home)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)  # holds how often a sign-in was tried
    from drystone.registers.school.models import School
    from drystone.site.setup.code import forget_code, make_code

    # unscoped: whether the house is set up
    if School.objects.exists():
        forget_code(home)
    else:
        make_code(home)  # `drystone up` prints it; the wizard asks other machines for it


def make_certificate(home: Home) -> None:
    """P35: the authority of the HTTPS block page. Without it blocked connections are refused, so nothing waits for it:
    what is wrong with it is said here and on the page Certificate."""
    from drystone.engine.certificates import AuthorityError, ensure_authority

    try:
        ensure_authority(home.ca, at=datetime.now(UTC))
    except AuthorityError as error:
        print(f"drystone: {error}", file=sys.stderr, flush=True)
