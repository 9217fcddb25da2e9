"""Every page that can be reached by links, at two widths: axe finds nothing, nothing is cut off, nothing is refused.

Pages are found by following links, so a new page is looked at without being listed here.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urldefrag, urlsplit

import pytest

from drystone.engine.filtering.request import Action, Decision
from drystone.engine.filtering.ticket import ticket_url
from drystone.engine.home import Home
from drystone.gateway.blockpage import headers, render
from tests.browser.wizard import Wizard

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MANY = 120
DOWNLOADS = ("csv", "download", ".pac", ".cer", ".pem", ".mobileconfig")
VIOLATIONS = "axe.run().then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`))"
AS_A_STRANGER = [
    "/account/sign-in/",
    "/account/first-time/",
    "/help/",
    "/help/parents/",
    "/help/staff/",
    "/certificate/",
]


@dataclass
class Walk:
    """What came to light on the way."""

    seen: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class School:
    address: str
    home: Home
    cookies: list


@pytest.fixture(scope="module")
def school(web, chromium):
    """Given a school that was set up with the wizard, whose technician goes on from there."""
    context = chromium.new_context(java_script_enabled=False)
    Wizard(context.new_page(), web.address).everything()
    yield School(web.address, web.home, context.cookies())
    context.close()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport=WIDE)
    page = context.new_page()
    yield page
    context.close()


def sign_in(page, school):
    """The technician, with the session that the wizard began; how people sign in is tested in test_doors.py."""
    page.context.add_cookies(school.cookies)


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


def look_at_this(page, axe, walk):
    """The page as it is shown now, at both widths."""
    page.evaluate(axe)
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        walk.faults += [f"{page.url[:60]} at {viewport['width']}: {found}" for found in page.evaluate(VIOLATIONS)]
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > viewport["width"]:
            walk.faults.append(f"{page.url[:60]} at {viewport['width']}: {wide} pixels wide")


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
    sign_in(page, school)
    walk = walk_from(page, school.address, axe)
    assert not walk.faults, "\n".join(walk.faults)
    assert len(walk.seen) > 25
    assert {"/school/", "/school/audit/", "/school/people/", "/filtering/", "/traffic/", "/policy/", "/account/"} <= {
        *walk.seen
    }


def test_the_steps_of_a_decision_are_sound(school, page, axe):
    """Why? answers to a form, which no link leads to."""
    sign_in(page, school)
    walk = Walk()
    for asked in ("url=http://games.drystone.test/x&group=ks2", "url=www.bing.com&edition=draft", "url="):
        page.goto(f"{school.address}/filtering/why/?{asked}")
        look_at_this(page, axe, walk)
    assert page.get_by_role("alert").count() == 1
    page.goto(f"{school.address}/filtering/why/?url=http://games.drystone.test/x&group=ks2")
    assert page.get_by_text("This spoke.").count() == 1
    assert not walk.faults, "\n".join(walk.faults)


def test_every_page_a_stranger_reaches_is_sound(school, page, axe):
    walk = Walk()
    for path in AS_A_STRANGER:
        look(page, f"{school.address}{path}", axe, walk)
    assert not walk.faults, "\n".join(walk.faults)


def block_page(school, face):
    """What a gateway of this house shows a child, or a grown-up, in place of a game."""
    decision = Decision(
        action=Action.BLOCK, reason="Games: blocked", host="games.drystone.test", category="games", rule="rule-1",
        level="group", school="fellside", zone="suite", group="ks2" if face == "child" else "staff",
    )  # fmt: skip
    link = ticket_url(school.address, school.home.check_key.read_bytes(), decision, datetime.now(UTC))
    return render(decision, url="http://games.drystone.test/", school_name="Fellside", audience=face, ticket_url=link)


@pytest.mark.parametrize("face", ["child", "adult"])
def test_the_block_page_is_sound_and_loads_nothing(school, page, axe, face):
    asked, walk, body = [], Walk(), block_page(school, face)
    page.on("request", lambda request: asked.append(request.url))
    page.route("http://games.drystone.test/", lambda route: route.fulfill(body=body, headers=headers()))
    page.goto("http://games.drystone.test/")
    look_at_this(page, axe, walk)
    assert not walk.faults, "\n".join(walk.faults)
    assert asked == ["http://games.drystone.test/"]


def test_p35_a_child_asks_from_the_block_page_and_hears_yes(school, page, chromium, axe):
    walk, body = Walk(), block_page(school, "child")
    page.route("http://games.drystone.test/", lambda route: route.fulfill(body=body, headers=headers()))
    page.goto("http://games.drystone.test/")
    page.get_by_role("link", name="Ask my teacher").click()
    look_at_this(page, axe, walk)
    page.get_by_label("What is your name?").fill("Ada")
    page.get_by_role("button", name="Ask my teacher").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your teacher has been asked"
    look_at_this(page, axe, walk)
    desk = chromium.new_context(viewport=WIDE)
    technician = desk.new_page()
    sign_in(technician, school)
    technician.goto(f"{school.address}/")
    technician.get_by_role("link", name="A request about a site waits").click()
    technician.get_by_role("link", name="games.drystone.test").click()
    technician.get_by_label("Allow it for a time, at once").check()
    technician.get_by_label("Everyone at the school").check()
    technician.get_by_label("One lesson (60 minutes)").check()
    technician.get_by_label("Why?").fill("It is golden time")
    look_at_this(technician, axe, walk)
    technician.get_by_role("button", name="Send the answer").click()
    assert "is open for the whole school within two seconds" in technician.get_by_role("main").inner_text()
    desk.close()
    page.get_by_role("link", name="Look again").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Yes! You can open it"
    assert "It is golden time" in page.get_by_role("main").inner_text()
    look_at_this(page, axe, walk)
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
    sign_in(page, school)
    page.goto(f"{school.address}/school/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"


def test_on_paper_no_address_is_printed_over_the_sentences_of_the_board(school, page):
    """GOV.UK's style prints each link's address; on the board it would lie over the promise."""
    sign_in(page, school)
    page.goto(f"{school.address}/policy/")
    page.emulate_media(media="print")
    printed = page.eval_on_selector_all(
        "main a", "all => [...new Set(all.map(a => getComputedStyle(a, '::after').content))]"
    )
    assert printed == ["none"]
