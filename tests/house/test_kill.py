"""`kill -9` of each process under load: it comes back, no decision's event is lost or doubled, nothing gets through."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.house.house import PROCESSES, House, residents, until
from tests.house.origin import Origin
from tests.house.visitor import add_rule, publish, set_up

SCHOOL = "fellside"


@pytest.fixture(scope="module")
def house(fresh: House, origin: Origin) -> House:
    """Set up, and with a part of the test's own site blocked: what gets through to it there, got through the filter."""
    technician = set_up(fresh.pages)
    until(fresh.filters_by_now, 10, "the first edition")
    add_rule(technician, "block", "127.0.0.1/arcade")
    publish(technician)
    until(lambda: fresh.door.get(f"{origin.url}/arcade/first").status == 403, 20, "the block")
    return fresh


@dataclass(frozen=True)
class Asked:
    path: str
    status: int  # 0: the connection failed, or ended before an answer


class Pupils:
    """Two of them, asking for one address after another, each address once: a lesson, then the arcade, and so on."""

    _seats = iter(range(10_000))

    def __init__(self, house: House, origin: Origin) -> None:
        self._house, self._origin = house, origin
        self._enough = threading.Event()
        self.asked: list[Asked] = []
        self._threads = [threading.Thread(target=self._one, args=(next(self._seats),), daemon=True) for _ in "ab"]

    def _one(self, seat: int) -> None:
        number = 0
        while not self._enough.is_set():
            number += 1
            path = f"/{'arcade' if number % 2 else 'lesson'}/{seat}-{number}"
            status = self._house.door.get(f"{self._origin.url}{path}").status
            self.asked.append(Asked(path, status))
            if not status:
                time.sleep(0.02)  # a browser does not try a thousand times a second either

    def until_more(self, count: int = 20) -> None:
        """Until so many more have been answered."""
        wanted = self._answered() + count
        until(lambda: self._answered() >= wanted, 30, "answers")

    def _answered(self) -> int:
        return sum(1 for each in self.asked if each.status)

    def __enter__(self) -> Pupils:
        for thread in self._threads:
            thread.start()
        self.until_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join(30)


def check_answers(asked: list[Asked], origin: Origin) -> None:
    """A lesson came, the arcade was refused, or there was no answer: nothing else, and nothing behind our back."""
    assert {each.status for each in asked} >= {200, 403}
    assert {each.status for each in asked if each.path.startswith("/lesson/")} <= {200, 0}
    assert {each.status for each in asked if each.path.startswith("/arcade/")} <= {403, 0}
    assert not set(origin.asked) & {each.path for each in asked if each.path.startswith("/arcade/")}


def check_events(house: House, asked: list[Asked]) -> None:
    """Each answer's event is in the lake once. Where the kill came before the answer there may be one, never two."""

    def kept() -> Counter[tuple[str, str]]:
        events = house.events(SCHOOL, host="127.0.0.1")
        return Counter((event.path, event.action) for event in events if event.path in asked_for)

    asked_for = {each.path for each in asked}
    wanted = {(each.path, "block" if each.path.startswith("/arcade/") else "allow") for each in asked if each.status}
    until(lambda: wanted <= set(kept()), 20, "every answer's event")
    time.sleep(1)  # two more rounds of the collector, in which it could double something
    found = kept()
    assert max(found.values()) == 1, [event for event, count in found.items() if count > 1]
    assert wanted <= set(found)


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_killed_process_comes_back_and_no_event_is_lost_or_doubled(house: House, origin: Origin, name: str) -> None:
    until(house.all_well, 30, "everything at work")
    before = house.pids()
    with Pupils(house, origin) as pupils:
        os.kill(before[name], signal.SIGKILL)
        if name == "watchdog":  # it is missed when there is something to tell it
            os.kill(before["worker"], signal.SIGKILL)
        until(lambda: house.pids().get(name, before[name]) != before[name] and house.all_well(), 45, f"another {name}")
        pupils.until_more()

    check_answers(pupils.asked, origin)
    check_events(house, pupils.asked)


def test_help_stays_open_and_gambling_closed_while_the_pages_are_down(house: House) -> None:
    """The gateway never asks the web; P13: nor does help depend on it."""
    until(house.all_well, 30, "everything at work")
    os.kill(house.pids()["web"], signal.SIGKILL)
    until(lambda: not house.healthy(), 5, "the pages to be gone")
    assert house.door.get("http://www.childline.org.uk/in-need").status not in (0, 403)
    assert house.door.get("http://gambling.drystone.test/while-down").status == 403
    assert not house.healthy(), "the pages were back too soon for this test to say anything"

    until(house.all_well, 30, "the pages")
    assert house.event(SCHOOL, "www.childline.org.uk").level == "help"


@pytest.fixture
def restarted(house: House) -> Iterator[House]:
    """For tests that end the house: the next finds it at work again."""
    until(house.all_well, 30, "everything at work")
    yield house
    if house.process.poll() is not None:
        house.begin()


def test_up_killed_itself_leaves_no_orphan_and_its_last_events_are_collected_by_the_next(
    restarted: House, origin: Origin
) -> None:
    with Pupils(restarted, origin) as pupils:
        restarted.process.kill()
        restarted.process.wait()
        assert restarted.left_behind(8) == {}

    restarted.begin()
    check_answers(pupils.asked, origin)
    check_events(restarted, pupils.asked)


def test_up_and_its_watchdog_killed_together_leave_no_orphan(restarted: House) -> None:
    """What the kernel tells the children is enough."""
    os.kill(restarted.pids()["watchdog"], signal.SIGKILL)
    restarted.process.kill()
    restarted.process.wait()

    assert restarted.left_behind(8) == {}


def test_ctrl_c_ends_everything_within_five_seconds_and_loses_nothing(restarted: House, origin: Origin) -> None:
    assert len(residents(restarted.home.root)) > len(PROCESSES)
    with Pupils(restarted, origin) as pupils:
        begun = time.monotonic()
        os.killpg(restarted.process.pid, signal.SIGINT)  # as a terminal does
        assert restarted.process.wait(timeout=10) in (0, 130)
        took = time.monotonic() - begun

    assert took < 5.5, f"{took:.1f} s"
    assert residents(restarted.home.root) == {}
    restarted.begin()
    check_answers(pupils.asked, origin)
    check_events(restarted, pupils.asked)


def test_a_second_up_is_ready_within_seconds(restarted: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert restarted.end() == 0
    took = restarted.begin()
    with capsys.disabled():
        print(f"\nthe second `up` was ready after {took:.1f} s (five are promised)")

    assert took < 10
