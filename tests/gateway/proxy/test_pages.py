"""What the proxy answers with by itself: the block page with its way to a review, and the PAC file."""

import re
from datetime import UTC, datetime

import pytest

from drystone.engine.filtering.request import Action, Decision, Request
from drystone.engine.filtering.ticket import read_ticket
from drystone.gateway.proxy.judge import SchoolOnPage, Verdict
from drystone.gateway.proxy.pages import blocked, own

KEY = bytes(range(32))
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BLOCK = Decision(
    action=Action.BLOCK, reason="Games: blocked", host="games.example", category="games", rule="rule-3",
    level="group", school="fellside", zone="suite", group="ks2", person="00aa11bb22cc33dd",
)  # fmt: skip


def page(**school):
    verdict = Verdict(Request("games.example", "10.1.1.5", NOW, path="/secret?name=pip"), BLOCK)
    given = {"name": "Fellside", "timezone": UTC, "categories": {}} | school
    return blocked(verdict, "http://games.example/secret?name=pip", SchoolOnPage(**given)).body.decode()


def test_p35_the_block_page_leads_to_a_review_with_a_ticket_of_this_house():
    token = re.search(r'href="http://pages\.school\.example:8000/blocked/\?t=([^"]+)"', page(
        web="http://pages.school.example:8000/", key=KEY
    ))[1]  # fmt: skip
    ticket = read_ticket(KEY, token, NOW)
    assert (ticket.school, ticket.host, ticket.person) == ("fellside", "games.example", "00aa11bb22cc33dd")


@pytest.mark.parametrize("missing", [{"web": ""}, {"key": b""}])
def test_without_pages_or_key_it_says_whom_to_ask(missing):
    html = page(**({"web": "http://pages.school.example/", "key": KEY} | missing))
    assert "href" not in html
    assert "Ask your teacher" in html


def test_the_pac_file_sends_browsers_to_the_schools_pages_without_the_proxy_and_nowhere_else():
    status, pac = own("/proxy.pac", b"gate:3128", "http://pages.school.example:8000/")
    assert status == 200
    direct = re.search(rb"if \((.*)\) return \"DIRECT\"", pac.body)[1]
    assert b'host === "pages.school.example"' in direct
    assert pac.body.count(b"DIRECT") == 1
    assert b'return "PROXY gate:3128"' in pac.body
