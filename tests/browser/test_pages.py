"""Every page that can be reached by links, at two widths: axe finds nothing, nothing is cut off, nothing is refused.

Pages are found by following links, so a new page is looked at without being listed here.
"""

from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

import pytest

from tests.browser.wizard import PASSWORD, TECHNICIAN, Wizard

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MANY = 120
DOWNLOADS = ("csv", "download", ".pac", ".cer", ".pem", ".mobileconfig")
VIOLATIONS = "axe.run().then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`))"
AS_A_STRANGER = ["/account/sign-in/", "/account/first-time/", "/help/", "/help/parents/", "/help/staff/", "/certificate/"]


@dataclass
class Walk:
    """What came to light on the way."""

    seen: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def school(web, chromium):
    """Given a school that was set up with the wizard."""
    context = chromium.new_context(java_script_enabled=False)
    Wizard(context.new_page(), web.address).everything()
    context.close()
    return web


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport=WIDE)
    page = context.new_page()
    yield page
    context.close()


def sign_in(page, address):
    page.goto(f"{address}/account/sign-in/")
    page.fill("#id_login", TECHNICIAN)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def look(page, url, axe, walk):
    """One page: its status, title and heading, what the console says, what axe says, what sticks out."""
    complaints = []

    def hear(message):
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", hear)
    page.set_viewport_size(WIDE)
    answer = page.goto(url)
    path = urlsplit(url).path
    if answer.status != 200:
        walk.faults.append(f"{path}: status {answer.status}")
    if page.locator("h1").count() != 1 or not page.title().endswith("- Drystone"):
        walk.faults.append(f"{path}: its title or its one heading is missing")
    page.evaluate(axe)
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        walk.faults += [f"{path} at {viewport['width']}: {found}" for found in page.evaluate(VIOLATIONS)]
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > viewport["width"]:
            walk.faults.append(f"{path} at {viewport['width']}: {wide} pixels wide")
    page.remove_listener("console", hear)
    walk.faults += [f"{path}: {text}" for text in complaints]
    walk.seen.append(path)


def shape(url):
    """Pages that differ in a number only are looked at once."""
    parts = urlsplit(url)
    return "/".join("1" if part.isdecimal() else part for part in parts.path.split("/"))


def walk_from(page, address, axe):
    walk, known, waiting = Walk(), {"/"}, [f"{address}/"]
    while waiting and len(walk.seen) < MANY:
        url = waiting.pop(0)
        look(page, url, axe, walk)
        links = page.eval_on_selector_all("a[href]", "all => all.filter(a => !a.download).map(a => a.href)")
        for clean in sorted({urldefrag(link).url for link in links if link.startswith(f"{address}/")}):
            if shape(clean) not in known and not any(word in clean for word in DOWNLOADS):
                known.add(shape(clean))
                waiting.append(clean)
    return walk


def test_every_page_the_technician_reaches_is_sound(school, page, axe):
    sign_in(page, school.address)
    walk = walk_from(page, school.address, axe)
    assert not walk.faults, "\n".join(walk.faults)
    assert len(walk.seen) > 25
    assert {"/school/", "/school/audit/", "/school/people/", "/filtering/", "/traffic/", "/policy/", "/account/"} <= {
        *walk.seen
    }


def test_every_page_a_stranger_reaches_is_sound(school, page, axe):
    walk = Walk()
    for path in AS_A_STRANGER:
        look(page, f"{school.address}{path}", axe, walk)
    assert not walk.faults, "\n".join(walk.faults)


def test_a_page_with_errors_is_sound_and_moves_the_focus_to_them(school, page, axe):
    page.goto(f"{school.address}/account/first-time/")
    page.get_by_role("button", name="Set my password").click()
    page.evaluate(axe)
    assert page.evaluate("axe.run().then(r => r.violations.map(v => v.id))") == []
    assert page.evaluate("document.activeElement.className").startswith("govuk-error-summary")
    page.get_by_role("link", name="Enter your e-mail address").click()
    assert page.evaluate("document.activeElement.id") == "id_email"


def test_the_keyboard_reaches_the_content_first(school, page):
    sign_in(page, school.address)
    page.goto(f"{school.address}/school/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"


def test_on_paper_no_address_is_printed_over_the_sentences_of_the_board(school, page):
    """GOV.UK's style prints each link's address; on the board it would lie over the promise."""
    sign_in(page, school.address)
    page.goto(f"{school.address}/policy/")
    page.emulate_media(media="print")
    printed = page.eval_on_selector_all(
        "main a", "all => [...new Set(all.map(a => getComputedStyle(a, '::after').content))]"
    )
    assert printed == ["none"]
