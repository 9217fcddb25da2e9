"""P35: many sites at once: each line read, doubles and conflicts named, what would change shown, one confirmation."""

import pytest
from django.urls import reverse

from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.rules import NewRule, RuleRefused, add_rule, add_rules
from drystone.registers.network.sites import MOST, read_sites
from drystone.registers.school.models import AuditEntry

PASTE = "/filtering/rules/paste/"


def form(sites, **changes):
    given = {"action": "block", "sites": sites, "level": "school", "timing": "always", "reason": "staff meeting"}
    return given | changes


@pytest.mark.parametrize(
    ("line", "sites"),
    [
        ("news.example", ["news.example"]),
        ("  https://News.Example/Sport?x=1#top ", ["news.example/Sport?x=1"]),
        ("0.0.0.0 ads.example", ["ads.example"]),
        ("||tracker.example^", ["tracker.example"]),
        ("*.games.example", ["games.example"]),
        ("a.example, b.example;c.example", ["a.example", "b.example", "c.example"]),
        ("- bullet.example", ["bullet.example"]),
        ('"quoted.example"', ["quoted.example"]),
        ("site.example # why it is here", ["site.example"]),
        ("203.0.113.7", ["203.0.113.7"]),
        ("# a remark", []),
        ("", []),
    ],
)
def test_lines_are_read_as_people_paste_them(line, sites):
    assert [each.site for each in read_sites(line)] == sites


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ftp://files.example", "no address of a web page"),
        ("games", "a word and no site"),
        ("not a site", "words on this line"),
        ("news.example:8080", "has a port"),
        ("me@news.example", "is not a site"),
        ("bad..example", "cannot be read"),
    ],
)
def test_a_line_that_is_no_site_says_why(line, why):
    (found,) = read_sites(line)
    assert found.site == ""
    assert why in found.trouble


def test_a_double_names_the_line_it_doubles():
    assert read_sites("a.example\n\nA.EXAMPLE")[1].trouble == "The same as on line 1."


def test_good_lines_become_rules_together_and_bad_ones_are_told_and_left_out(place, as_person):
    publish_first(place.school, place.head)
    client = as_person(place.technician)
    same = add_rule(
        school=place.school, by=place.head,
        asked=NewRule(RuleLevel.SCHOOL, Rule.Action.BLOCK, "site:known.example", "known"),
    )  # fmt: skip
    ks1 = NewRule(RuleLevel.GROUP, Rule.Action.ALLOW, "site:open.example", "yes", group=place.group("ks1"))
    add_rule(school=place.school, by=place.head, asked=ks1)
    sites = "one.example\nnot a site\nknown.example\nopen.example\nhttps://two.example/"
    text = client.post(PASTE, form(sites)).content.decode()
    assert "2 lines left out" in text
    assert reverse("network:rule", args=[same.pk]) in text
    assert "A rule goes before this one for Key Stage 1: Allow open.example" in text
    assert "the answer changes for" in text
    assert Rule.objects.filter(batch="").count() == Rule.objects.count()
    done = client.post(PASTE, form(sites, confirm="yes"))
    made = Rule.objects.exclude(batch="")
    assert {rule.value for rule in made} == {"one.example", "open.example", "two.example"}
    assert len({rule.batch for rule in made}) == 1
    assert done.url.endswith(f"?batch={made[0].batch}")
    assert AuditEntry.objects.get(verb="add_filter_rules").after["target"] == [
        "site:one.example", "site:open.example", "site:two.example",
    ]  # fmt: skip


def test_a_paste_is_undone_whole(place, as_person):
    client = as_person(place.head)
    done = client.post(PASTE, form("a.example\nb.example", confirm="yes"))
    page = client.get(done.url).content.decode()
    batch = Rule.objects.first().batch
    assert f"{reverse('network:withdraw_rules')}?batch={batch}" in page
    asked = client.get(reverse("network:withdraw_rules"), {"batch": batch}).content.decode()
    assert "Withdraw 2 rules?" in asked
    assert client.post(reverse("network:withdraw_rules"), {"batch": batch, "reason": " "}).status_code == 422
    client.post(reverse("network:withdraw_rules"), {"batch": batch, "reason": "wrong list"})
    assert not Rule.objects.standing().exists()


def test_rules_that_are_ticked_are_withdrawn_together(place, other, as_person):
    asked = [NewRule(RuleLevel.SCHOOL, Rule.Action.BLOCK, f"site:{name}.example", "x") for name in "abc"]
    add_rules(school=place.school, by=place.head, asked=asked)
    theirs = add_rule(school=other.school, by=other.head, asked=asked[0])
    first, second, _ = Rule.objects.filter(school=place.school).order_by("pk")
    numbers = [first.pk, second.pk, theirs.pk]
    client = as_person(place.head)
    client.post(reverse("network:withdraw_rules"), {"rule": numbers, "reason": "over"})
    assert [rule.value for rule in Rule.objects.filter(school=place.school).standing()] == ["c.example"]
    assert Rule.objects.get(pk=theirs.pk).standing
    assert client.get(reverse("network:withdraw_rules"), {"rule": "x"}).status_code == 404


def test_opening_a_site_of_a_mandatory_list_is_refused_on_record_line_by_line(place, as_person):
    sites = "illegal.drystone.test\nfine.example"
    client = as_person(place.head)
    text = client.post(PASTE, form(sites, action="allow", confirm="yes"), follow=True).content.decode()
    assert "1 rule is added" in text
    assert [rule.value for rule in Rule.objects.all()] == ["fine.example"]
    assert AuditEntry.objects.filter(verb="refused_filter_rule").exists()


def test_all_or_none_of_many_rules_are_added(place):
    good = NewRule(RuleLevel.SCHOOL, Rule.Action.BLOCK, "site:a.example", "x")
    bad = NewRule(RuleLevel.SCHOOL, Rule.Action.BLOCK, "site:..", "x")
    with pytest.raises(RuleRefused):
        add_rules(school=place.school, by=place.head, asked=[good, bad])
    assert not Rule.objects.exists()


def test_too_many_and_none_are_refused(place, as_person):
    client = as_person(place.head)
    many = "\n".join(f"s{number}.example" for number in range(MOST + 1))
    assert "at most at once" in client.post(PASTE, form(many)).content.decode()
    assert "There is no site in this" in client.post(PASTE, form("# nothing")).content.decode()


def test_the_list_for_key_stage_1_is_offered_and_every_line_of_it_is_a_site(place, as_person):
    text = as_person(place.head).get(PASTE, {"suggestion": "ks1"}).content.decode()
    assert "phonicsplay.co.uk" in text
    sites = text[text.index("<textarea") : text.index("</textarea>")].partition(">")[2]
    assert [each for each in read_sites(sites) if each.trouble] == []


def test_a_teacher_cannot_paste(place, as_person):
    assert as_person(place.teacher).post(PASTE, form("a.example", confirm="yes")).status_code == 403
    assert not Rule.objects.exists()
