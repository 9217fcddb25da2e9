"""The web as granian serves it."""

import os
import threading

from django.core.signals import request_finished
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
application = get_wsgi_application()


def answered(**_: object) -> None:
    """What Traffic needs takes a second or two to load: in the background, once the first answer is out, so that
    neither "ready" nor the first who looks at Traffic waits for it."""
    request_finished.disconnect(answered)
    threading.Thread(target=wake_lake, name="wake lake", daemon=True).start()


def wake_lake() -> None:
    from drystone.registers.monitoring import queries

    queries.lake().wake()


request_finished.connect(answered)
