"""Outlives the supervisor by a moment: when it is gone, however it went, its children are stopped too.

Run as a script. Standard input is a pipe that only the supervisor holds: lines `+PID` and `-PID` name process
groups, and its end means that the supervisor is gone. Standard library only, so that it starts at once.
"""

import os
import signal
import sys
import time

PATIENCE = 3.0  # seconds from asking to insisting


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in iter(sys.stdin.readline, ""):
        if line.startswith("+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    living = {group for group in groups if send(group, signal.SIGTERM)}
    deadline = time.monotonic() + PATIENCE
    while living and time.monotonic() < deadline:
        time.sleep(0.05)
        living = {group for group in living if send(group, 0)}
    for group in living:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """False where nobody of that group is left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
