"""Ways in, in a real browser: an invitation, two steps by app and passkey, a lost phone, a lock-out, the idle lock."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.wizard import PASSWORD as TECHNICIANS
from tests.browser.wizard import TECHNICIAN, Wizard
from tests.house.house import environment
from tests.totp import code_at, code_now

WIDE = {"width": 1280, "height": 900}
PASSWORD = "another three words"
VIOLATIONS = "axe.run().then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`))"
ALONE = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "drystone.site.settings"
import django; django.setup()
from django.contrib.sessions.backends.db import SessionStore
session = SessionStore(sys.argv[1])
session["seen_at"] = time.time() - 60 * int(sys.argv[2])
session.save()
"""


@dataclass
class Place:
    """A school after the wizard; `address` by its name, because a passkey belongs to a name."""

    address: str
    root: Path
    head_code: str
    secret: str  # of the technician's app


@pytest.fixture(scope="module")
def place(web, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    address = web.address.replace("127.0.0.1", "localhost")
    wizard = Wizard(page, address)
    wizard.everything()
    secret = wizard.secret
    page.goto(f"{address}/set-up/letters/")
    code = page.locator(".ds-letter", has_text="Helen Marsh").locator(".ds-letter__code").inner_text()
    context.close()
    return Place(address, web.home.root, code, secret)


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def sound(page: Page, axe: str) -> None:
    page.evaluate(axe)
    assert page.evaluate(VIOLATIONS) == []


def heading(page: Page):
    return page.get_by_role("heading", level=1)


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def password(page: Page, place: Place, email: str, given: str = PASSWORD) -> None:
    page.goto(f"{place.address}/account/sign-in/")
    page.fill("#id_login", email)
    page.fill("#id_password", given)
    press(page, "Sign in")


def leave_alone(page: Page, place: Place, minutes: int) -> None:
    """As if the last work in this browser had been so long ago."""
    (key,) = [c["value"] for c in page.context.cookies() if c["name"] == "sessionid"]
    command = [sys.executable, "-c", ALONE, key, str(minutes)]
    subprocess.run(command, check=True, env=environment() | {"DRYSTONE_HOME": str(place.root)})


@pytest.fixture(scope="module")
def head(place, chromium):
    """Helen, with her letter: a password, then a passkey on her laptop. Her browser stays open for the module."""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(10_000)
    page = context.new_page()
    laptop = page.context.new_cdp_session(page)
    laptop.send("WebAuthn.enable")
    chip = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    laptop.send("WebAuthn.addVirtualAuthenticator", {"options": chip})
    page.goto(f"{place.address}/account/first-time/")
    for box, text in {"email": "head@fellside.example", "code": place.head_code}.items():
        page.fill(f"#id_{box}", text)
    page.fill("#id_password", PASSWORD)
    page.fill("#id_password_again", PASSWORD)
    press(page, "Set my password")
    yield page
    context.close()


def test_a_head_adds_a_passkey_and_from_then_on_it_signs_her_in(head, place, axe):
    expect(heading(head)).to_have_text("Your role needs two-step sign-in")
    sound(head, axe)
    head.get_by_role("link", name="Add a passkey").click()
    sound(head, axe)
    press(head, "Add a passkey")
    expect(heading(head)).to_have_text("Recovery codes")
    sound(head, axe)
    head.get_by_role("link", name="I have kept them: go on").click()
    expect(heading(head)).to_have_text("What needs you today")
    # When she comes back, the passkey is enough: no password is typed
    head.get_by_role("banner").get_by_role("button", name="Sign out").click()
    head.goto(f"{place.address}/account/sign-in/")
    sound(head, axe)
    press(head, "Sign in with a passkey")
    expect(heading(head)).to_have_text("What needs you today")
    # And after a password it is the second step
    head.get_by_role("banner").get_by_role("button", name="Sign out").click()
    password(head, place, "head@fellside.example")
    expect(heading(head)).to_have_text("Enter your code")
    press(head, "Use a passkey instead")
    expect(heading(head)).to_have_text("What needs you today")


def test_she_invites_the_co_ordinator_who_sets_up_an_app_loses_the_phone_and_is_helped(head, place, page, axe):
    head.goto(f"{place.address}/accounts/")
    sound(head, axe)
    head.get_by_label("Invite Tom Birkett").check()
    press(head, "Invite")
    sound(head, axe)
    code = head.locator(".ds-letter__code").inner_text()
    # Given Tom with his letter
    page.goto(f"{place.address}/account/first-time/")
    for box, text in {"email": "tom@fellside.example", "code": code, "password": PASSWORD}.items():
        page.fill(f"#id_{box}", text)
    page.fill("#id_password_again", PASSWORD)
    press(page, "Set my password")
    page.get_by_role("button", name="Set up an app").click()
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Authenticator code").fill(code_now(secret))
    press(page, "Turn on")
    recovery = page.locator("pre.ds-code").inner_text().split()
    page.get_by_role("link", name="I have kept them: go on").click()
    expect(heading(page)).to_have_text("What needs you today")
    # When he is without his phone, a recovery code signs him in, once
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    password(page, place, "tom@fellside.example")
    page.get_by_label("Code").fill(recovery[0])
    press(page, "Sign in")
    expect(heading(page)).to_have_text("What needs you today")
    # When the phone is lost and the codes with it, the head takes the step away: he is out at once
    head.goto(f"{place.address}/accounts/")
    head.get_by_role("link", name="Lost phone of Tom Birkett").click()
    sound(head, axe)
    head.get_by_label("What happened?").fill("Phone lost on the fell, seen in person")
    head.get_by_label("I have spoken to them").check()
    press(head, "Take the second step away")
    page.reload()
    expect(heading(page)).to_have_text("Sign in")
    # And he sets up another before anything else
    password(page, place, "tom@fellside.example")
    expect(heading(page)).to_have_text("Your role needs two-step sign-in")


def test_five_wrong_passwords_lock_the_technician_out_until_the_head_unlocks(head, place, page, axe):
    for _ in range(5):
        password(page, place, TECHNICIAN, "a guess")
    password(page, place, TECHNICIAN, TECHNICIANS)
    expect(page.get_by_role("alert").first).to_contain_text("Too many wrong passwords or codes")
    head.goto(f"{place.address}/")
    head.get_by_role("link", name="Ada Tyson is locked out").click()
    sound(head, axe)
    press(head, "Unlock Ada Tyson")
    expect(head.get_by_text("Ada Tyson can sign in again")).to_be_visible()
    password(page, place, TECHNICIAN, TECHNICIANS)
    page.get_by_label("Code").fill(code_now(place.secret))
    press(page, "Sign in")
    expect(heading(page)).to_have_text("What needs you today")


def test_p47_a_page_left_alone_goes_and_the_passkey_or_password_brings_back_what_was_sent(head, place, axe):
    head.clock.install()
    head.goto(f"{place.address}/school/people/add/")
    head.get_by_label("Given names").fill("Rosa")
    head.get_by_label("Family name").fill("Nuttall")
    # Nobody is there for a quarter of an hour less a minute: the page says what is about to happen
    leave_alone(head, place, 14)
    head.clock.fast_forward("14:05")
    expect(head.locator(".ds-idle")).to_contain_text("about to lock")
    # Whoever touches it stays
    head.keyboard.press("Shift")
    expect(head.locator(".ds-idle")).to_be_empty()
    # And when nobody does, the page goes, and the way back shows nothing
    leave_alone(head, place, 16)
    head.clock.fast_forward("16:00")
    expect(heading(head)).to_have_text("Your screen is locked")
    sound(head, axe)
    head.go_back()
    expect(heading(head)).to_have_text("Your screen is locked")
    head.fill("#id_password", PASSWORD)
    press(head, "Go on")
    # Given a form that was sent a moment too late
    head.goto(f"{place.address}/school/people/add/")
    head.get_by_label("Given names").fill("Rosa")
    head.get_by_label("Family name").fill("Nuttall")
    leave_alone(head, place, 16)
    press(head, "Save")
    expect(heading(head)).to_have_text("Your screen is locked")
    head.get_by_role("link", name="Use your passkey").click()
    press(head, "Use your passkey")
    expect(heading(head)).to_have_text("Send what you wrote?")
    sound(head, axe)
    press(head, "Send it now")
    expect(heading(head)).to_have_text("Rosa Nuttall")
    assert re.search(r"/school/people/\d+/$", head.url)


def test_p47_without_a_script_the_page_goes_too(place, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{place.address}/account/sign-in/")
    page.fill("#id_login", TECHNICIAN)
    page.fill("#id_password", TECHNICIANS)
    press(page, "Sign in")
    page.get_by_label("Code").fill(code_at(place.secret, time.time() + 30))
    press(page, "Sign in")
    refresh = page.locator('meta[http-equiv="refresh"]').get_attribute("content")
    assert refresh == "905; url=/account/locked/?next=%2F"
    leave_alone(page, place, 16)
    page.goto(place.address + refresh.split("url=")[1])
    expect(heading(page)).to_have_text("Your screen is locked")
    context.close()
