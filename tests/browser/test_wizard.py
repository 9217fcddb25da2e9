"""The technician's first ten minutes, in a real browser: with scripts, and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.wizard import Wizard

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def on_a_phone_without_scripts(chromium):
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_wizard_corrects_and_completes_without_a_script_on_a_phone(web, on_a_phone_without_scripts):
    page = on_a_phone_without_scripts
    # Given somebody at this machine who has just started Drystone
    wizard = Wizard(page, web.address)
    wizard.start()
    # When she leaves out the name, she is told, and can go on
    wizard.press("Continue")
    expect(page.get_by_role("alert")).to_contain_text("Enter the name of the school")
    wizard.school()
    # And when terms overlap, she is told which
    wizard.fill(term1_starts="1", term1_starts_month="11", term1_starts_year=page.input_value("#id_term0_ends_year"))
    wizard.press("Continue")
    expect(page.get_by_role("alert")).to_contain_text("Spring term starts before Autumn term ends")
    page.goto(f"{web.address}/set-up/terms/")
    wizard.terms()
    wizard.head()
    wizard.coordinator()
    wizard.safeguarding()
    wizard.you()
    # And when two zones share addresses, both are named; a row can be taken away again
    page.get_by_role("button", name="Add another zone").click()
    wizard.page.fill("#id_zone-4-name", "Library")
    wizard.page.fill("#id_zone-4-addresses", "10.1.7.0/24")
    wizard.press("Continue")
    expect(page.get_by_role("alert")).to_contain_text("10.1.7.0/24 of “Library” overlaps 10.1.0.0/16 of “ICT suite”")
    page.get_by_role("button", name="Remove zone 5").click()
    wizard.zones()
    # Then all she said is there to be checked, and changed
    expect(page.get_by_role("main")).to_contain_text("Tom Birkett")
    page.get_by_role("link", name="Change head teacher").click()
    wizard.person("Helena", "Marsh", "head@fellside.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    wizard.press("Save and start the filter")
    # And the filter is at work, and she is signed in; her role needs a second step before it opens more
    expect(page.get_by_role("heading", level=1)).to_have_text("Your filter is at work")
    assert (web.home.here / "current" / "manifest.json").is_file()
    page.get_by_role("link", name="Set up two-step sign-in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your role needs two-step sign-in")
    wizard.second_step()
    page.goto(f"{web.address}/set-up/done/")
    expect(page.get_by_role("main")).not_to_contain_text("two-step")
    page.get_by_role("link", name="Show and print the letters").or_(
        page.get_by_role("button", name="Show and print the letters")
    ).first.click()
    letter = page.locator(".ds-letter", has_text="Helena Marsh")
    code = letter.locator(".ds-letter__code").inner_text()
    # When the head gets her letter
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    page.goto(f"{web.address}/account/first-time/")
    wizard.fill(
        email="head@fellside.example", code=code, password="another three words", password_again="another three words"
    )
    wizard.press("Set my password")
    # Then she is in, and after her own second step as the head teacher
    wizard.second_step()
    page.get_by_role("link", name="I have kept them: go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What needs you today")
    expect(page.get_by_role("main")).to_contain_text("head teacher")
    # And the wizard is closed
    page.goto(f"{web.address}/set-up/")
    expect(page.get_by_role("heading", level=1)).to_have_text("What needs you today")
