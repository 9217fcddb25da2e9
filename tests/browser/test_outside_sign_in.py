"""P45: sign-in at a provider outside and the head's review of accounts, in a real browser; none of it needs scripts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import Page, expect

from tests.house.house import environment
from tests.registers.accounts.provider import know, write_sources

MAKE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "drystone.site.settings"
import django; django.setup()
from drystone.registers.accounts.services.reviews import open_review
from drystone.registers.school.models import Role
from drystone.registers.school.services.accounts import make_account
from django.utils import timezone
from tests.people import make_person, make_school
school = make_school()
for role, given, name in ((Role.HEAD, "Helen", "head"), (Role.TEACHER, "Tom", "tom")):
    make_account(person=make_person(school, role, given=given, email=f"{name}@fellside.example"), by=None)
open_review(school=school, by=None, on=timezone.localdate())
"""


@pytest.fixture(scope="module")
def port(web):
    subprocess.run([sys.executable, "-c", MAKE], check=True, env=environment() | {"DRYSTONE_HOME": str(web.home.root)})
    with run_server_in_thread() as server:
        write_sources(web.home.root / "sign-in.yaml", server.server_port, two_step="theirs")
        for name in ("head", "tom", "eve"):
            know(server.server_port, name, email=f"{name}@fellside.example", email_verified=True)
        yield server.server_port


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/account/sign-in/")
    page.get_by_role("button", name="Sign in with Council account").click()
    page.fill("input[name=sub]", name)
    page.get_by_role("button", name="Authorize").click()


def test_the_head_signs_in_at_the_councils_provider_and_closes_an_account_that_is_in_use(web, port, chromium):
    address = web.address.replace("127.0.0.1", "localhost")
    people = {
        name: chromium.new_context(java_script_enabled=name != "head").new_page() for name in ("head", "tom", "eve")
    }
    for name, page in people.items():
        page.set_default_timeout(10_000)
        sign_in(page, address, name)
    expect(people["eve"].get_by_role("main")).to_contain_text("has made no account for eve@fellside.example")
    expect(people["tom"].get_by_role("link", name="Tom Example")).to_be_visible()
    head = people["head"]
    head.get_by_role("link", name="Look through the accounts").click()
    head.get_by_role("group", name="Keep the account of Tom Example?").get_by_label("No").check()
    head.get_by_role("button", name="Yes to all others on this page").click()
    expect(head.get_by_role("heading", level=1)).to_have_text("Close 1 account?")
    head.get_by_role("button", name="Close them").click()
    expect(head.get_by_role("main")).to_contain_text("Closed: Tom Example")
    head.get_by_role("button", name="Finish the review").click()
    expect(head.get_by_role("main")).to_contain_text("Finished on")
    people["tom"].reload()
    expect(people["tom"].get_by_role("link", name="Tom Example")).to_have_count(0)
    sign_in(people["tom"], address, "tom")
    expect(people["tom"].get_by_role("main")).to_contain_text("closed")
    for page in people.values():
        page.context.close()
