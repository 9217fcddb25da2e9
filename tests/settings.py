"""The house's settings, with a home of their own that goes when the tests end.

DRYSTONE_TEST_DATABASE=postgresql runs the same tests on a PostgreSQL cluster started for them.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_home = tempfile.mkdtemp(prefix="drystone-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["DRYSTONE_HOME"] = _home
os.environ.pop("DRYSTONE_DATABASE_URL", None)
if os.environ.get("DRYSTONE_TEST_DATABASE") == "postgresql":
    from tests.postgresql import Cluster

    _cluster = Cluster(Path(tempfile.mkdtemp(prefix="drystone-pg-")))
    atexit.register(_cluster.stop)
    os.environ["DRYSTONE_DATABASE_URL"] = _cluster.url

from drystone.site.settings import *  # noqa: F403

HUEY["immediate"] = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; sign-in itself is tested in the browser
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
