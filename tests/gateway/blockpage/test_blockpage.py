"""The block page: for children and for adults, safe whatever is in the address, and honest about watching."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from drystone.engine.filtering.request import Action, Decision
from drystone.gateway.blockpage import Audience, audience_of, headers, render, render_trouble

BLOCK = Decision(
    action=Action.BLOCK,
    reason="Gambling: blocked for ks2 by a rule of the school (primary age), made by the head.",
    host="casino.example",
    category="gambling",
    rule="school-1",
    level="school",
    list="ut1/gambling",
    edition="0123456789abcdef",
    school="fellside",
    zone="suite",
    group="ks2",
)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>&\u202e\x00'
FACES = [Audience.CHILD, Audience.ADULT]


def page(audience=Audience.CHILD, decision=BLOCK, url="http://casino.example/", **more) -> str:
    return render(decision, url=url, school_name="Fellside", audience=audience, **more).decode()


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S))


def test_p58_both_faces_say_that_use_is_watched_to_keep_children_safe():
    assert "Grown-ups at school can see which pages are opened here. They do this to keep you safe." in page()
    assert "filtered, recorded and monitored, to keep children safe" in page(Audience.ADULT)


def test_the_category_stands_in_plain_words():
    assert "Gambling" in text_of(page(Audience.ADULT))
    assert "Betting and gambling" in text_of(page(Audience.ADULT, category_title="Betting and gambling"))


def test_a_child_reads_the_category_in_a_childs_words_or_the_schools_own_title():
    assert "It is about games where people bet money" in text_of(page())
    own = replace(BLOCK, category="our_own_list")
    assert "It is about Sites for parents" in text_of(page(decision=own, category_title="Sites for parents"))


@pytest.mark.parametrize("category", ["suicide", "self_harm"])
def test_p13_to_a_child_in_need_the_page_says_who_listens_first_and_not_what_the_site_is_about(category):
    text = text_of(page(decision=replace(BLOCK, category=category), category_title="Suicide"))
    assert "You are not alone" in text
    assert "It is about" not in text
    assert "Suicide" not in text
    assert text.index("0800 1111") < text.index("Ask your teacher")
    assert text_of(page()).index("Ask your teacher") < text_of(page()).index("0800 1111")


def test_p35_with_a_ticket_the_page_leads_to_the_review_and_without_one_it_has_no_link():
    link = "http://school.example:8000/blocked/?t=abc.def"
    child, adult = (Elements(page(face, ticket_url=link)) for face in FACES)
    assert [value for name, value in child.attributes if name == "href"] == [link]
    assert [value for name, value in adult.attributes if name == "href"] == [link, f"{link}&what=block"]
    assert "Ask my teacher" in text_of(page(ticket_url=link))
    assert "Request a review" in text_of(page(Audience.ADULT, ticket_url=link))
    assert "Report a site that should be blocked" in text_of(page(Audience.ADULT, ticket_url=link))
    for face in FACES:
        assert "href" not in page(face)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//evil.example/", 'http"><script>', "data:text/html,x"])
def test_a_link_that_is_none_is_not_shown(link):
    html = page(Audience.ADULT, ticket_url=link)
    assert "script" not in Elements(html).tags
    assert "href" not in html


def test_of_a_site_that_nobody_may_open_a_child_is_not_invited_to_ask_and_an_adult_may_report_a_mistake():
    decision = replace(BLOCK, level="mandatory", category="illegal")
    link = "http://school.example/blocked/?t=abc"
    assert "href" not in page(decision=decision, ticket_url=link)
    adult = text_of(page(Audience.ADULT, decision=decision, ticket_url=link))
    assert "The school cannot open it, and nobody else can" in adult
    assert "Report a mistake" in adult


def test_a_child_sees_pictures_and_each_is_drawn_in_the_page_itself():
    html = page()
    assert html.count("<svg") == 4
    assert 'aria-label="A sheep looks over a stone wall"' in html
    off = page(decision=replace(BLOCK, level="access"))
    assert 'aria-label="A sheep sleeps behind a stone wall"' in off


def test_a_child_is_told_whom_to_ask_and_childlines_number_in_short_words():
    text = text_of(page())
    assert "This page is not for school" in text
    assert "Ask your teacher" in text
    assert "0800 1111" in text
    assert "casino.example" in text
    words = re.findall(r"[A-Za-z’']+", text)
    assert sum(map(len, words)) / len(words) < 5
    for technical in ("school-1", "0123456789abcdef", "by a rule"):
        assert technical not in text


def test_an_adult_sees_rule_level_reason_edition_time_and_a_reference():
    at = datetime(2026, 11, 23, 10, 4, 5, tzinfo=UTC)
    text = text_of(page(Audience.ADULT, at=at, reference="abc123", url="http://casino.example/play?x=1"))
    for part in ("school-1", "the school’s rules", "primary age", "0123456789abcdef", "ut1/gambling", "abc123"):
        assert part in text
    assert "23 November 2026, 10:04:05 UTC" in text
    assert "http://casino.example/play?x=1" in text


@pytest.mark.parametrize(
    ("group", "face"),
    [
        ("ks1", "child"),
        ("ks2", "child"),
        ("", "child"),
        ("visitors", "child"),
        ("staff", "adult"),
        ("staff-office", "adult"),
    ],
)
def test_only_staff_see_the_particulars(group, face):
    assert audience_of(group) == face


@pytest.mark.parametrize(
    ("level", "says"), [("access", "The Internet is off for now"), ("gateway", "cannot be opened")]
)
def test_a_child_is_told_when_it_is_not_the_page_that_is_at_fault(level, says):
    decision = Decision(action=Action.BLOCK, reason="x", host="a.example", level=level)
    assert says in text_of(page(decision=decision))


@pytest.mark.parametrize("audience", FACES)
def test_hostile_text_anywhere_is_shown_and_never_run(audience):
    hostile = dict.fromkeys(
        ("reason", "host", "category", "rule", "level", "list", "edition", "zone", "group"), HOSTILE
    )
    decision = Decision(action=Action.BLOCK, **hostile)
    html = render(
        decision,
        url="http://" + HOSTILE,
        school_name=HOSTILE,
        audience=audience,
        category_title=HOSTILE,
        reference=HOSTILE,
    ).decode()
    plain = Elements(page(audience, at=None, reference="x"))
    attacked = Elements(html)
    assert "script" not in attacked.tags
    assert "img" not in attacked.tags
    assert not any(name.startswith("on") for name, _ in attacked.attributes)
    assert set(attacked.tags) <= set(plain.tags)
    assert "\u202e" not in html
    assert "\x00" not in html
    assert "&lt;script&gt;" in html


def test_a_sentence_of_trouble_is_escaped_too():
    html = render_trouble(HOSTILE, HOSTILE, school_name=HOSTILE, advice=HOSTILE).decode()
    assert "script" not in Elements(html).tags
    assert "&lt;script&gt;" in html


def test_an_endless_address_does_not_make_an_endless_page():
    assert len(page(Audience.ADULT, url="http://casino.example/" + "a" * 100_000)) < 10_000


@pytest.mark.parametrize("audience", FACES)
def test_nothing_comes_from_elsewhere_and_nothing_runs(audience):
    html = page(audience)
    elements = Elements(html)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(elements.tags)
    assert not {"src", "href", "style"} & {name for name, _ in elements.attributes}
    assert "url(" not in html
    assert html.startswith('<!doctype html>\n<html lang="en-GB">')


@pytest.mark.parametrize("html", [page(), page(Audience.ADULT), render_trouble("a", "b").decode()])
def test_the_policy_allows_this_very_style_and_nothing_else(html):
    style = re.search(r"<style>(.*?)</style>", html, flags=re.S)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = headers()["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("selector", ["body", ".card", ".kind", ".watch", ".site", ".button", ".quiet", "footer"])
def test_colours_have_contrast_enough_for_weak_eyes(selector):
    """WCAG AA for ordinary text, with the colour that each element inherits."""
    style = re.search(r"<style>(.*?)</style>", page(), flags=re.S)[1]

    def of(wanted: str, name: str, fallback: str) -> str:
        rule = next((line for line in style.splitlines() if line.startswith(wanted + "{")), "")
        found = re.search(rf"(?:^|[;{{]){name}:(#[0-9a-f]{{3,6}})", rule)
        if not found:
            return fallback
        value = found[1]
        return value if len(value) == 7 else "#" + "".join(digit * 2 for digit in value[1:])

    ground = of("body", "background", "#ffffff") if selector == "footer" else of(".card", "background", "#ffffff")
    text = of(selector, "color", of("body", "color", "#000000"))
    bright, dark = sorted((luminance(text), luminance(of(selector, "background", ground))), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5
