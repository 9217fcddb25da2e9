"""Somebody at the pages without a browser: keeps cookies, fills in the form that is there, presses its button."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar

from tests.totp import code_now


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)  # as the page has them filled in


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        if self._form is None:
            return
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "input" and name:
            if given.get("type") not in ("radio", "checkbox"):
                self._form.fields[name] = value
            elif "checked" in given:
                self._form.fields[name] = value or "on"
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in self._form.fields or "selected" in given):
            self._form.fields[self._select] = value
        elif tag == "textarea":
            self._textarea = name
            self._form.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.fields[self._textarea] += data.lstrip("\r\n")


class Visitor:
    def __init__(self, pages: str) -> None:
        """`pages`: where they are, like http://127.0.0.1:8000."""
        self.pages = pages
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.url = self.page = ""
        self.status = 0

    def go(self, path: str) -> str:
        return self._ask(urllib.request.Request(urllib.parse.urljoin(self.pages, path)))

    def submit(self, *, to: str = "", **given: str) -> str:
        """The page's own form (of several, the one `to` an address) with these answers; `__` stands for `-`."""
        forms = [form for form in self.forms() if form.method == "post" and "sign-out" not in form.action]
        form = next((form for form in forms if to in form.action), None)
        assert form, f"no form to {to or 'submit'} on {self.url}: {self.text}"
        answers = form.fields | {name.replace("__", "-"): value for name, value in given.items()}
        url = urllib.parse.urljoin(self.url, form.action or self.url)
        return self._ask(
            urllib.request.Request(url, urllib.parse.urlencode(answers).encode(), headers={"Referer": self.url})
        )

    def forms(self) -> list[Form]:
        reader = _Reader()
        reader.feed(self.page)
        return reader.forms

    @property
    def text(self) -> str:
        """What stands on the page, without its tags."""
        body = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]+>", " ", self.page)
        return " ".join(body.split())

    def rows(self) -> list[str]:
        """The rows of the page's tables, without their tags."""
        rows = re.findall(r"(?s)<tr\b.*?</tr>", self.page)
        return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return self._take(answer.status, answer.url, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return self._take(refusal.code, refusal.url or "", refusal.read())

    def _take(self, status: int, url: str, body: bytes) -> str:
        self.status, self.url, self.page = status, url, body.decode("utf-8", "replace")
        return self.page


PASSWORD = "slate-and-heather-on-the-fell"  # noqa: S105 - of a school that lives for one test
ZONES = {
    "zone__0__addresses": "10.1.0.0/16",
    "zone__1__addresses": "10.3.0.0/16",
    "zone__2__addresses": "10.2.0.0/16",
    "zone__3__addresses": "10.4.0.0/16",
}


def set_up(pages: str, *, school: str = "Fellside Primary School", short: str = "Fellside") -> Visitor:
    """The wizard, answered to its end; gives the technician, signed in. This machine is in Key Stage 2."""
    you = Visitor(pages)
    you.go("/set-up/school/")
    you.submit(name=school, short_name=short, own_sites="www.fellside.example")
    you.submit()  # the usual terms
    you.submit(given_names="Helen", family_name="Marsh", email="head@fellside.example")
    you.submit(who="other", given_names="Colin", family_name="Reed", email="coordinator@fellside.example")
    you.submit(who="head")
    technician = {"given_names": "Tess", "family_name": "Wall", "email": "tess@fellside.example"}
    you.submit(**technician, password=PASSWORD, password_again=PASSWORD)
    you.submit(**ZONES, this_machine="on")
    assert you.url.endswith("/set-up/check/"), f"the wizard stopped at {you.url}: {you.text}"
    you.submit()
    assert you.url.endswith("/set-up/done/"), f"the wizard stopped at {you.url}: {you.text}"
    second_step(you)
    return you


def second_step(you: Visitor) -> None:
    """Two-step sign-in by an app, which the technician's role needs."""
    you.go("/account/two-step/app/")
    secret = re.search(r'id="secret">([A-Z2-7]+)<', you.page)
    assert secret, you.text
    you.submit(to="two-step/app", code=code_now(secret[1]))
    assert you.url.endswith("/recovery/"), you.text


def add_rule(you: Visitor, action: str, site: str) -> None:
    """For everyone at the school, at all times; in force when it is published."""
    you.go("/filtering/rules/add/")
    given = {"action": action, "kind": "site", "site": site, "level": "school", "timing": "always"}
    you.submit(**given, reason="Tried in a test")
    you.submit(confirm="yes")
    assert "It comes into force when you publish" in you.text, you.text


def publish(you: Visitor) -> None:
    """Asks for it; the worker does it in its own time."""
    you.go("/filtering/publish/")
    you.submit(note="Tried in a test")
    assert "/filtering/publications/" in you.url, you.text
