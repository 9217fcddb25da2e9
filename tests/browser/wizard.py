"""The set-up wizard as somebody at a keyboard goes through it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.totp import code_now

PASSWORD = "three random words"
TECHNICIAN = "tech@fellside.example"


class Wizard:
    """One method a question; each ends by pressing Continue."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.secret = page, address, ""

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).last.click()

    def fill(self, **boxes: str) -> None:
        for box, text in boxes.items():
            self.page.fill(f"#id_{box}", text)

    def person(self, given: str, family: str, email: str) -> None:
        self.fill(given_names=given, family_name=family, email=email)
        self.press("Continue")

    def start(self) -> None:
        self.page.goto(f"{self.address}/")
        self.page.get_by_role("button", name="Start").or_(self.page.get_by_text("Start", exact=True)).first.click()

    def school(self, name: str = "Fellside Primary School", short: str = "Fellside") -> None:
        self.fill(name=name, short_name=short, own_sites="www.fellside.example")
        self.press("Continue")

    def terms(self) -> None:
        self.press("Continue")

    def head(self) -> None:
        self.person("Helen", "Marsh", "head@fellside.example")

    def coordinator(self) -> None:
        self.page.get_by_label("Somebody else").check()
        self.person("Tom", "Birkett", "tom@fellside.example")

    def safeguarding(self) -> None:
        self.page.get_by_label("Helen Marsh, the head teacher").check()
        self.press("Continue")

    def you(self) -> None:
        self.fill(password=PASSWORD, password_again=PASSWORD)
        self.person("Ada", "Tyson", TECHNICIAN)

    def zones(self) -> None:
        self.press("Continue")

    def second_step(self) -> str:
        """Two-step sign-in by an app, which the technician's role needs; gives the app's secret."""
        self.page.goto(f"{self.address}/account/two-step/app/")
        secret = self.page.locator("#secret").inner_text()
        self.fill(code=code_now(secret))
        self.press("Turn on")
        return secret

    def everything(self) -> None:
        for question in ("start", "school", "terms", "head", "coordinator", "safeguarding", "you", "zones"):
            getattr(self, question)()
        self.press("Save and start the filter")
        self.secret = self.second_step()
