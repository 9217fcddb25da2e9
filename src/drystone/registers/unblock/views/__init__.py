"""Pages of requests: the public one behind a block page, the queue, what is open for a while, one's own."""

from drystone.registers.unblock.views.blocked import blocked
from drystone.registers.unblock.views.grants import end_grant, grant, grants, grants_csv
from drystone.registers.unblock.views.mine import ask, mine, seen
from drystone.registers.unblock.views.queue import request_page, requests, requests_csv

__all__ = [
    "ask",
    "blocked",
    "end_grant",
    "grant",
    "grants",
    "grants_csv",
    "mine",
    "request_page",
    "requests",
    "requests_csv",
    "seen",
]
