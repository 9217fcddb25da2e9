"""The worker process: work in the background and on a schedule (huey), one per house.

`python -m drystone.site.worker` runs until SIGTERM, and touches `home/run/worker.json` while it lives.
"""

import json
import logging
import os
import sys
import threading
import time

log = logging.getLogger("drystone.worker")
BEAT_SECONDS = 2


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.utils.module_loading import autodiscover_modules
    from huey.contrib.djhuey import HUEY

    autodiscover_modules("tasks")
    threading.Thread(target=_beat, args=(settings.HOME,), daemon=True, name="beat").start()
    consumer = HUEY.create_consumer(workers=2, periodic=True, initial_delay=0.1, max_delay=0.5)
    consumer.run()
    return 0


def _beat(home: object) -> None:
    path = home.run / "worker.json"  # type: ignore[attr-defined]
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps({"pid": os.getpid(), "at": time.time()}))
        beside.replace(path)
        time.sleep(BEAT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
